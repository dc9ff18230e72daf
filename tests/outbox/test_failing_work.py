"""What becomes of a job whose work fails: tried again after a while, or failed for good."""

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from outbox import reaper
from outbox.leases import Lease
from outbox.models import OutboxJob
from outbox.running import INTERNAL_ERROR, PermanentFailure
from tests.outbox.jobs import (
    Status,
    database_now,
    effects,
    enqueue,
    finish_with_effect,
    lapse,
    make_job,
    reread,
)
from tests.outbox.owners import OwnerRefused, reports_about
from tests.outbox.threads import PATIENCE_SECONDS, background
from tests.outbox.work import OutOfInk, fail, fail_for_good, run

pytestmark = pytest.mark.django_db


def test_work_that_fails_is_tried_again() -> None:
    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(OutOfInk):
        run(job, fail)
    job = reread(job)
    assert (job.status, job.attempts, job.lease_expires_at) == (Status.PENDING, 1, None)
    assert not reports_about(job)


# 2 s after the first attempt and 4 s after the second, spread over 0.5 to 1.5 times.
@pytest.mark.parametrize(("attempts_before", "shortest", "longest"), [(0, 1, 3), (1, 2, 6)])
def test_wait_before_the_next_attempt_doubles(
    attempts_before: int, shortest: float, longest: float
) -> None:
    job = make_job(status=Status.ENQUEUED, attempts=attempts_before, max_attempts=9)
    earliest = database_now()
    with pytest.raises(OutOfInk):
        run(job, fail)
    latest = database_now()
    due = reread(job).next_run_at
    assert (due - earliest).total_seconds() >= shortest
    assert (due - latest).total_seconds() <= longest


def test_job_that_was_tried_again_succeeds() -> None:
    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(OutOfInk):
        run(job, fail)
    OutboxJob.objects.filter(pk=job.pk).update(
        status=Status.ENQUEUED, lease_expires_at=database_now()
    )
    run(job, finish_with_effect)
    assert (reread(job).status, reread(job).attempts, effects()) == (Status.DONE, 2, 1)


def test_staff_see_the_traceback_of_a_failed_attempt() -> None:
    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(OutOfInk):
        run(job, fail)
    job = reread(job)
    assert job.error_class == "tests.outbox.work.OutOfInk"
    assert "in fail" in job.error_traceback
    assert "OutOfInk: the pen is dry" in job.error_traceback


def test_analyst_sees_nothing_of_the_programs_error() -> None:
    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(OutOfInk):
        run(job, fail)
    assert reread(job).error_reason == INTERNAL_ERROR


def test_attempt_that_fails_leaves_no_effect() -> None:
    def fail_halfway(lease: Lease) -> None:
        with transaction.atomic():
            lease.finish()
            enqueue(lease.subject_id, kind="weigh")
            raise OutOfInk

    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(OutOfInk):
        run(job, fail_halfway)
    assert (reread(job).status, effects()) == (Status.PENDING, 0)


def test_last_attempt_that_fails_fails_the_job_and_tells_its_owner() -> None:
    job = make_job(status=Status.ENQUEUED, attempts=2, max_attempts=3)
    with pytest.raises(OutOfInk):
        run(job, fail)
    job = reread(job)
    assert (job.status, job.attempts, job.lease_expires_at) == (Status.FAILED, 3, None)
    (report,) = reports_about(job)
    assert (report.error_class, report.error_reason) == (job.error_class, INTERNAL_ERROR)


def test_failure_that_no_attempt_can_mend_fails_the_job_at_once() -> None:
    job = make_job(status=Status.ENQUEUED)
    run(job, fail_for_good)
    job = reread(job)
    assert (job.status, job.attempts) == (Status.FAILED, 1)
    (report,) = reports_about(job)
    assert report.error_reason == job.error_reason == "There is no paper. Buy some."
    assert "in fail_for_good" in job.error_traceback


def test_long_reason_is_cut_to_what_the_table_holds() -> None:
    def complain(_lease: Lease) -> None:
        raise PermanentFailure("x" * 5000)

    job = make_job(status=Status.ENQUEUED)
    run(job, complain)
    assert reread(job).error_reason == "x" * 4000


def test_error_text_that_the_database_cannot_hold_is_recorded_escaped() -> None:
    """PostgreSQL stores neither the zero character nor half a surrogate pair."""

    def complain(_lease: Lease) -> None:
        raise PermanentFailure("zero \x00, half \ud83d")

    job = make_job(status=Status.ENQUEUED)
    run(job, complain)
    job = reread(job)
    assert (job.status, job.error_reason) == (Status.FAILED, r"zero \x00, half \ud83d")


@pytest.mark.parametrize(("kind", "refusal"), [("deaf", OwnerRefused), ("meddled", IntegrityError)])
def test_either_the_job_fails_and_its_owner_is_told_or_neither(
    kind: str, refusal: type[Exception]
) -> None:
    """The job stays in the hands of its worker, so the reaper will come for it."""
    job = make_job(status=Status.ENQUEUED, kind=kind)
    with pytest.raises(refusal):
        run(job, fail_for_good)
    job = reread(job)
    assert (job.status, job.error_class) == (Status.RUNNING, "")
    assert not reports_about(job)


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), ExceptionGroup("several", [OutOfInk()]), TimeoutError()]
)
def test_any_other_error_is_tried_again(error: Exception) -> None:
    def fail_so(_lease: Lease) -> None:
        raise error

    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(type(error)):
        run(job, fail_so)
    assert reread(job).status == Status.PENDING


def test_want_of_memory_is_not_met_by_trying_again() -> None:
    def hoard(_lease: Lease) -> None:
        raise MemoryError

    job = make_job(status=Status.ENQUEUED)
    run(job, hoard)
    job = reread(job)
    assert (job.status, job.attempts) == (Status.FAILED, 1)
    assert "memory" in job.error_reason


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_worker_that_is_stopped_leaves_its_job_to_the_reaper(stop: type[BaseException]) -> None:
    def be_stopped(_lease: Lease) -> None:
        raise stop

    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(stop):
        run(job, be_stopped)
    assert reread(job).status == Status.RUNNING
    lapse(job)
    assert reaper.reap() == 1


@pytest.mark.django_db(transaction=True)
def test_work_whose_connection_was_cut_is_tried_again() -> None:
    """The worker's connection is dead when the error must be written down."""

    def cut_own_connection(_lease: Lease) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    job = make_job(status=Status.ENQUEUED)
    with background() as start:
        running = start(lambda: run(job, cut_own_connection))
        with pytest.raises(OperationalError, match="terminating connection"):
            running.result(PATIENCE_SECONDS)
    job = reread(job)
    assert (job.status, job.attempts) == (Status.PENDING, 1)
    assert "terminating connection" in job.error_traceback
