"""A request: its session, its matrix and the job it is owed, in one transaction."""

from typing import Any

import pytest
from django.db import transaction

from funds.models import BucketPolicy, Fund
from optimization.models import OptimizationSession
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from tests.funds.factories import FundFactory
from tests.optimization.factories import requested_session
from tests.optimization.rows import Status, history
from tests.optimization.work import (
    GENERATION,
    OPTIMIZATION,
    do,
    fail,
    jobs_of,
    live_jobs_of,
    matrix_of,
    waiting,
)

pytestmark = pytest.mark.django_db


def everything() -> tuple[int, int, int]:
    return (
        OptimizationSession.objects.count(),
        ScenarioMatrix.objects.count(),
        OutboxJob.objects.count(),
    )


def test_first_request_makes_one_session_one_matrix_and_one_job(fund: Fund) -> None:
    requested_session(fund=fund)
    assert everything() == (1, 1, 1)


def test_transaction_that_rolls_back_leaves_nothing(fund: Fund) -> None:
    with transaction.atomic():
        requested_session(fund=fund)
        transaction.set_rollback(True)
    assert everything() == (0, 0, 0)


def test_session_waits_for_a_new_matrix(fund: Fund) -> None:
    session = requested_session(fund=fund)
    matrix = matrix_of(session)
    assert (session.status, session.matrix_was_cached) == (Status.MATRIX_GENERATING, False)
    assert (matrix.status, matrix.generation) == (ScenarioMatrix.Status.GENERATING, 1)
    assert live_jobs_of(matrix) == [GENERATION]
    assert live_jobs_of(session) == []


def test_second_session_on_the_same_key_waits_for_the_same_job(fund: Fund) -> None:
    first, second = requested_session(fund=fund), requested_session(fund=fund)
    assert second.status == Status.MATRIX_GENERATING
    assert matrix_of(second) == matrix_of(first)
    assert everything() == (2, 1, 1)


def test_request_while_a_worker_generates_waits_for_that_worker(fund: Fund) -> None:
    first = requested_session(fund=fund)
    OutboxJob.objects.update(status=OutboxJob.Status.RUNNING, lease_expires_at="2100-01-01T00Z")
    second = requested_session(fund=fund)
    assert matrix_of(second) == matrix_of(first)
    assert everything() == (2, 1, 1)


def test_session_with_a_complete_matrix_goes_straight_to_optimization(fund: Fund) -> None:
    do(matrix_of(waiting(fund)))
    session = waiting(fund)
    assert history(session) == [Status.REQUESTED, Status.OPTIMIZING]
    assert session.matrix_was_cached is True
    assert live_jobs_of(session) == [OPTIMIZATION]


def test_complete_matrix_gets_no_second_job(fund: Fund) -> None:
    matrix = matrix_of(waiting(fund))
    do(matrix)
    waiting(fund)
    assert jobs_of(matrix) == [OutboxJob.Status.DONE]


def test_failed_matrix_is_started_again_as_its_next_generation(fund: Fund) -> None:
    matrix = matrix_of(requested_session(fund=fund))
    fail(matrix, reason="Out of paper.")
    session = requested_session(fund=fund)
    matrix.refresh_from_db()
    assert matrix_of(session) == matrix
    assert (matrix.status, matrix.generation) == (ScenarioMatrix.Status.GENERATING, 2)
    assert matrix.failure_reason == ""
    assert session.status == Status.MATRIX_GENERATING
    assert jobs_of(matrix) == [OutboxJob.Status.FAILED, OutboxJob.Status.PENDING]


def test_matrix_that_failed_once_can_still_complete(fund: Fund) -> None:
    matrix = matrix_of(waiting(fund))
    fail(matrix, reason="Out of paper.")
    session = waiting(fund)
    do(matrix)
    session.refresh_from_db()
    assert session.status == Status.OPTIMIZING


def test_fund_with_the_same_config_gets_a_matrix_of_its_own(fund: Fund) -> None:
    other: Fund = FundFactory.create()
    first, second = requested_session(fund=fund), requested_session(fund=other)
    assert matrix_of(first).matrix_key == matrix_of(second).matrix_key
    assert matrix_of(first) != matrix_of(second)
    assert live_jobs_of(matrix_of(second)) == [GENERATION]


def test_fund_cannot_tell_from_its_matrix_that_another_has_asked_the_same(fund: Fund) -> None:
    do(matrix_of(waiting(fund)))
    session = waiting(FundFactory.create())
    assert session.status == Status.MATRIX_GENERATING


@pytest.mark.parametrize("change", [{"seed": "other"}, {"optimization_scenarios": 65}])
def test_request_for_other_scenarios_gets_another_matrix(
    fund: Fund, change: dict[str, Any]
) -> None:
    requested_session(fund=fund)
    requested_session(fund=fund, **change)
    assert everything() == (2, 2, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"capital_usd": 1},
        {"limits": {"max_bucket_weight": 0.5}},
        {"mip_gap": 0.01},
        {"validation_scenarios": 5000},
    ],
)
def test_request_that_only_searches_otherwise_shares_the_matrix(
    fund: Fund, change: dict[str, Any]
) -> None:
    requested_session(fund=fund)
    requested_session(fund=fund, **change)
    assert everything() == (2, 1, 1)


def test_session_keeps_the_request_as_it_was_checked(fund: Fund) -> None:
    # Neither sum is a short decimal; a column that rounds would change the search.
    session = requested_session(fund=fund, mip_gap=0.01 + 0.02, limits={"max_bucket_weight": 1 / 3})
    session.refresh_from_db()
    assert session.request["mip_gap"] == 0.01 + 0.02
    assert session.request["limits"] == {"max_bucket_weight": 1 / 3}
    assert session.request["capital_usd"] == "100000000.00"


def test_session_keeps_the_policy_of_the_day_of_the_request(fund: Fund) -> None:
    session = requested_session(fund=fund)
    BucketPolicy.objects.filter(fund=fund).update(initial_cheque_usd=5)
    session.refresh_from_db()
    assert {bucket["initial_cheque_usd"] for bucket in session.buckets} == {"1000000.00"}
