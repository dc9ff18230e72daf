"""The figures of a result agree with one another and with what the stages stored."""

from datetime import datetime
from decimal import Decimal

import pytest

from funds.models import Fund
from optimization.results.session_results import session_result
from tests.optimization.one_result import CAPITAL, at, fresh, result, session
from tests.optimization.work import completed

pytestmark = pytest.mark.django_db

# Sums of a few products in another order differ in the last digits of a double.
ROUNDING = 1e-12


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


@pytest.mark.parametrize(
    ("name", "found_as"),
    [
        ("expected_multiple", "mean_multiple"),
        ("loss_probability", "loss_probability"),
        ("cvar", "cvar"),
    ],
)
def test_risk_out_of_sample_is_that_of_validation(name: str, found_as: str) -> None:
    estimate = fresh()[found_as]
    assert at(f"risk.{name}.out_of_sample") == estimate["value"]
    assert at(f"risk.{name}.interval") == [estimate["low"], estimate["high"]]


def test_distribution_is_that_of_validation() -> None:
    assert at("distribution.quantiles") == fresh()["quantiles"] | {
        "p50": fresh()["median_multiple"]
    }
    for name in ("share_at_least_2x", "share_at_least_3x"):
        assert at(f"distribution.{name}") == fresh()[name]


def test_bucket_has_its_own_facts_and_its_own_loss_probability() -> None:
    done = session()
    assert done.matrix is not None
    assert done.validation_metrics is not None
    facts = {bucket["key"]: bucket for bucket in done.matrix.buckets}
    for row in result()["buckets"]:
        for name in ("expected_multiple", "deal_win_probability"):
            assert row[name] == facts[row["key"]][name]
        alone = done.validation_metrics["bucket_loss_probability"]
        assert row["loss_probability"] == alone[row["key"]]


def test_called_reserves_are_the_expected_fraction_of_those_kept() -> None:
    done = session()
    assert done.matrix is not None
    fraction = {b["key"]: b["expected_reserve_call_fraction"] for b in done.matrix.buckets}
    for row in result()["buckets"]:
        expected = float(row["reserves_usd"]) * fraction[row["key"]]
        # Rounded to the cent.
        assert float(row["expected_reserve_calls_usd"]) == pytest.approx(expected, abs=0.0051)


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
    done = completed(fund)
    matrix = session_result(done)["matrix"]
    assert done.matrix is not None
    assert matrix["key"] == done.matrix.matrix_key
    assert matrix["sha256"] == done.matrix.sha256
    assert matrix["tier"] in ("postgresql", "redis")


def test_what_becomes_of_unspent_reserves_is_that_of_the_law(fund: Fund) -> None:
    idle = completed(fund, scenario_law={"unspent_reserves": "idle"})
    assert session_result(idle)["matrix"]["unspent_reserves"] == "idle"
    assert at("matrix.unspent_reserves") == "returned"


def test_calibration_is_named() -> None:
    assert at("calibration.version") == "v2025_industry_benchmark"
