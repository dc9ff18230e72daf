"""Questions that meet one another, or the worker that ends the matrix or the job they need."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from funds.models import Fund
from optimization.ranges.models import AskedRanges
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from tests.optimization.races import first_and_then
from tests.optimization.ranges.questions import asked
from tests.optimization.work import RANGES, do, fail, live_jobs_of, run_all
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
