"""All times are the database's: a machine whose own clock is wrong does nothing early or late."""

import datetime as datetime_module
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from outbox import reaper, relay, upkeep
from outbox.leases import JobError
from outbox.models import OutboxJob
from tests.outbox.jobs import (
    Status,
    columns,
    database_now,
    enqueue,
    make_job,
    reread,
    start_new_job,
)

pytestmark = pytest.mark.django_db

REAL_TIME = time.time


class CountsAsDatetime(type):
    """Times made by the real class are times of the wrong one, too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


@pytest.fixture(params=[-1, 1], ids=["an hour slow", "an hour fast"], autouse=True)
def wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """Python's clock, wherever it is read, is an hour off."""
    error = timedelta(hours=request.param)

    class WrongDatetime(datetime, metaclass=CountsAsDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(REAL_TIME() + error.total_seconds(), tz)

    monkeypatch.setattr(time, "time", lambda: REAL_TIME() + error.total_seconds())
    monkeypatch.setattr(datetime_module, "datetime", WrongDatetime)
    monkeypatch.setattr(timezone, "now", lambda: WrongDatetime.now(UTC))
    return error


def test_clock_of_these_tests_is_wrong(wrong_clock: timedelta) -> None:
    off_by = timezone.now() - database_now()
    # The machine's own clock and the database's are the same one here; a minute is generous.
    assert abs(off_by - wrong_clock) < timedelta(minutes=1)


def test_job_that_is_not_due_is_not_claimed() -> None:
    job = make_job(next_run_at=Now() + timedelta(minutes=30))
    assert relay.drain_once() == 0
    assert reread(job).status == Status.PENDING


def test_job_that_is_due_is_claimed() -> None:
    make_job(next_run_at=Now() - timedelta(minutes=30))
    assert relay.drain_once() == 1


def test_job_within_its_lease_is_not_reaped() -> None:
    job = make_job(status=Status.RUNNING, lease_expires_at=Now() + timedelta(minutes=30))
    before = columns(job)
    assert reaper.reap() == 0
    assert columns(job) == before


def test_lapsed_job_is_reaped() -> None:
    make_job(status=Status.RUNNING, lease_expires_at=Now() - timedelta(minutes=30))
    assert reaper.reap() == 1


def test_job_before_its_deadline_goes_on() -> None:
    make_job(status=Status.RUNNING, started_at=Now() - timedelta(minutes=5))
    assert reaper.reap() == 0


def test_ended_job_is_pruned_on_time() -> None:
    make_job(status=Status.DONE, finished_at=Now() - timedelta(days=7, minutes=30))
    kept = make_job(status=Status.DONE, finished_at=Now() - timedelta(days=7, minutes=-30))
    upkeep.prune()
    assert OutboxJob.objects.get() == kept


def test_every_time_that_is_written_is_the_databases() -> None:
    """Of a job that is enqueued, drained, started, given back; and of one that is finished."""
    earliest = database_now() - timedelta(minutes=1)
    enqueue("a")
    OutboxJob.objects.update(next_run_at=earliest)
    relay.drain_once()
    _job, lease = start_new_job()
    lease.give_up(JobError(error_class="E", reason="r", traceback="t"), permanent=False)
    _job, lease = start_new_job()
    lease.finish()
    latest = database_now() + timedelta(minutes=2)
    times = [
        moment
        for row in OutboxJob.objects.values()
        for moment in row.values()
        if isinstance(moment, datetime)
    ]
    # Three rows: created_at and next_run_at each; then processing, enqueued and lease of the
    # first, started and heartbeat of the second, started, heartbeat and finished of the third.
    assert len(times) == 6 + 3 + 2 + 3
    assert all(earliest <= moment <= latest for moment in times)
