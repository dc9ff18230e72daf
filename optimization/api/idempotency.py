"""Requests that may be sent again without being done again: the Idempotency-Key header.

The answer is stored in the transaction that does the work, so a client that heard nothing, and
cannot know whether anything was done, sends the same request again and gets the same answer.
Only success is stored: a request that was refused did nothing and may be corrected.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from funds.models import User
from optimization.api.problems import ProblemError, ProblemRaised, problem
from optimization.models import IdempotentResponse
from optimization.repeats import forget_old_answers, pass_one_by_one

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
LONGEST_KEY = 255
_ACCEPTED = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request that did its work is answered with."""

    status: int
    location: str
    body: dict[str, Any]
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request under a key: the same user, key, target and body make the same request."""

    user: User
    key: str
    target: str
    body_sha256: str

    @classmethod
    def read(cls, *, user: User, key: str, target: str, body: object) -> "KeyedRequest":
        """
        :raises ProblemRaised: the key cannot be used
        """
        if not _ACCEPTED.fullmatch(key):
            rule = f"must be 1 to {LONGEST_KEY} visible ASCII characters without spaces"
            error = ProblemError("header", HEADER, "NOT_A_KEY", f"{HEADER}: {rule}")
            raise problem(400, "invalid-idempotency-key", detail=f"It {rule}.", errors=[error])
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return cls(user=user, key=key, target=target, body_sha256=digest)


@transaction.atomic
def answer_once(request: KeyedRequest, *, work: Callable[[], Answer]) -> Answer:
    """Do the work and store its answer, or give the answer stored before.

    :raises ProblemRaised: the key was used for another request, or is in use for too long
    """
    _wait_for_equal_requests(request)
    forget_old_answers(request.user)
    stored = IdempotentResponse.objects.filter(user=request.user, key=request.key).first()
    if stored is not None:
        return _replayed(stored, request)
    answer = work()
    IdempotentResponse.objects.create(
        user=request.user,
        key=request.key,
        target=request.target,
        body_sha256=request.body_sha256,
        status=answer.status,
        location=answer.location,
        body=json.dumps(answer.body, allow_nan=False),
    )
    return answer


def _replayed(stored: IdempotentResponse, request: KeyedRequest) -> Answer:
    if (stored.target, stored.body_sha256) != (request.target, request.body_sha256):
        raise problem(
            422,
            "idempotency-key-reused",
            detail=f"This key was used for {stored.target} with another body or address;"
            " a new request needs a new key.",
        )
    return Answer(
        status=stored.status,
        location=stored.location,
        body=json.loads(stored.body),
        is_replay=True,
    )


def _wait_for_equal_requests(request: KeyedRequest) -> None:
    try:
        pass_one_by_one(user=request.user, key=request.key)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise _in_use() from error
        raise


def _in_use() -> ProblemRaised:
    return problem(
        409,
        "idempotency-key-in-use",
        detail="The first request with this key has not been answered yet.",
        headers={"Retry-After": "1"},
    )
