"""Questions that meet one another, or the worker that ends the matrix or the job they need."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.ranges.models import AskedRanges
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from tests.optimization.races import first_and_then
from tests.optimization.ranges.jobs_by_kind import give_up, status, take
from tests.optimization.ranges.questions import asked
from tests.optimization.work import (
    GENERATION,
    GENERATION_FOR_RANGES,
    RANGES,
    WORK,
    do,
    fail,
    live_jobs_of,
    run_all,
    waiting,
)
from tests.outbox.brokers import real_redis
from tests.outbox.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

Status = AskedRanges.Status


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


@pytest.fixture
def ask(fund: Fund) -> Callable[[], AskedRanges]:
    return lambda: asked(fund)


def test_two_first_questions_are_one_row(ask: Callable[[], AskedRanges]) -> None:
    other = first_and_then(ask, ask)

    assert AskedRanges.objects.get().pk == other.pk
    assert OutboxJob.objects.count() == 1


def test_ten_questions_at_once_are_answered_by_one_job(ask: Callable[[], AskedRanges]) -> None:
    found = at_once([ask] * 10)

    run_all()

    assert {one.pk for one in found} == {AskedRanges.objects.get(status=Status.COMPLETE).pk}
    assert OutboxJob.objects.filter(kind=RANGES).count() == 1
    assert ScenarioMatrix.objects.count() == 1


def test_question_that_waits_for_the_worker_finds_the_matrix_complete(
    ask: Callable[[], AskedRanges], fund: Fund
) -> None:
    matrix = asked(fund, limits={"max_bucket_weight": 0.5}).matrix

    found = first_and_then(lambda: do(matrix), ask)

    assert found.status == Status.WORKING
    assert live_jobs_of(found) == [RANGES]


def test_worker_that_waits_for_a_question_sets_it_to_work(
    ask: Callable[[], AskedRanges], fund: Fund
) -> None:
    matrix = asked(fund, limits={"max_bucket_weight": 0.5}).matrix

    first_and_then(ask, lambda: do(matrix))

    for found in AskedRanges.objects.all():
        assert found.status == Status.WORKING
        assert live_jobs_of(found) == [RANGES]


def test_two_questions_after_a_failure_make_one_job(ask: Callable[[], AskedRanges]) -> None:
    found = ask()
    do(found.matrix)
    fail(found, reason="There is no ink.")

    first_and_then(ask, ask)

    found.refresh_from_db()
    assert found.status == Status.WORKING
    assert live_jobs_of(found) == [RANGES]


KINDS = [GENERATION, GENERATION_FOR_RANGES]


@pytest.mark.parametrize(("first", "then"), [KINDS, KINDS[::-1]], ids=KINDS)
def test_two_jobs_of_a_matrix_that_fail_at_once_leave_nobody_waiting(
    first: str, then: str, fund: Fund
) -> None:
    session, found = waiting(fund), asked(fund)

    first_and_then(lambda: give_up(first), lambda: give_up(then))

    assert status(found.matrix) == ScenarioMatrix.Status.FAILED
    assert status(session) == OptimizationSession.Status.FAILED
    assert status(found) == Status.FAILED


def test_job_of_a_matrix_that_fails_as_the_other_completes_it_has_no_effect(fund: Fund) -> None:
    session, found = waiting(fund), asked(fund)

    first_and_then(
        lambda: WORK[GENERATION](take(GENERATION)), lambda: give_up(GENERATION_FOR_RANGES)
    )

    assert status(found.matrix) == ScenarioMatrix.Status.COMPLETE
    assert status(session) == OptimizationSession.Status.OPTIMIZING
    assert live_jobs_of(found) == [RANGES]


def test_session_and_question_at_once_have_a_job_of_a_matrix_each(fund: Fund) -> None:
    at_once([lambda: waiting(fund), lambda: asked(fund)] * 5)

    jobs = OutboxJob.objects.values_list("kind", flat=True)
    assert sorted(jobs) == [GENERATION_FOR_RANGES, GENERATION]
    run_all()
    assert AskedRanges.objects.get().status == Status.COMPLETE
    assert not OptimizationSession.objects.unfinished().exists()
