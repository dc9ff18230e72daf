"""Follow-ons priced against the first cheques of the next stage."""

from typing import Any

import numpy as np
import pytest

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.deals.follow_on_pricing import follow_on_prices, pricing_warnings
from tests.scenarios.simulation.plain_law import deal_distribution, ending_probabilities
from tests.scenarios.simulation.sample_config import (
    bucket_data,
    config_data,
    sample_config,
    stage_data,
)


def two_stages(**changes: Any) -> dict[str, Any]:
    """Half of all companies fail in each of two rounds. Exits return nearly exactly 4 for Seed and
    3 for Series A, failures nothing; the price doubles between the two."""
    return config_data(
        stages={
            "seed": stage_data(0.0, 0.5, 0.5, 4.0, 4.000004, 2.0, 2.0),
            "series_a": stage_data(0.5, 0.0, 0.5, 3.0, 3.000003, None, 2.0),
        },
        exit_law={"law": "lognormal"},
        failure_recovery={"threshold": 0.0, "maximum": 0.0},
        financing={
            "dilution_per_round": 0.2,
            "option_pool_refresh": 0.0,
            "pro_rata_participation": 0.5,
            "max_rounds": 8,
        },
        buckets=[bucket_data("seed", reserve_ratio=0.5)],
        **changes,
    )


def test_two_stages_worked_by_hand() -> None:
    # A follow-on buys at twice the price of the first cheque: an exit returns 4 / 2 = 2 per
    # dollar, half of the graduates get there: 1. A first cheque at Series A: 3 / 2 = 1.5.
    (price,) = follow_on_prices(parse_config(two_stages()))
    assert (price.stage, price.next_stage) == ("seed", "series_a")
    # P90 lies 1e-6 above the median, and the mean of the multiples at most as much.
    assert price.follow_on_multiple == pytest.approx(1.0, rel=2e-6)
    assert price.initial_multiple == pytest.approx(1.5, rel=2e-6)
    assert price.ratio == pytest.approx(2 / 3, rel=2e-6)
    assert pricing_warnings(parse_config(two_stages())) == ()


def test_recovered_money_counts_on_both_sides() -> None:
    # Failures return half of what was invested in the mean, whatever its price:
    # 1 + .5 * .5 = 1.25 against 1.5 + .25 = 1.75.
    data = two_stages()
    data["failure_recovery"] = {"threshold": 0.0, "maximum": 1.0}
    (price,) = follow_on_prices(parse_config(data))
    assert price.follow_on_multiple == pytest.approx(1.25, rel=2e-6)
    assert price.initial_multiple == pytest.approx(1.75, rel=2e-6)


@pytest.mark.parametrize(
    ("step_up", "ratio", "warns"),
    # The ratio is 4 / (3 step_up): below .5 from 2.667 on, above 1.5 up to .889.
    [(2.6, 0.513, False), (2.7, 0.494, True), (0.9, 1.481, False), (0.88, 1.515, True)],
)
def test_warning_beyond_half_and_one_and_a_half(step_up: float, ratio: float, warns: bool) -> None:
    data = two_stages()
    data["stages"]["seed"]["step_up"] = step_up
    config = parse_config(data)
    assert follow_on_prices(config)[0].ratio == pytest.approx(ratio, abs=5e-4)
    assert [warning.code for warning in pricing_warnings(config)] == ["FOLLOW_ON_PRICING"] * warns


def test_warning_names_both_stages_and_their_multiples() -> None:
    data = two_stages()
    data["stages"]["seed"]["step_up"] = 4.0
    (warning,) = pricing_warnings(parse_config(data))
    assert (warning.stage, warning.next_stage) == ("seed", "series_a")
    assert warning.ratio == warning.follow_on_multiple / warning.initial_multiple
    assert warning.message == (
        "Follow-ons of seed return 0.50 per dollar, first cheques of series_a 1.50. The ratio 0.33 "
        "is outside 0.5 to 1.5: check the step-up of seed and the exit multiples of both stages."
    )


def test_published_defaults_are_priced_consistently() -> None:
    config = sample_config()
    prices = follow_on_prices(config)
    assert [(price.stage, price.next_stage) for price in prices] == [
        ("seed", "series_a"),
        ("series_a", "series_b"),
        ("series_b", "series_c"),
    ]
    assert pricing_warnings(config) == ()


@pytest.mark.parametrize("stage", ["series_a", "series_b", "series_c"])
def test_first_cheques_return_the_mean_of_the_plain_law(stage: str) -> None:
    prices = {price.next_stage: price for price in follow_on_prices(sample_config())}
    values, weights = deal_distribution(config_data(), bucket_data(stage, reserve_ratio=0.0))
    assert prices[stage].initial_multiple == pytest.approx(float(values @ weights), rel=1e-5)


def test_follow_ons_return_the_share_price_of_those_who_get_there() -> None:
    # Reserves that pay the whole pro rata of the first round and of no other: what they add to
    # the deal, less what is left of them, is what the follow-on returns.
    data = config_data(buckets=[bucket_data("series_b")])
    (price,) = follow_on_prices(parse_config(data))
    cost = 0.70 * 0.25 * 1.8 * 0.96
    with_reserves = bucket_data("series_b", reserve_ratio=cost)
    without = bucket_data("series_b", reserve_ratio=0.0)
    means = []
    for bucket in (with_reserves, without):
        values, weights = deal_distribution(data, bucket)
        means.append(float(values @ weights) * (1 + bucket["reserve_ratio"]))
    stops = sum(ending_probabilities(data, without, exited=e)[0] for e in (True, False))
    added = means[0] - means[1] - stops * cost
    assert price.follow_on_multiple == pytest.approx(added / ((1 - stops) * cost), rel=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"buckets": [bucket_data("seed", reserve_ratio=0.0)]},
        {"financing": {**config_data()["financing"], "pro_rata_participation": 0.0}},
        {"buckets": [bucket_data("series_c")]},
    ],
    ids=["no reserves", "no participation", "next stage without exit multiples"],
)
def test_where_no_follow_on_can_be_compared_there_is_nothing_to_say(change: dict[str, Any]) -> None:
    assert follow_on_prices(sample_config(**change)) == ()


@pytest.mark.parametrize("law", ["lognormal_pareto", "pareto"])
def test_stage_that_needs_a_multiplier_to_be_entered_is_not_compared(law: str) -> None:
    # Series A has a P90 at the cap; nobody enters there in this configuration.
    data = config_data(buckets=[bucket_data("seed")])
    tail_index = 1.5 if law == "lognormal_pareto" else None
    data["exit_law"] = {"law": law, "tail_index": tail_index, "multiple_cap": 200}
    data["stages"]["series_a"] |= {"exit_multiple_median": 1.0, "exit_multiple_p90": 200.0}
    config = parse_config(data)
    assert np.isfinite(config.stages["series_a"].exit_multiple_p90 or np.nan)
    assert follow_on_prices(config) == ()
