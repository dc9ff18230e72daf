"""Jobs whose holder has gone quiet are taken back; jobs that cannot be helped are ended."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from outbox import reaper, relay
from outbox.models import OutboxJob
from tests.outbox.jobs import (
    Status,
    columns,
    database_now,
    lapse,
    make_job,
    make_lapsed_job,
    reread,
    start_new_job,
)
from tests.outbox.owners import OwnerRefused, reports_about
from tests.outbox.threads import PATIENCE_SECONDS, at_once, background

pytestmark = pytest.mark.django_db


def wait_seconds(job: OutboxJob) -> float:
    return (reread(job).next_run_at - database_now()).total_seconds()


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.ENQUEUED])
def test_job_that_no_worker_started_is_due_again_at_once(status: str) -> None:
    job = make_lapsed_job(status=status)
    assert reaper.reap() == 1
    job = reread(job)
    assert (job.status, job.lease_expires_at) == (Status.PENDING, None)
    assert wait_seconds(job) <= 0


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.ENQUEUED])
def test_lost_message_counts_neither_as_an_attempt_nor_as_a_crash(status: str) -> None:
    job = make_lapsed_job(status=status, attempts=1, crashes=1)
    reaper.reap()
    job = reread(job)
    assert (job.attempts, job.crashes, job.rescues) == (1, 1, 1)


def test_job_whose_message_is_lost_again_and_again_never_fails() -> None:
    job = make_lapsed_job(status=Status.ENQUEUED, attempts=2, crashes=1, rescues=1000)
    reaper.reap()
    assert reread(job).status == Status.PENDING


def test_job_whose_worker_died_waits_five_seconds() -> None:
    job = make_lapsed_job(status=Status.RUNNING)
    assert reaper.reap() == 1
    assert (reread(job).status, reread(job).crashes) == (Status.PENDING, 1)
    assert 4 < wait_seconds(job) <= 5


def test_job_whose_second_worker_died_waits_four_times_as_long() -> None:
    job = make_lapsed_job(status=Status.RUNNING, crashes=1, max_crashes=3)
    reaper.reap()
    assert (reread(job).status, reread(job).crashes) == (Status.PENDING, 2)
    assert 19 < wait_seconds(job) <= 20


@pytest.mark.parametrize("status", OutboxJob.LEASED)
def test_taking_a_job_back_locks_out_its_holder(status: str) -> None:
    job = make_lapsed_job(status=status, lease_token=7)
    reaper.reap()
    assert reread(job).lease_token == 8


@pytest.mark.parametrize("status", OutboxJob.LEASED)
def test_job_within_its_lease_is_left_alone(status: str) -> None:
    job = make_job(status=status)
    before = columns(job)
    assert reaper.reap() == 0
    assert columns(job) == before


@pytest.mark.parametrize("status", [Status.PENDING, *OutboxJob.ENDED])
def test_job_that_nobody_holds_is_left_alone(status: str) -> None:
    job = make_job(status=status, started_at=Now() - timedelta(days=1))
    before = columns(job)
    assert reaper.reap() == 0
    assert columns(job) == before


def test_every_lapsed_job_is_taken_back() -> None:
    for status in OutboxJob.LEASED:
        make_lapsed_job(status=status)
    assert reaper.reap() == 3
    assert OutboxJob.objects.filter(status=Status.PENDING).count() == 3


def test_job_taken_back_is_drained_again() -> None:
    job = make_lapsed_job(status=Status.ENQUEUED)
    reaper.reap()
    OutboxJob.objects.update(next_run_at=job.next_run_at)
    assert relay.drain_once() == 1


def test_job_that_keeps_killing_its_worker_fails() -> None:
    job = make_lapsed_job(status=Status.RUNNING, crashes=1, max_crashes=2)
    assert reaper.reap() == 1
    job = reread(job)
    assert (job.status, job.crashes, job.lease_expires_at) == (Status.FAILED, 2, None)
    assert job.error_class == "worker_died"
    assert job.error_reason.startswith("The worker died 2 times while it ran this step")
    assert job.finished_at is not None


def test_job_whose_worker_died_in_its_last_attempt_fails() -> None:
    job = make_lapsed_job(status=Status.RUNNING, attempts=3, max_attempts=3)
    reaper.reap()
    assert (reread(job).status, reread(job).crashes) == (Status.FAILED, 1)


def test_owner_learns_why_the_job_failed() -> None:
    job = make_lapsed_job(status=Status.RUNNING, crashes=1)
    reaper.reap()
    (report,) = reports_about(job)
    assert (report.error_class, report.error_reason) == (
        "worker_died",
        reread(job).error_reason,
    )


def test_owner_is_not_told_of_a_job_that_is_tried_again() -> None:
    job = make_lapsed_job(status=Status.RUNNING)
    reaper.reap()
    assert not reports_about(job)


@pytest.mark.parametrize("kind", ["deaf", "meddled"])
def test_either_the_job_ends_and_its_owner_is_told_or_neither(kind: str) -> None:
    """The owner of a "deaf" raises; that of a "meddled" makes the end of the job raise."""
    job = make_lapsed_job(status=Status.RUNNING, crashes=1, kind=kind)
    before = columns(job)
    with pytest.raises(ExceptionGroup) as refusal:
        reaper.reap()
    assert refusal.group_contains((OwnerRefused, IntegrityError))
    assert columns(job) == before
    assert not reports_about(job)


def test_job_whose_owner_cannot_be_told_does_not_hold_up_the_others() -> None:
    make_lapsed_job(status=Status.RUNNING, crashes=1, kind="deaf")
    other = make_lapsed_job(status=Status.RUNNING, kind="count")
    with pytest.raises(ExceptionGroup):
        reaper.reap()
    assert reread(other).status == Status.PENDING


def test_job_that_runs_past_its_deadline_fails_although_its_worker_lives(
    settings: Settings,
) -> None:
    settings.OUTBOX_JOB_DEADLINE_SECONDS = 900
    job = make_job(status=Status.RUNNING, started_at=Now() - timedelta(seconds=901))
    assert reaper.reap() == 1
    job = reread(job)
    assert (job.status, job.error_class, job.crashes) == (Status.FAILED, "deadline", 0)
    assert job.error_reason.startswith("This step ran for more than 15 minutes")
    assert len(reports_about(job)) == 1


def test_job_that_runs_within_its_deadline_is_left_alone(settings: Settings) -> None:
    settings.OUTBOX_JOB_DEADLINE_SECONDS = 900
    job = make_job(status=Status.RUNNING, started_at=Now() - timedelta(seconds=890))
    assert reaper.reap() == 0
    assert reread(job).status == Status.RUNNING


def test_passed_deadline_locks_out_the_holder() -> None:
    job = make_job(status=Status.RUNNING, lease_token=7, started_at=Now() - timedelta(seconds=901))
    reaper.reap()
    assert reread(job).lease_token == 8


def test_deadline_of_a_lapsed_job_fails_it_rather_than_trying_again() -> None:
    job = make_lapsed_job(status=Status.RUNNING, started_at=Now() - timedelta(seconds=901))
    assert reaper.reap() == 1
    assert (reread(job).status, reread(job).error_class) == (Status.FAILED, "deadline")


@pytest.mark.django_db(transaction=True)
def test_two_reapers_at_once_take_a_job_back_once() -> None:
    job = make_lapsed_job(status=Status.RUNNING)
    assert sum(at_once([reaper.reap] * 4)) == 1
    assert (reread(job).status, reread(job).crashes, reread(job).rescues) == (
        Status.PENDING,
        1,
        1,
    )


@pytest.mark.django_db(transaction=True)
def test_job_that_is_just_being_finished_is_not_waited_for() -> None:
    job, lease = start_new_job()
    lapse(job)
    other = make_lapsed_job(status=Status.ENQUEUED)
    with background() as start, transaction.atomic():
        lease.finish()
        assert start(reaper.reap).result(PATIENCE_SECONDS) == 1
    assert (reread(job).status, reread(other).status) == (Status.DONE, Status.PENDING)
