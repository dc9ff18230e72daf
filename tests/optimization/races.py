"""Two transactions that meet at a lock, in a known order."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from tests.outbox.threads import (
    PATIENCE_SECONDS,
    another_connection_waits_for_a_lock,
    background,
    wait_until,
)


def first_and_then(first: Callable[[], Any], then: Callable[[], Any]) -> Any:
    """Commit what ``first`` does only when ``then``, on another connection, waits for it.

    Returns, or raises, what ``then`` does.
    """
    with background() as start:
        with transaction.atomic():
            first()
            answer = start(then)
            wait_until(another_connection_waits_for_a_lock)
        return answer.result(PATIENCE_SECONDS)
