"""Errors as RFC 9457 problems: what went wrong, in words for people and a code for programs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Any, Literal

from optimization.api.json_pointer import dotted_path, pointer, pointer_of
from optimization.api.strict_json import RefusedJson
from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.named_errors import error_name

MEDIA_TYPE = "application/problem+json"
# An answer lists no more faults than this, however many a hostile body has.
MOST_ERRORS_LISTED = 100

# The codes of problems that say no more than their HTTP status does.
CODE_OF_STATUS = {
    400: "malformed-request",
    401: "not-authenticated",
    403: "permission-denied",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    411: "length-required",
    413: "body-too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    500: "internal-error",
    503: "temporarily-unavailable",
}
# The codes of problems with a meaning of their own, and what each kind of them is called.
TITLE_OF_CODE = {
    "invalid-input": "The input breaks a rule",
    "invalid-idempotency-key": "The Idempotency-Key header is not usable",
    "idempotency-key-reused": "The Idempotency-Key was used for another request",
    "idempotency-key-in-use": "A request with this Idempotency-Key is still running",
    "not-ready": "The result is not ready",
    "session-failed": "The session failed",
    "session-cancelled": "The session was cancelled",
    "session-ended": "The session has ended",
    "session-unfinished": "The session has not ended",
    "request-outdated": "The request no longer fits its fund",
}


@dataclass(frozen=True, slots=True)
class ProblemError:
    """One fault; ``at`` is a JSON pointer, or the name of a query parameter or header."""

    place: Literal["pointer", "parameter", "header"]
    at: str
    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        name = error_name(path=self.at, code=self.code)
        named = {"name": name} if name else {}
        return {self.place: self.at, "code": self.code, **named, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    code: str
    title: str
    detail: str
    errors: tuple[ProblemError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """An identifier, not an address; RFC 9457 reserves about:blank for plain HTTP statuses."""
        if self.code in TITLE_OF_CODE:
            return f"urn:keel:problem:{self.code}"
        return "about:blank"

    def as_json(self, *, instance: str, request_id: str) -> dict[str, Any]:
        return {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "errors": [error.as_json() for error in self.errors],
            "request_id": request_id,
        }


class ProblemRaised(Exception):
    """Ends the handling of a request with ``problem`` as its answer."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.detail)


def plain_problem(
    status: int,
    *,
    detail: str,
    errors: Iterable[ProblemError] = (),
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """A problem that says no more than its HTTP status does."""
    code = CODE_OF_STATUS.get(status, f"http-{status}")
    title = HTTPStatus(status).phrase
    return Problem(status, code, title, detail, tuple(errors), headers or {})


def problem(
    status: int,
    code: str,
    *,
    detail: str,
    errors: Iterable[ProblemError] = (),
    headers: Mapping[str, str] | None = None,
) -> ProblemRaised:
    """The exception to raise for a problem with a meaning of its own."""
    return ProblemRaised(
        Problem(status, code, TITLE_OF_CODE[code], detail, tuple(errors), headers or {})
    )


def invalid_body(faults: InvalidInput, *, document: object) -> ProblemRaised:
    """Each fault gets a pointer into ``document``, the body itself."""
    return _invalid_input(body_errors(faults, document=document), found=len(faults.faults))


def invalid_query(faults: InvalidInput) -> ProblemRaised:
    errors = (
        ProblemError("parameter", fault.path, fault.code, str(fault)) for fault in faults.faults
    )
    return _invalid_input(errors, found=len(faults.faults))


def refused_json(error: RefusedJson) -> ProblemRaised:
    errors = (
        ProblemError(
            "pointer",
            pointer(refused.path),
            refused.code,
            f"{dotted_path(refused.path)}: {refused.message}",
        )
        for refused in error.refused
    )
    return _invalid_input(errors, found=len(error.refused))


def body_errors(faults: InvalidInput, *, document: object) -> Iterator[ProblemError]:
    for fault in faults.faults[:MOST_ERRORS_LISTED]:
        at = pointer_of(fault.path, document=document)
        yield ProblemError("pointer", at, fault.code, str(fault))


def _invalid_input(errors: Iterable[ProblemError], *, found: int) -> ProblemRaised:
    were_found = "1 fault was" if found == 1 else f"{found} faults were"
    listed = f" The first {MOST_ERRORS_LISTED} are listed." if found > MOST_ERRORS_LISTED else ""
    return problem(
        400,
        "invalid-input",
        detail=f"{were_found} found; nothing was done.{listed}",
        errors=islice(errors, MOST_ERRORS_LISTED),
    )
