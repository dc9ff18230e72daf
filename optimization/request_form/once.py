"""Requests from the form, of which a second click on the button makes no second session.

Each form carries a token. The same token with the same request is the same click, or a page sent
again; a form that was changed meanwhile is another request.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from funds.models import User
from optimization.models import IdempotentResponse, OptimizationSession
from optimization.repeats import forget_old_answers, pass_one_by_one
from optimization.request.checked_request import OptimizationRequest

TOKEN_FIELD = "form_token"  # noqa: S105 the name of a field, no secret
_TOKEN = re.compile("[0-9a-f]{32}")


def new_token() -> str:
    return secrets.token_hex(16)


@transaction.atomic
def session_once(
    *,
    user: User,
    token: str,
    request: OptimizationRequest,
    work: Callable[[], OptimizationSession],
) -> UUID:
    """The session that ``work`` makes, or that it made for this token and request before.

    A form without a proper token, which no page of the site sends, is not protected.
    """
    if not _TOKEN.fullmatch(token):
        return work().pk
    key = _key(token, request)
    pass_one_by_one(user=user, key=key)
    forget_old_answers(user)
    before = IdempotentResponse.objects.filter(user=user, key=key).first()
    if before is not None:
        return UUID(json.loads(before.body)["id"])
    session = work()
    IdempotentResponse.objects.create(
        user=user,
        key=key,
        target="request form",
        body_sha256=_digest(request),
        status=201,
        body=json.dumps({"id": str(session.pk)}),
    )
    return session.pk


def _key(token: str, request: OptimizationRequest) -> str:
    """The blanks keep it apart from every key that a client of the API may send."""
    return f"form {token} {_digest(request)}"


def _digest(request: OptimizationRequest) -> str:
    canonical = json.dumps(request.as_json(), sort_keys=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
