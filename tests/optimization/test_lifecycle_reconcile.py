"""Each way in which a session can be left without a job is found and repaired, and no other is."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from funds.models import Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from outbox import upkeep
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from tests.optimization.rows import Status, columns, insert_session
from tests.optimization.work import (
    GENERATION,
    OPTIMIZATION,
    VALIDATION,
    do,
    live_jobs_of,
    matrix_of,
    optimizing,
    publish,
    take,
    validating,
    waiting,
)

pytestmark = pytest.mark.django_db


def lose_all_jobs() -> None:
    OutboxJob.objects.all().delete()


def grow_old() -> None:
    OptimizationSession.objects.unfinished().update(updated_at=Now() - timedelta(seconds=61))


def test_optimizing_session_without_a_job_gets_one(fund: Fund) -> None:
    session = optimizing(fund)
    lose_all_jobs()
    grow_old()
    assert lifecycle.reconcile_sessions() == 1
    assert live_jobs_of(session) == [OPTIMIZATION]


def test_validating_session_without_a_job_gets_one(fund: Fund) -> None:
    session = validating(fund)
    lose_all_jobs()
    grow_old()
    assert lifecycle.reconcile_sessions() == 1
    assert live_jobs_of(session) == [VALIDATION]


def test_matrix_that_nobody_generates_gets_a_job(fund: Fund) -> None:
    matrix = matrix_of(waiting(fund))
    waiting(fund)
    lose_all_jobs()
    grow_old()
    assert lifecycle.reconcile_sessions() == 1
    assert live_jobs_of(matrix) == [GENERATION]


def test_session_that_slept_through_the_end_of_its_matrix_is_woken(fund: Fund) -> None:
    matrix = optimizing(fund).matrix
    late = insert_session(Status.MATRIX_GENERATING, fund=fund, matrix=matrix)
    grow_old()
    assert lifecycle.reconcile_sessions() == 1
    late.refresh_from_db()
    assert (late.status, live_jobs_of(late)) == (Status.OPTIMIZING, [OPTIMIZATION])


def test_failed_matrix_that_a_session_waits_for_is_generated_again(fund: Fund) -> None:
    matrix = matrix_of(waiting(fund))
    lose_all_jobs()
    matrix.fail(reason="Out of paper.")
    grow_old()
    assert lifecycle.reconcile_sessions() == 1
    matrix.refresh_from_db()
    assert (matrix.status, matrix.generation) == (ScenarioMatrix.Status.GENERATING, 2)
    assert live_jobs_of(matrix) == [GENERATION]


def test_all_that_stalled_is_counted_and_repaired_at_once(fund: Fund) -> None:
    validating(fund)
    optimizing(fund, seed="2")
    waiting(fund, seed="3")
    lose_all_jobs()
    grow_old()
    assert lifecycle.reconcile_sessions() == 3
    assert lifecycle.reconcile_sessions() == 0


def test_repaired_session_runs_to_its_end(fund: Fund) -> None:
    session = waiting(fund)
    lose_all_jobs()
    grow_old()
    lifecycle.reconcile_sessions()
    for subject in (matrix_of(session), session, session):
        do(subject)
    session.refresh_from_db()
    assert session.status == Status.COMPLETED


@pytest.mark.parametrize("make", [waiting, optimizing, validating])
def test_session_whose_job_waits_is_left_alone(make: object, fund: Fund) -> None:
    assert callable(make)
    session = make(fund)
    grow_old()
    before = columns(session)
    assert lifecycle.reconcile_sessions() == 0
    assert columns(session) == before


def test_session_whose_job_runs_for_long_is_left_alone(fund: Fund) -> None:
    session = optimizing(fund)
    take(session)
    grow_old()
    assert lifecycle.reconcile_sessions() == 0
    assert live_jobs_of(session) == [OPTIMIZATION]


def test_session_that_moved_within_a_minute_is_left_alone(fund: Fund) -> None:
    optimizing(fund)
    waiting(fund, seed="other")
    lose_all_jobs()
    OptimizationSession.objects.update(updated_at=Now() - timedelta(seconds=50))
    assert lifecycle.reconcile_sessions() == 0
    assert not OutboxJob.objects.exists()


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_session_that_ended_long_ago_is_left_alone(status: str) -> None:
    insert_session(status, updated_at=Now() - timedelta(days=1))
    assert lifecycle.reconcile_sessions() == 0
    assert not OutboxJob.objects.exists()


def test_matrix_that_no_session_waits_for_is_left_alone(fund: Fund) -> None:
    session = waiting(fund)
    lifecycle.cancel_session(session)
    lose_all_jobs()
    assert lifecycle.reconcile_sessions() == 0


def test_reconciler_of_the_outbox_repairs_sessions(fund: Fund) -> None:
    session = optimizing(fund)
    lose_all_jobs()
    grow_old()
    assert upkeep.reconcile() == 1
    publish(OutboxJob.objects.get(subject_id=str(session.pk)))
