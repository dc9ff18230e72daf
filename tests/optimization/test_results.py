"""The one object that page, API and command show: complete, consistent, and JSON alone."""

import json
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.results import NotCompleted, session_result, session_status
from tests.funds.factories import FundFactory
from tests.optimization.rows import ENDED, UNFINISHED, Status, insert_session
from tests.optimization.work import completed

pytestmark = pytest.mark.django_db

# A third of a dollar cannot be split evenly, so the cents show whether they add up.
CAPITAL = "99999999.97"
LIMITS = {
    "max_loss_probability": 0.5,
    "cvar": {"confidence": 0.9, "max": 0.6},
    "min_expected_winners": 0.5,
    "max_bucket_weight": 0.4,
    "sectors": {"saas": {"min": 0.55}},
}
STATUS_FIELDS = {
    "id",
    "name",
    "fund",
    "status",
    "status_label",
    "progress_percent",
    "current_step",
    "requested_by",
    "requested_at",
    "finished_at",
    "version",
    "is_finished",
    "failure_reason",
    "steps",
    "request",
}
ESTIMATE = {"out_of_sample", "interval", "limit"}
# What is promised below each field of a result; more may be there.
RESULT_FIELDS: dict[str, set[str]] = {
    "": STATUS_FIELDS
    | {
        "allocation",
        "buckets",
        "risk",
        "distribution",
        "validation",
        "notes",
        "calibration",
        "matrix",
        "timings_seconds",
    },
    "fund": {"id", "name", "is_sample"},
    "allocation": {
        "status",
        "weights",
        "dollars",
        "expected_multiple",
        "first_pass_expected_multiple",
        "best_bound",
        "mip_gap",
        "loss_probability",
        "cvar",
        "expected_winners",
        "relaxations",
        "constraints",
        "solver",
    },
    "allocation.constraints.0": {
        "id",
        "type",
        "requested",
        "granted",
        "actual",
        "slack",
        "satisfied",
        "relaxed",
        "binding",
    },
    "allocation.solver": {"name", "version", "settings", "seconds", "nodes", "iterations"},
    "buckets.0": {
        "key",
        "stage",
        "stage_label",
        "sector",
        "sector_label",
        "weight",
        "dollars_usd",
        "deals",
        "initial_cheque_usd",
        "all_in_cost_usd",
        "expected_multiple",
        "deal_win_probability",
        "loss_probability",
        "reserves_usd",
        "expected_reserve_calls_usd",
    },
    "risk.expected_multiple": ESTIMATE | {"exact", "in_sample"},
    "risk.loss_probability": ESTIMATE | {"in_sample"},
    "risk.cvar": ESTIMATE | {"in_sample", "confidence"},
    "risk.expected_winners": {"exact", "limit"},
    "distribution": {"quantiles", "share_at_least_2x", "share_at_least_3x", "histogram"},
    "distribution.quantiles": {"p5", "p10", "p25", "p50", "p75", "p90", "p95"},
    "distribution.histogram": {"bin_width", "shares", "share_beyond"},
    "validation": {"scenarios", "greedy", "checks", "deals_bought"},
    "validation.greedy": {"meets_every_limit", "expected_multiple"},
    "validation.checks.0": {"name", "passed", "detail"},
    "notes.0": {"level", "title", "text"},
    "calibration": {"version", "label"},
    "matrix": {
        "key",
        "sha256",
        "scenarios",
        "was_cached",
        "tier",
        "kernel_version",
        "variance_shares",
    },
    "matrix.variance_shares": {"macro", "bucket", "idiosyncratic"},
    "timings_seconds": {"matrix", "optimization", "validation", "total"},
}
# Sums of a few products in another order differ in the last digits of a double.
ROUNDING = 1e-12


@cache
def result() -> dict[str, Any]:
    """Of a session that all these tests only read; its rows are gone with the first of them."""
    return session_result(completed(FundFactory.create(), limits=LIMITS, capital_usd=CAPITAL))


def at(path: str) -> Any:
    value: Any = result()
    for name in filter(None, path.split(".")):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


@pytest.mark.parametrize("path", RESULT_FIELDS)
def test_every_documented_field_is_there(path: str) -> None:
    assert RESULT_FIELDS[path] <= set(at(path))


def test_result_is_json_and_nothing_else() -> None:
    assert json.loads(json.dumps(result(), allow_nan=False)) == result()


@pytest.mark.parametrize("status", [*UNFINISHED, Status.FAILED, Status.CANCELLED])
def test_session_that_is_not_completed_has_no_result(status: str) -> None:
    with pytest.raises(NotCompleted):
        session_result(insert_session(status))


def test_dollars_sum_to_the_capital_to_the_cent() -> None:
    assert sum(Decimal(row["dollars_usd"]) for row in result()["buckets"]) == Decimal(CAPITAL)
    assert sum(map(Decimal, result()["allocation"]["dollars"].values())) == Decimal(CAPITAL)


def test_weights_sum_to_one() -> None:
    assert sum(row["weight"] for row in result()["buckets"]) == pytest.approx(1, abs=ROUNDING)


def test_rows_of_the_table_are_those_of_the_allocation() -> None:
    allocation = result()["allocation"]
    for row in result()["buckets"]:
        assert row["weight"] == allocation["weights"][row["key"]]
        assert row["dollars_usd"] == allocation["dollars"][row["key"]]


def test_buckets_are_in_the_order_of_the_fund() -> None:
    assert [row["key"] for row in result()["buckets"]] == [
        "seed/fintech",
        "seed/saas",
        "series_a/fintech",
        "series_a/saas",
    ]


def test_deals_are_dollars_over_the_all_in_cost() -> None:
    for row in result()["buckets"]:
        dollars, cost = Decimal(row["dollars_usd"]), Decimal(row["all_in_cost_usd"])
        assert row["deals"] == pytest.approx(float(dollars / cost), rel=ROUNDING)


def test_reserves_are_half_of_the_dollars_where_one_is_kept_per_dollar() -> None:
    for row in result()["buckets"]:
        half = Decimal(row["dollars_usd"]) / 2
        assert abs(Decimal(row["reserves_usd"]) - half) <= Decimal("0.005")


def test_no_more_reserves_are_called_than_were_kept() -> None:
    for row in result()["buckets"]:
        called, reserves = (
            Decimal(row[name]) for name in ("expected_reserve_calls_usd", "reserves_usd")
        )
        assert 0 <= called <= reserves
        assert (called > 0) == (reserves > 0)


def test_expected_multiple_is_the_weighted_mean_of_the_buckets() -> None:
    total = sum(row["weight"] * row["expected_multiple"] for row in result()["buckets"])
    assert at("risk.expected_multiple.exact") == pytest.approx(total, rel=ROUNDING)


def test_expected_winners_are_deals_times_their_chance() -> None:
    total = sum(row["deals"] * row["deal_win_probability"] for row in result()["buckets"])
    # Deals come from dollars rounded to half a cent of some ten million.
    assert at("risk.expected_winners.exact") == pytest.approx(total, rel=1e-8)


@pytest.mark.parametrize("name", ["loss_probability", "cvar"])
def test_risk_in_sample_is_that_of_the_allocation(name: str) -> None:
    assert at(f"risk.{name}.in_sample") == at(f"allocation.{name}")


def test_limits_stand_beside_the_risk() -> None:
    assert at("risk.loss_probability.limit") == 0.5
    assert at("risk.cvar.limit") == 0.6
    assert at("risk.cvar.confidence") == 0.9
    assert at("risk.expected_winners.limit") == 0.5
    assert at("risk.expected_multiple.limit") is None


def test_risk_that_was_not_limited_has_no_limit(fund: Fund) -> None:
    risk = session_result(completed(fund))["risk"]
    assert [risk[name]["limit"] for name in risk] == [None] * 4
    assert risk["cvar"]["confidence"] == 0.95


def test_interval_holds_the_figure_out_of_sample() -> None:
    for name in ("expected_multiple", "loss_probability", "cvar"):
        low, high = at(f"risk.{name}.interval")
        assert low <= at(f"risk.{name}.out_of_sample") <= high


def test_shares_of_the_histogram_and_beyond_it_sum_to_one() -> None:
    histogram = at("distribution.histogram")
    assert (len(histogram["shares"]), histogram["bin_width"]) == (50, 0.1)
    total = sum(histogram["shares"]) + histogram["share_beyond"]
    assert total == pytest.approx(1, abs=ROUNDING)


def test_histogram_agrees_with_the_loss_probability() -> None:
    # The bins below 1x hold what is below 1; a loss is what is below 1 - 1e-6.
    below_cost = sum(at("distribution.histogram.shares")[:10])
    assert below_cost == pytest.approx(at("risk.loss_probability.out_of_sample"), abs=1e-3)


def test_quantiles_rise() -> None:
    quantiles = at("distribution.quantiles")
    values = [quantiles[name] for name in ("p5", "p10", "p25", "p50", "p75", "p90", "p95")]
    assert values == sorted(values)


def test_checks_of_a_sound_allocation_pass() -> None:
    assert [check["passed"] for check in at("validation.checks")] == [True, True]


def test_scenarios_are_those_asked_for() -> None:
    assert at("matrix.scenarios") == at("request.optimization_scenarios") == 64
    assert at("validation.scenarios") == at("request.validation_scenarios") == 5000


def test_steps_are_listed_in_their_order_with_rising_times() -> None:
    steps = result()["steps"]
    assert [step["status"] for step in steps] == [
        "REQUESTED",
        "MATRIX_GENERATING",
        "OPTIMIZING",
        "VALIDATING",
        "COMPLETED",
    ]
    moments = [datetime.fromisoformat(step["at"]) for step in steps]
    assert moments == sorted(moments)


def test_step_lasts_until_the_next_begins() -> None:
    steps = result()["steps"]
    moments = [datetime.fromisoformat(step["at"]) for step in steps]
    for step, begin, end in zip(steps, moments, moments[1:], strict=False):
        # Shown to the millisecond.
        assert step["seconds"] == pytest.approx((end - begin).total_seconds(), abs=0.0005)
    assert steps[-1]["seconds"] is None


def test_timings_are_those_of_the_steps() -> None:
    seconds = {step["status"]: step["seconds"] for step in result()["steps"]}
    timings = result()["timings_seconds"]
    assert timings["matrix"] == seconds["MATRIX_GENERATING"]
    assert timings["optimization"] == seconds["OPTIMIZING"]
    assert timings["validation"] == seconds["VALIDATING"]


def test_whole_takes_from_the_request_to_the_end() -> None:
    begin, end = (datetime.fromisoformat(at(name)) for name in ("requested_at", "finished_at"))
    total = at("timings_seconds.total")
    assert total == pytest.approx((end - begin).total_seconds(), abs=0.0005)


def test_session_with_a_cached_matrix_says_so_and_has_no_time_for_it(fund: Fund) -> None:
    first, second = (session_result(completed(fund)) for _ in range(2))
    assert (first["matrix"]["was_cached"], second["matrix"]["was_cached"]) == (False, True)
    assert second["timings_seconds"]["matrix"] is None
    skipped = second["steps"][1]
    assert (skipped["status"], skipped["at"], skipped["seconds"]) == (
        "MATRIX_GENERATING",
        None,
        None,
    )


def test_matrix_is_named_by_its_key_and_its_bytes(fund: Fund) -> None:
    session = completed(fund)
    matrix = session_result(session)["matrix"]
    assert session.matrix is not None
    assert matrix["key"] == session.matrix.matrix_key
    assert matrix["sha256"] == session.matrix.sha256
    assert matrix["tier"] in ("postgresql", "redis")


def test_calibration_is_named() -> None:
    assert at("calibration.version") == "v2025_industry_benchmark"


@pytest.mark.parametrize("status", Status)
def test_status_of_any_session_has_the_documented_fields(status: str) -> None:
    shown = session_status(insert_session(status))
    assert set(shown) == STATUS_FIELDS
    assert shown["status"] == status
    assert shown["is_finished"] == (status in ENDED)
    assert (shown["finished_at"] is not None) == (status in ENDED)
    json.dumps(shown, allow_nan=False)


def test_status_says_who_asked_for_which_fund() -> None:
    session = insert_session(Status.OPTIMIZING)
    shown = session_status(session)
    assert shown["requested_by"] == session.requested_by.display_name
    assert shown["fund"] == {
        "id": str(session.fund_id),
        "name": session.fund.name,
        "is_sample": False,
    }


def test_failed_session_says_why_and_shows_no_traceback() -> None:
    session = insert_session(Status.FAILED, failure_traceback="Traceback (most recent call last)")
    shown = session_status(session)
    assert shown["failure_reason"] == "No allocation meets every limit."
    assert "Traceback" not in json.dumps(shown)


def test_session_that_did_not_fail_has_no_reason() -> None:
    session = insert_session(Status.OPTIMIZING, failure_reason="")
    assert session_status(session)["failure_reason"] is None


def test_step_that_is_under_way_has_begun_and_not_ended() -> None:
    session = insert_session(Status.OPTIMIZING)
    session.validate_allocation({"solution": {}})
    by_status = {step["status"]: step for step in session_status(session)["steps"]}
    assert by_status["VALIDATING"]["at"] is not None
    assert by_status["VALIDATING"]["seconds"] is None
    assert by_status["COMPLETED"]["at"] is None


def test_moments_are_in_utc() -> None:
    for moment in (at("requested_at"), at("finished_at"), at("steps.0.at")):
        assert moment.endswith("Z")


def test_status_of_a_loaded_session_needs_no_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    insert_session(Status.OPTIMIZING)
    loaded = OptimizationSession.objects.select_related("fund", "requested_by")
    (session,) = loaded.prefetch_related("events")
    with django_assert_num_queries(0):
        session_status(session)
