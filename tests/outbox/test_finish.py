"""The end of a job commits with its effect, and only in the hands of the current holder."""

import pytest
from django.db import transaction

from outbox import reaper
from outbox.leases import JobError, StaleLease
from outbox.models import OutboxJob
from tests.outbox.jobs import (
    Status,
    columns,
    database_now,
    effects,
    enqueue,
    finish_with_effect,
    lapse,
    make_job,
    reread,
    start_new_job,
    started,
)
from tests.outbox.threads import (
    PATIENCE_SECONDS,
    another_connection_waits_for_a_lock,
    background,
    wait_until,
)

pytestmark = pytest.mark.django_db

ERROR = JobError(error_class="E", reason="r", traceback="t")


def test_finished_job_is_done_and_leased_to_nobody() -> None:
    job, lease = start_new_job()
    earliest = database_now()
    lease.finish()
    latest = database_now()
    job = reread(job)
    assert (job.status, job.lease_expires_at) == (Status.DONE, None)
    assert job.finished_at is not None
    assert earliest <= job.finished_at <= latest


def test_effect_commits_with_the_end_of_the_job() -> None:
    job, lease = start_new_job()
    finish_with_effect(lease)
    assert (reread(job).status, effects()) == (Status.DONE, 1)


def test_effect_that_fails_leaves_the_job_running() -> None:
    job, lease = start_new_job()
    with transaction.atomic():
        lease.finish()
        transaction.set_rollback(True)
    assert reread(job).status == Status.RUNNING


def test_job_finishes_only_once() -> None:
    _job, lease = start_new_job()
    finish_with_effect(lease)
    with pytest.raises(StaleLease):
        finish_with_effect(lease)
    assert effects() == 1


def test_stale_holder_leaves_nothing_behind() -> None:
    """An effect written before the end is checked goes with it."""

    def finish_after_effect() -> None:
        with transaction.atomic():
            enqueue(lease.subject_id, kind="weigh")
            lease.finish()

    job, lease = start_new_job()
    lapse(job)
    reaper.reap()
    before = columns(job)
    with pytest.raises(StaleLease, match=f"job {job.job_id} is no longer held with token 1"):
        finish_after_effect()
    assert columns(job) == before
    assert effects() == 0


def test_reaped_holder_cannot_finish_while_another_runs_the_job() -> None:
    job, slow = start_new_job()
    lapse(job)
    reaper.reap()
    OutboxJob.objects.update(status=Status.ENQUEUED, lease_expires_at=database_now())
    other = started(job, owner="other")
    with pytest.raises(StaleLease):
        finish_with_effect(slow)
    finish_with_effect(other)
    assert (reread(job).status, effects()) == (Status.DONE, 1)


def test_worker_that_takes_its_own_job_again_holds_it_by_token_not_by_name() -> None:
    job, slow = start_new_job()
    lapse(job)
    reaper.reap()
    OutboxJob.objects.update(status=Status.ENQUEUED, lease_expires_at=database_now())
    started(job, owner=reread(job).lease_owner)
    with pytest.raises(StaleLease):
        finish_with_effect(slow)
    assert reread(job).status == Status.RUNNING


def test_cancelled_job_cannot_be_finished() -> None:
    job, lease = start_new_job()
    OutboxJob.objects.filter(pk=job.pk).cancel()
    with pytest.raises(StaleLease):
        finish_with_effect(lease)
    assert (reread(job).status, effects()) == (Status.CANCELLED, 0)


def test_job_given_back_cannot_be_finished() -> None:
    job, lease = start_new_job()
    lease.give_up(ERROR, permanent=False)
    with pytest.raises(StaleLease):
        finish_with_effect(lease)
    assert (reread(job).status, effects()) == (Status.PENDING, 0)


def test_late_holder_of_a_job_nobody_took_back_still_finishes() -> None:
    job, lease = start_new_job()
    lapse(job)
    finish_with_effect(lease)
    assert (reread(job).status, effects()) == (Status.DONE, 1)


def test_other_jobs_are_left_alone() -> None:
    other = make_job(status=Status.RUNNING, lease_token=1)
    _job, lease = start_new_job()
    assert lease.token == 1
    lease.finish()
    assert reread(other).status == Status.RUNNING


@pytest.mark.django_db(transaction=True)
def test_cancellation_that_waited_for_the_end_finds_the_job_done() -> None:
    job, lease = start_new_job()
    with background() as start:
        with transaction.atomic():
            lease.finish()
            cancelled = start(lambda: OutboxJob.objects.filter(pk=job.pk).cancel())
            wait_until(another_connection_waits_for_a_lock)
        assert cancelled.result(PATIENCE_SECONDS) == 0
    assert reread(job).status == Status.DONE


@pytest.mark.django_db(transaction=True)
def test_holder_that_waited_for_a_cancellation_finishes_nothing() -> None:
    job, lease = start_new_job()
    with background() as start:
        with transaction.atomic():
            OutboxJob.objects.filter(pk=job.pk).cancel()
            finished = start(lambda: finish_with_effect(lease))
            wait_until(another_connection_waits_for_a_lock)
        with pytest.raises(StaleLease):
            finished.result(PATIENCE_SECONDS)
    assert (reread(job).status, effects()) == (Status.CANCELLED, 0)
