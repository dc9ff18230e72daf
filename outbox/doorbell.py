"""Wakes the drainer as soon as a transaction that added jobs has committed.

Only an accelerator: beat drains every second anyway, so a bell that does not ring costs at most
that second. It must never fail or slow the request that rings it.
"""

from celery import current_app
from django.db import transaction

RING_TIMEOUT_SECONDS = 0.5


def ring_on_commit() -> None:
    # robust: Django logs what ring() raises and goes on.
    transaction.on_commit(ring, robust=True)


def ring() -> None:
    with current_app.connection_for_write() as connection:
        connection.transport_options = {
            **(connection.transport_options or {}),
            "socket_timeout": RING_TIMEOUT_SECONDS,
            "socket_connect_timeout": RING_TIMEOUT_SECONDS,
            # One call and no other: each would cost the request another timeout.
            "max_retries": 0,
            "retry_on_timeout": False,
        }
        current_app.send_task(
            "outbox.drain", queue="control", expires=5, retry=False, connection=connection
        )
