"""IRR, cash flows, variance shares and the calibration of a result, and results without them."""

import json
from typing import Any

import pytest

from funds.loading import load_calibration
from funds.models import CalibrationSnapshot, Fund
from funds.shipped import benchmark_calibration
from optimization.results.cash_flows import gross_irr
from optimization.results.session_results import session_result
from tests.optimization.completed import completed_session
from tests.optimization.measured import (
    ALLOCATION_SHARES,
    BUCKET_FACTS,
    BUCKET_SHARES,
    CASH_FLOWS,
    IRR,
    LOADINGS,
    METRICS,
    NO_BUCKET_FACTS,
    NO_METRICS,
)


@pytest.fixture
def measured(fund: Fund) -> dict[str, Any]:
    return session_result(completed_session(fund=fund, metrics=METRICS, bucket_facts=BUCKET_FACTS))


@pytest.fixture
def earlier(fund: Fund) -> dict[str, Any]:
    """The result of a session that was completed before these figures existed."""
    return session_result(
        completed_session(fund=fund, metrics=NO_METRICS, bucket_facts=NO_BUCKET_FACTS)
    )


def test_irr_is_the_stored_one_with_an_interval_for_each_share(measured: dict[str, Any]) -> None:
    irr = measured["irr"]

    assert {name: irr[name] for name in IRR} == IRR
    assert set(irr) - set(IRR) == {"share_below_zero_interval", "share_total_loss_interval"}
    for name in ("share_below_zero", "share_total_loss"):
        low, high = irr[f"{name}_interval"]
        assert low < irr[name] < high


def test_interval_of_no_loss_among_few_scenarios_begins_at_none() -> None:
    irr = gross_irr({"irr": {**IRR, "scenarios": 10, "share_below_zero": 0.0}})

    assert irr is not None
    # With no loss in n scenarios the upper end solves (1 - p)^n = 0.025: p = 1 - 0.025^(1/10).
    assert irr["share_below_zero_interval"] == pytest.approx([0, 0.3084971], abs=1e-7)


def test_cash_flows_are_the_stored_ones(measured: dict[str, Any]) -> None:
    assert measured["cash_flows"] == CASH_FLOWS


def test_variance_shares_are_told_of_the_allocation_and_of_every_bucket(
    measured: dict[str, Any],
) -> None:
    assert measured["matrix"]["allocation_variance_shares"] == ALLOCATION_SHARES
    for row in measured["buckets"]:
        assert row["variance_shares"] == BUCKET_SHARES
        assert row["loadings"] == LOADINGS


def test_what_an_earlier_session_did_not_measure_is_none(earlier: dict[str, Any]) -> None:
    assert earlier["irr"] is None
    assert earlier["cash_flows"] is None
    assert earlier["matrix"]["allocation_variance_shares"] is None
    assert earlier["validation"]["greedy"]["weights"] is None
    for row in earlier["buckets"]:
        assert row["variance_shares"] is None
        assert row["loadings"] is None
        assert row["expected_multiple_standard_error"] == 0


def test_mean_with_recycling_has_the_standard_error_of_its_buckets(fund: Fund) -> None:
    recycling = {
        "utilization_fraction": 0.5,
        "cost_multiple": 1,
        "max_deals": 3,
        "deadline_years": 6,
    }
    recycled = session_result(completed_session(fund=fund, scenario_law={"recycling": recycling}))

    errors = [row["expected_multiple_standard_error"] for row in recycled["buckets"]]
    assert min(errors) > 0
    # Weights sum to 1, so an average of the errors lies between them.
    assert min(errors) <= recycled["risk"]["expected_multiple"]["standard_error"] <= max(errors)


def test_mean_without_recycling_is_exact(measured: dict[str, Any]) -> None:
    assert measured["risk"]["expected_multiple"]["standard_error"] == 0


def test_search_of_an_earlier_release_did_not_say_how_it_proved_its_optimum(fund: Fund) -> None:
    session = completed_session(fund=fund)
    assert session.allocation is not None
    run = session.allocation["solution"]["solver"]
    assert {run.pop("method"), run.pop("first_pass")} == {"exact", "optimal"}

    shown = session_result(session)["allocation"]["solver"]

    assert (shown["method"], shown["first_pass"]) == (None, None)


def test_both_results_are_json_with_the_same_fields(
    measured: dict[str, Any], earlier: dict[str, Any]
) -> None:
    assert set(measured) == set(earlier)
    for result in (measured, earlier):
        assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_benchmark_is_told_with_its_sample(earlier: dict[str, Any]) -> None:
    benchmark = CalibrationSnapshot.objects.get(version=earlier["calibration"]["version"])

    assert earlier["calibration"] == {
        "version": benchmark.version,
        "label": benchmark.label,
        "kind": "benchmark",
        "sample_size": benchmark.sample_size,
    }


def test_calibration_of_the_funds_own_rounds_is_told_from_the_benchmark(fund: Fund) -> None:
    own = load_calibration(
        {
            **benchmark_calibration(),
            "version": "fund_own",
            "kind": "fund",
            "label": "Own rounds",
            "sample_size": 41,
        },
        fund=fund,
    )

    used = session_result(completed_session(fund=fund, calibration=own.version))["calibration"]

    assert used == {
        "version": "fund_own",
        "label": "Own rounds",
        "kind": "fund",
        "sample_size": 41,
    }
