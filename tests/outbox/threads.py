"""Work at the same time on several database connections."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection

Result = TypeVar("Result")

# Only reached when a test fails: long enough for a busy machine, short enough to wait for.
PATIENCE_SECONDS = 60.0


def at_once(works: list[Callable[[], Result]]) -> list[Result]:
    """Run each in its own thread and connection, all let loose together."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Result]) -> Result:
        start.wait(PATIENCE_SECONDS)
        return _closing_its_connection(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(PATIENCE_SECONDS) for future in [pool.submit(run, w) for w in works]]


@contextmanager
def background() -> "Iterator[Callable[[Callable[[], Any]], Future[Any]]]":
    """Gives a function that starts work in another thread and connection."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(_closing_its_connection, work)


def wait_until(claim: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def another_connection_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        # Inside a transaction the view would stay as it was at the first look.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        waiting: int = cursor.fetchone()[0]
    return waiting > 0


def cut_other_connections() -> int:
    """End every connection to this database but the caller's; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        ended: int = cursor.fetchone()[0]
    return ended


def _closing_its_connection(work: Callable[[], Result]) -> Result:
    try:
        return work()
    finally:
        connection.close()
