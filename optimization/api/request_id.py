"""The id under which an answer and its log lines can be found."""

import re
import uuid

from django.http import HttpRequest

HEADER = "X-Request-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEPT_AS = "keel.request_id"


def request_id(request: HttpRequest) -> str:
    """The caller's id when it is harmless in a log line, else one made up once per request."""
    kept = request.META.get(_KEPT_AS)
    if kept is None:
        given = request.headers.get(HEADER, "")
        kept = given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        request.META[_KEPT_AS] = kept
    return str(kept)
