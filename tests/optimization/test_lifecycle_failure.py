"""A job that ends without success ends every session that hangs on it, and says why."""

import pytest

from funds.models import Fund
from optimization import lifecycle
from outbox import reaper
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from tests.optimization.rows import Status, columns
from tests.optimization.work import do, fail, jobs_of, matrix_of, optimizing, publish, take, waiting
from tests.outbox.jobs import lapse

pytestmark = pytest.mark.django_db

REASON = "There is no paper. Buy some."


def test_failed_matrix_job_fails_every_waiting_session_with_its_reason(fund: Fund) -> None:
    sessions = [waiting(fund) for _ in range(3)]
    fail(matrix_of(sessions[0]), reason=REASON)
    for session in sessions:
        session.refresh_from_db()
        assert (session.status, session.failure_reason) == (Status.FAILED, REASON)
        assert session.finished_at is not None


def test_failed_matrix_says_why_as_well(fund: Fund) -> None:
    matrix = matrix_of(waiting(fund))
    fail(matrix, reason=REASON)
    matrix.refresh_from_db()
    assert (matrix.status, matrix.failure_reason) == (ScenarioMatrix.Status.FAILED, REASON)


def test_failed_matrix_job_touches_no_session_that_waits_for_another_matrix(fund: Fund) -> None:
    session = waiting(fund)
    other = waiting(fund, seed="other")
    before = columns(other)
    fail(matrix_of(session), reason=REASON)
    assert columns(other) == before


def test_failed_matrix_job_leaves_a_cancelled_session_cancelled(fund: Fund) -> None:
    session = waiting(fund)
    lifecycle.cancel_session(session)
    before = columns(session)
    fail(matrix_of(session), reason=REASON)
    assert columns(session) == before


def test_staff_find_the_traceback_in_the_session_and_the_analyst_does_not(fund: Fund) -> None:
    session = optimizing(fund)
    fail(session, reason=REASON)
    session.refresh_from_db()
    assert session.failure_traceback == "the traceback"
    assert "traceback" not in session.failure_reason


def test_failed_optimization_job_fails_its_session(fund: Fund) -> None:
    session = optimizing(fund)
    fail(session, reason=REASON)
    session.refresh_from_db()
    assert (session.status, session.failure_reason) == (Status.FAILED, REASON)
    assert jobs_of(session) == [OutboxJob.Status.FAILED]


def test_failed_optimization_job_leaves_the_matrix_to_others(fund: Fund) -> None:
    session = optimizing(fund)
    fail(session, reason=REASON)
    assert matrix_of(session).status == ScenarioMatrix.Status.COMPLETE


def test_failed_validation_job_fails_its_session_but_keeps_the_allocation(fund: Fund) -> None:
    session = optimizing(fund)
    do(session)
    fail(session, reason=REASON)
    session.refresh_from_db()
    assert (session.status, session.failure_reason) == (Status.FAILED, REASON)
    assert session.allocation is not None


def test_worker_that_keeps_dying_fails_the_session_in_readable_words(fund: Fund) -> None:
    session = optimizing(fund)
    for _death in range(2):
        take(session)
        lapse(OutboxJob.objects.live().get(subject_id=str(session.pk)))
        assert reaper.reap() == 1
    session.refresh_from_db()
    assert session.status == Status.FAILED
    assert "The worker died 2 times" in session.failure_reason


def test_worker_that_dies_once_fails_no_session(fund: Fund) -> None:
    session = optimizing(fund)
    take(session)
    lapse(OutboxJob.objects.live().get(subject_id=str(session.pk)))
    reaper.reap()
    session.refresh_from_db()
    assert (session.status, jobs_of(session)) == (Status.OPTIMIZING, [OutboxJob.Status.PENDING])


def test_generation_job_of_a_matrix_that_is_complete_can_end_in_failure(fund: Fund) -> None:
    """A superfluous job must not be stuck for ever because its matrix needs nothing from it."""
    session = optimizing(fund)
    matrix = matrix_of(session)
    job = OutboxJob.objects.get(subject_id=str(matrix.pk))
    job.pk, job.job_id = None, "0d6cbb50-4be2-4d0c-8d9f-2f7d1f6d6d5e"
    job.status, job.finished_at = OutboxJob.Status.PENDING, None
    job.save()
    publish(job)
    fail(matrix, reason=REASON)
    matrix.refresh_from_db()
    session.refresh_from_db()
    assert matrix.status == ScenarioMatrix.Status.COMPLETE
    assert session.status == Status.OPTIMIZING
    assert jobs_of(matrix) == [OutboxJob.Status.DONE, OutboxJob.Status.FAILED]
