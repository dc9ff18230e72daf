"""GET /optimizations/{id}/result of sessions that really ran."""

import json
from decimal import Decimal

import pytest
from django.test import Client

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.results.session_results import session_result
from tests.optimization.completed import completed_session
from tests.optimization.measured import BUCKET_FACTS, IRR, METRICS, NO_BUCKET_FACTS, NO_METRICS
from tests.optimization.work import completed as searched_and_completed

LIMITS = {
    "max_loss_probability": 0.9,
    "cvar": {"confidence": 0.95, "max": 0.9},
    "min_expected_winners": 0.1,
    "max_bucket_weight": 0.5,
    "sectors": {"saas": {"min": 0.2, "max": 0.6}},
    "stages": {"seed": {"min": 0.1}},
}


@pytest.fixture
def completed(fund: Fund) -> OptimizationSession:
    """With a limit of every type."""
    return completed_session(fund=fund, limits=LIMITS)


def test_result_is_the_one_that_pages_show(analyst: Client, completed: OptimizationSession) -> None:
    response = analyst.get(f"/api/v1/optimizations/{completed.pk}/result")

    stored = OptimizationSession.objects.get(pk=completed.pk)
    assert response.status_code == 200
    assert json.loads(response.content) == session_result(stored)


def test_dollars_reach_the_client_as_exact_decimals_that_sum_to_the_capital(
    analyst: Client, completed: OptimizationSession
) -> None:
    result = analyst.get(f"/api/v1/optimizations/{completed.pk}/result").json()

    dollars = result["allocation"]["dollars"].values()
    assert all(isinstance(amount, str) for amount in dollars)
    assert sum(map(Decimal, dollars)) == Decimal("100000000.00")


def test_result_without_limits_is_as_documented_too(analyst: Client, fund: Fund) -> None:
    session = completed_session(fund=fund)

    result = analyst.get(f"/api/v1/optimizations/{session.pk}/result").json()

    assert result["risk"]["loss_probability"]["limit"] is None


def test_result_with_cash_flows_and_irr_is_as_documented(analyst: Client, fund: Fund) -> None:
    session = completed_session(fund=fund, metrics=METRICS, bucket_facts=BUCKET_FACTS)

    result = analyst.get(f"/api/v1/optimizations/{session.pk}/result").json()

    assert result["irr"]["quantiles"] == IRR["quantiles"]


def test_result_of_an_earlier_release_is_as_documented_and_has_nulls(
    analyst: Client, fund: Fund
) -> None:
    session = completed_session(fund=fund, metrics=NO_METRICS, bucket_facts=NO_BUCKET_FACTS)

    result = analyst.get(f"/api/v1/optimizations/{session.pk}/result").json()

    assert (result["irr"], result["cash_flows"]) == (None, None)


def test_completed_session_is_listed_and_read_as_completed(
    analyst: Client, completed: OptimizationSession
) -> None:
    (listed,) = analyst.get("/api/v1/optimizations").json()["data"]

    assert listed["progress_percent"] == 100
    assert listed == analyst.get(f"/api/v1/optimizations/{completed.pk}").json()


def test_matrix_of_a_result_can_be_read_by_its_key(
    analyst: Client, completed: OptimizationSession
) -> None:
    shown = analyst.get(f"/api/v1/optimizations/{completed.pk}/result").json()["matrix"]

    matrix = analyst.get(f"/api/v1/scenario-matrices/{shown['key']}").json()

    assert matrix["status"] == "complete"
    assert matrix["sha256"] == shown["sha256"]


def test_result_of_a_repeated_search_is_as_documented(analyst: Client, fund: Fund) -> None:
    # A quarter of 20 million buys 2.5 deals in each bucket; 10 are simulated.
    session = searched_and_completed(
        fund, capital_usd="20000000.00", limits={"max_bucket_weight": 0.25}
    )

    result = analyst.get(f"/api/v1/optimizations/{session.pk}/result").json()

    assert result["rounds"]["is_settled"] is True
    assert [one["mismatched"] for one in result["rounds"]["searches"]] == [
        ["seed/fintech", "seed/saas", "series_a/fintech", "series_a/saas"],
        [],
    ]
    assert result["searches_done"] == 2
