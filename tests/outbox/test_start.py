"""Starting a job: one holder at a time, and only of a job that waits to be run."""

import uuid

import pytest
from pytest_django import Settings

from outbox import relay
from outbox.leases import JobError, Lease
from outbox.models import OutboxJob
from tests.outbox.jobs import (
    Status,
    columns,
    database_now,
    make_job,
    make_lapsed_job,
    reread,
    started,
)
from tests.outbox.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.ENQUEUED])
def test_published_job_is_started(status: str) -> None:
    job = make_job(status=status)
    lease = Lease.start(job_id=str(job.job_id), owner="worker")
    assert lease is not None
    job = reread(job)
    assert (job.status, job.lease_owner, job.attempts) == (Status.RUNNING, "worker", 1)


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in (Status.PROCESSING, Status.ENQUEUED)]
)
def test_job_that_does_not_wait_to_be_run_is_not_started(status: str) -> None:
    job = make_job(status=status)
    before = columns(job)
    assert Lease.start(job_id=str(job.job_id), owner="worker") is None
    assert columns(job) == before


def test_second_message_for_a_job_starts_nothing() -> None:
    job = make_job(status=Status.ENQUEUED)
    started(job, owner="first")
    before = columns(job)
    assert Lease.start(job_id=str(job.job_id), owner="second") is None
    assert columns(job) == before


def test_message_for_an_unknown_job_starts_nothing() -> None:
    make_job(status=Status.ENQUEUED)
    assert Lease.start(job_id=str(uuid.uuid4()), owner="worker") is None
    assert not OutboxJob.objects.filter(status=Status.RUNNING).exists()


def test_job_without_an_attempt_left_is_not_started() -> None:
    job = make_job(status=Status.ENQUEUED, attempts=3, max_attempts=3)
    assert Lease.start(job_id=str(job.job_id), owner="worker") is None


def test_job_with_one_attempt_left_is_started() -> None:
    job = make_job(status=Status.ENQUEUED, attempts=2, max_attempts=3)
    assert Lease.start(job_id=str(job.job_id), owner="worker") is not None


def test_lease_names_the_job_its_subject_and_its_token() -> None:
    job = make_job(status=Status.ENQUEUED, subject_id="a", lease_token=7)
    lease = started(job)
    assert (lease.job_id, lease.subject_id, lease.token) == (str(job.job_id), "a", 8)
    assert reread(job).lease_token == 8


def test_lease_of_a_new_job_is_not_lost() -> None:
    assert not started(make_job(status=Status.ENQUEUED)).is_lost()


def test_lease_ends_one_lease_length_after_the_start(settings: Settings) -> None:
    settings.OUTBOX_LEASE_SECONDS = 40
    job = make_job(status=Status.ENQUEUED)
    earliest = database_now()
    started(job)
    latest = database_now()
    job = reread(job)
    assert job.started_at is not None
    assert job.lease_expires_at is not None
    assert earliest <= job.started_at <= latest
    assert job.heartbeat_at == job.started_at
    assert (job.lease_expires_at - job.started_at).total_seconds() == pytest.approx(40, abs=1e-3)


def test_message_that_came_late_still_starts_a_job_nobody_took_back() -> None:
    job = make_lapsed_job(status=Status.ENQUEUED)
    assert Lease.start(job_id=str(job.job_id), owner="worker") is not None


def test_token_rises_at_every_change_of_hands() -> None:
    """Claimed, started, given back, claimed, started: four acquisitions, even by one worker."""
    job = make_job()
    relay.drain_once()
    claimed = reread(job).lease_token
    first = started(job, owner="worker")
    first.give_up(JobError(error_class="E", reason="r", traceback="t"), permanent=False)
    OutboxJob.objects.update(next_run_at="2000-01-01T00:00Z")
    relay.drain_once()
    claimed_again = reread(job).lease_token
    second = started(job, owner="worker")
    assert claimed < first.token < claimed_again < second.token


@pytest.mark.django_db(transaction=True)
def test_ten_workers_at_once_get_one_lease() -> None:
    job_id = str(make_job(status=Status.ENQUEUED).job_id)
    leases = at_once([lambda: Lease.start(job_id=job_id, owner="worker")] * 10)
    assert sum(lease is not None for lease in leases) == 1
    assert OutboxJob.objects.get().attempts == 1
