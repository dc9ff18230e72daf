"""A matrix that a session and a question both wait for has a job in the queue of each.

Neither waits for work of the other's kind; whichever job ends first counts.
"""

import pytest

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.ranges.models import AskedRanges
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from tests.optimization.ranges.jobs_by_kind import REASON, give_up, status, take
from tests.optimization.ranges.questions import asked
from tests.optimization.work import (
    GENERATION,
    GENERATION_FOR_RANGES,
    OPTIMIZATION,
    RANGES,
    WORK,
    live_jobs_of,
    matrix_of,
    waiting,
)

pytestmark = pytest.mark.django_db

KINDS = [GENERATION, GENERATION_FOR_RANGES]
MatrixStatus = ScenarioMatrix.Status
SessionStatus = OptimizationSession.Status
Status = AskedRanges.Status


@pytest.fixture
def session(fund: Fund) -> OptimizationSession:
    return waiting(fund)


@pytest.fixture
def question(fund: Fund, session: OptimizationSession) -> AskedRanges:
    """Asked in the scenarios of the session."""
    found = asked(fund)
    assert found.matrix == session.matrix
    return found


def test_question_of_scenarios_that_a_session_waits_for_adds_its_own_job(
    question: AskedRanges,
) -> None:
    assert live_jobs_of(question.matrix) == [GENERATION, GENERATION_FOR_RANGES]


def test_session_of_scenarios_that_a_question_waits_for_adds_its_own_job(fund: Fund) -> None:
    found = asked(fund)
    assert live_jobs_of(found.matrix) == [GENERATION_FOR_RANGES]

    assert matrix_of(waiting(fund)) == found.matrix

    assert live_jobs_of(found.matrix) == [GENERATION_FOR_RANGES, GENERATION]


def test_more_sessions_and_questions_add_no_more_jobs(fund: Fund, question: AskedRanges) -> None:
    waiting(fund)
    asked(fund, limits={"max_bucket_weight": 0.5})

    assert live_jobs_of(question.matrix) == [GENERATION, GENERATION_FOR_RANGES]


@pytest.mark.parametrize(("first", "second"), [KINDS, KINDS[::-1]], ids=KINDS)
def test_job_that_ends_first_wakes_both_and_the_other_has_no_effect(
    first: str, second: str, question: AskedRanges, session: OptimizationSession
) -> None:
    WORK[first](take(first))
    question.matrix.refresh_from_db()
    generated = question.matrix.sha256

    WORK[second](take(second))

    question.matrix.refresh_from_db()
    assert (question.matrix.generation, question.matrix.sha256) == (1, generated)
    assert live_jobs_of(question.matrix) == []
    assert (live_jobs_of(session), live_jobs_of(question)) == ([OPTIMIZATION], [RANGES])


@pytest.mark.parametrize(("first", "second"), [KINDS, KINDS[::-1]], ids=KINDS)
def test_both_jobs_may_run_at_once(
    first: str, second: str, question: AskedRanges, session: OptimizationSession
) -> None:
    late = take(second)
    WORK[first](take(first))

    WORK[second](late)

    assert status(question.matrix) == MatrixStatus.COMPLETE
    assert not OutboxJob.objects.live().filter(kind__in=KINDS).exists()
    assert (live_jobs_of(session), live_jobs_of(question)) == ([OPTIMIZATION], [RANGES])


def test_failure_of_the_questions_job_leaves_the_session_its_own(
    question: AskedRanges, session: OptimizationSession
) -> None:
    give_up(GENERATION_FOR_RANGES)

    assert status(question) == Status.FAILED
    assert status(session) == SessionStatus.MATRIX_GENERATING
    assert status(question.matrix) == MatrixStatus.GENERATING
    WORK[GENERATION](take(GENERATION))
    assert live_jobs_of(session) == [OPTIMIZATION]
    assert live_jobs_of(question) == []


def test_failure_of_the_questions_job_alone_fails_the_matrix(fund: Fund) -> None:
    found = asked(fund)

    give_up(GENERATION_FOR_RANGES)

    assert (status(found), status(found.matrix)) == (Status.FAILED, MatrixStatus.FAILED)
    found.refresh_from_db()
    assert found.failure_reason == REASON


def test_failure_of_the_sessions_job_waits_for_no_worker_of_questions(
    question: AskedRanges, session: OptimizationSession
) -> None:
    give_up(GENERATION)

    assert status(session) == SessionStatus.FAILED
    assert status(question) == Status.FAILED
    assert status(question.matrix) == MatrixStatus.FAILED
    WORK[GENERATION_FOR_RANGES](take(GENERATION_FOR_RANGES))
    assert status(question.matrix) == MatrixStatus.FAILED


def test_question_asked_again_meets_the_job_that_is_left(fund: Fund, question: AskedRanges) -> None:
    give_up(GENERATION)

    again = asked(fund)

    assert (again.pk, again.status) == (question.pk, Status.WAITING)
    assert live_jobs_of(again.matrix) == [GENERATION_FOR_RANGES]
    WORK[GENERATION_FOR_RANGES](take(GENERATION_FOR_RANGES))
    assert live_jobs_of(again) == [RANGES]
