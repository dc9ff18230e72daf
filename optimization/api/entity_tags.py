"""Answers that a client may keep for as long as a tag says that nothing changed."""

from django.utils.http import parse_etags
from rest_framework.request import Request


def version_tag(version: int) -> str:
    """Weak: equal versions mean the same session state, not the same bytes."""
    return f'W/"{version}"'


def client_has(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this tag, by the weak comparison that RFC 9110 asks for."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or tag.removeprefix("W/") in {k.removeprefix("W/") for k in known}
