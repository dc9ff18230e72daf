"""A cancellation that meets the worker's last transaction: one of the two counts, never both."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from funds.models import Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from outbox.leases import StaleLease
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix, StatusChanged
from tests.optimization.races import first_and_then
from tests.optimization.rows import Status, columns, history
from tests.optimization.work import (
    VALIDATION,
    WORK,
    do,
    jobs_of,
    live_jobs_of,
    matrix_of,
    optimizing,
    run_all,
    take,
    validating,
    waiting,
)
from tests.outbox.brokers import real_redis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


def test_session_that_completes_first_stays_completed(fund: Fund) -> None:
    session = validating(fund)
    cancel = OptimizationSession.objects.get(pk=session.pk)
    with pytest.raises(StatusChanged):
        first_and_then(lambda: do(session), lambda: lifecycle.cancel_session(cancel))
    assert columns(session)["status"] == Status.COMPLETED
    assert jobs_of(session, VALIDATION) == [OutboxJob.Status.DONE]


def test_session_whose_search_ends_first_is_cancelled_before_its_validation(fund: Fund) -> None:
    session = optimizing(fund)
    cancel = OptimizationSession.objects.get(pk=session.pk)
    first_and_then(lambda: do(session), lambda: lifecycle.cancel_session(cancel))
    assert history(session)[-2:] == [Status.VALIDATING, Status.CANCELLED]
    run_all()
    assert columns(session)["status"] == Status.CANCELLED
    assert columns(session)["validation_metrics"] is None


@pytest.mark.parametrize("make", [optimizing, validating])
def test_session_that_is_cancelled_first_keeps_nothing_of_the_work(
    make: Callable[[Fund], OptimizationSession], fund: Fund
) -> None:
    session = make(fund)
    before = columns(session)
    (kind,) = live_jobs_of(session)
    lease = take(session)
    with pytest.raises(StaleLease):
        first_and_then(lambda: lifecycle.cancel_session(session), lambda: WORK[kind](lease))
    after = columns(session)
    assert after["status"] == Status.CANCELLED
    assert after["allocation"] == before["allocation"]
    assert live_jobs_of(session) == []


def test_waiting_session_that_is_cancelled_while_its_matrix_completes_gets_no_job(
    fund: Fund,
) -> None:
    session, other = waiting(fund), waiting(fund)
    matrix = matrix_of(session)
    first_and_then(lambda: lifecycle.cancel_session(session), lambda: do(matrix))
    assert columns(session)["status"] == Status.CANCELLED
    assert live_jobs_of(session) == []
    assert columns(other)["status"] == Status.OPTIMIZING
    assert matrix_of(other).status == ScenarioMatrix.Status.COMPLETE


def test_session_that_is_woken_first_is_cancelled_with_its_new_job(fund: Fund) -> None:
    session = waiting(fund)
    matrix = matrix_of(session)
    cancel = OptimizationSession.objects.get(pk=session.pk)
    first_and_then(lambda: do(matrix), lambda: lifecycle.cancel_session(cancel))
    assert columns(session)["status"] == Status.CANCELLED
    run_all()
    assert columns(session)["allocation"] is None
