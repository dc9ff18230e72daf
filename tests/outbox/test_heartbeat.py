"""A holder keeps its job by heartbeats, and learns from them that it lost the job."""

import threading
from datetime import datetime

import pytest
from django.db import OperationalError
from pytest_django import Settings

from outbox import reaper
from outbox.leases import LONGEST_HEARTBEAT_SECONDS, Lease
from outbox.models import OutboxJob
from tests.outbox.jobs import Status, columns, database_now, reread, start_new_job
from tests.outbox.threads import cut_other_connections, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

# Heartbeats come at a third of the lease: every 0.1 s.
SHORT_LEASE_SECONDS = 0.3

# For a lease that must not lapse: on a busy machine a heartbeat may come more than a second late.
SAFE_LEASE_SECONDS = 2.0


@pytest.fixture
def short_lease(settings: Settings) -> None:
    settings.OUTBOX_LEASE_SECONDS = SHORT_LEASE_SECONDS


@pytest.fixture
def safe_lease(settings: Settings) -> None:
    settings.OUTBOX_LEASE_SECONDS = SAFE_LEASE_SECONDS


def lease_end(job: OutboxJob) -> datetime:
    end = reread(job).lease_expires_at
    assert end is not None
    return end


def heartbeat_threads(lease: Lease) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if lease.job_id in thread.name]


@pytest.mark.usefixtures("short_lease")
def test_heartbeat_extends_the_lease() -> None:
    job, lease = start_new_job()
    end = lease_end(job)
    with lease.kept_alive():
        wait_until(lambda: lease_end(job) > end)
    assert not lease.is_lost()


@pytest.mark.usefixtures("short_lease")
def test_heartbeat_is_written_by_the_databases_clock() -> None:
    job, lease = start_new_job()
    start = database_now()
    with lease.kept_alive():
        wait_until(lambda: lease_end(job) > start)
        wait_until(lambda: (reread(job).heartbeat_at or start) > start)
    heartbeat = reread(job).heartbeat_at
    assert heartbeat is not None
    assert heartbeat <= database_now()
    assert (lease_end(job) - heartbeat).total_seconds() == pytest.approx(
        SHORT_LEASE_SECONDS, abs=1e-3
    )


@pytest.mark.usefixtures("safe_lease")
def test_job_that_runs_longer_than_its_lease_is_not_reaped() -> None:
    job, lease = start_new_job()
    end = lease_end(job)
    with lease.kept_alive():
        wait_until(lambda: database_now() > end)
        assert reaper.reap() == 0
        lease.finish()
    assert reread(job).status == Status.DONE


@pytest.mark.usefixtures("short_lease")
def test_no_heartbeat_is_sent_after_the_work() -> None:
    _job, lease = start_new_job()
    with lease.kept_alive():
        assert len(heartbeat_threads(lease)) == 1
    assert not heartbeat_threads(lease)


@pytest.mark.usefixtures("short_lease")
def test_heartbeat_changes_no_status_and_no_token() -> None:
    job, lease = start_new_job()
    before = columns(job)
    end = lease_end(job)
    with lease.kept_alive():
        wait_until(lambda: lease_end(job) > end)
    after = columns(job)
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"heartbeat_at", "lease_expires_at"}


def test_holder_of_a_cancelled_job_learns_of_it(settings: Settings) -> None:
    """With a long lease too, where a third of it would be far too late."""
    settings.OUTBOX_LEASE_SECONDS = 3600
    job, lease = start_new_job()
    with lease.kept_alive():
        OutboxJob.objects.filter(pk=job.pk).cancel()
        wait_until(lease.is_lost)


def test_holder_asks_every_two_seconds_whether_it_still_holds_the_job() -> None:
    assert LONGEST_HEARTBEAT_SECONDS <= 2


@pytest.mark.usefixtures("short_lease")
def test_holder_of_a_reaped_job_learns_of_it_and_does_not_take_it_back() -> None:
    job, lease = start_new_job()
    OutboxJob.objects.filter(pk=job.pk).update(lease_expires_at=database_now())
    reaper.reap()
    before = columns(job)
    with lease.kept_alive():
        wait_until(lease.is_lost)
    assert columns(job) == before


@pytest.mark.usefixtures("safe_lease")
def test_heartbeat_survives_a_cut_connection() -> None:
    job, lease = start_new_job()
    end = lease_end(job)
    with lease.kept_alive():
        wait_until(lambda: lease_end(job) > end)
        end = lease_end(job)
        assert cut_other_connections() == 1
        wait_until(lambda: lease_end(job) > end)
    assert not lease.is_lost()


@pytest.mark.usefixtures("short_lease")
def test_holder_that_cannot_reach_the_database_for_a_lease_has_lost_the_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By then the reaper may have given the job to another."""

    def out_of_reach(_lease: Lease) -> bool:
        raise OperationalError

    _job, lease = start_new_job()
    monkeypatch.setattr(Lease, "_extend", out_of_reach)
    with lease.kept_alive():
        wait_until(lease.is_lost)
