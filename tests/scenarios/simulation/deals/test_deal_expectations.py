"""Exact means and win probabilities of a deal against independent quadrature and by hand."""

from typing import Any

import numpy as np
import pytest

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.deals.bucket_law import bucket_law
from scenarios.simulation.deals.deal_expectations import DealExpectations, deal_expectations
from tests.scenarios.simulation.plain_law import deal_distribution, win_probability
from tests.scenarios.simulation.sample_config import (
    ENTRY_STAGES,
    bucket_data,
    config_data,
    stage_data,
)

LOGNORMAL = {"law": "lognormal", "tail_index": None, "multiple_cap": None}


def expectations(data: dict[str, Any]) -> DealExpectations:
    """Of the only bucket of the configuration."""
    config = parse_config(data)
    return deal_expectations(bucket_law(config=config, bucket=config.buckets[0]).deal)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"unspent_reserves": "idle"},
        {"exit_law": LOGNORMAL},
        {"exit_law": {"law": "lognormal_pareto", "tail_index": 0.8, "multiple_cap": 5000}},
        {"exit_law": {"law": "pareto", "multiple_cap": 300}},
        {"failure_recovery": {"threshold": 0.0, "maximum": 1.0}},
    ],
    ids=["default", "idle reserves", "lognormal", "heavy tail", "pareto", "full recovery"],
)
def test_mean_and_win_probability_agree_with_the_law_written_out(
    stage: str, changes: dict[str, Any]
) -> None:
    bucket = bucket_data(stage, risk_multiplier=1.1, return_multiplier=0.9)
    data = config_data(buckets=[bucket], **changes)
    values, weights = deal_distribution(data, bucket)
    found = expectations(data)
    # Midpoint rules on both sides with steps of 1/512 and 4.5e-4 of the rank normal.
    assert found.multiple == pytest.approx(float(values @ weights), rel=2e-6)
    assert found.win_probability == pytest.approx(
        win_probability(data, bucket, hurdle=10), rel=1e-6
    )


def test_published_means_and_win_probabilities_by_stage() -> None:
    # Reported for the default parameters: mean 1.6291 1.8754 1.9172 1.8360 and
    # win probability .02675 .02757 .02403 .01896, to the digits given.
    published = {
        "seed": (1.6291, 0.02675),
        "series_a": (1.8754, 0.02757),
        "series_b": (1.9172, 0.02403),
        "series_c": (1.8360, 0.01896),
    }
    for stage, (mean, winning) in published.items():
        found = expectations(config_data(buckets=[bucket_data(stage)]))
        assert found.multiple == pytest.approx(mean, abs=1e-4)
        assert found.win_probability == pytest.approx(winning, abs=1e-5)


def test_mean_without_reserves_worked_by_hand() -> None:
    # One stage, exit .4 or fail .6 at once, no reserves. Recovery: ranks above .5 of failures,
    # up to .8, so on average .8 * .5 / 2 = .2. Exits: lognormal with median 2 and P90 2 e^1.2816,
    # that is a standard deviation of the logarithm of 1 and a mean of 2 e^.5 = 3.297443.
    # Mean .6 * .2 + .4 * 3.297443 = 1.438977
    stage = {
        "exit_probability": 0.4,
        "graduate_probability": 0.0,
        "fail_probability": 0.6,
        "exit_multiple_median": 2.0,
        "exit_multiple_p90": 2.0 * 3.602224,  # e^1.2815516
        "step_up": None,
        "years_per_round": 1.0,
    }
    data = config_data(
        stages={"series_c": stage},
        exit_law=LOGNORMAL,
        failure_recovery={"threshold": 0.5, "maximum": 0.8},
        buckets=[bucket_data("series_c", reserve_ratio=0.0)],
    )
    found = expectations(data)
    # P90 is given to seven digits.
    assert found.multiple == pytest.approx(0.12 + 0.4 * 2 * np.exp(0.5), rel=1e-6)
    # Winning needs ln 5 = 1.609438 deviations: .4 * .0537608 = .0215043
    assert found.win_probability == pytest.approx(0.4 * 0.0537608, rel=1e-5)


def test_mean_of_a_pareto_law_worked_by_hand() -> None:
    # Every deal exits at once, no reserves. Tail index 1 from 1 to 100: the median is
    # 1 / .505 = 1.980198, P90 1 / .109 = 9.174312, the mean ln(100) / .99 = 4.651687 and
    # P(X >= 10) = (.1 - .01) / .99 = 1 / 11.
    stages = {"series_c": stage_data(1.0, 0.0, 0.0, 1 / 0.505, 1 / 0.109, None, 1.0)}
    data = config_data(
        stages=stages,
        exit_law={"law": "pareto", "multiple_cap": 100},
        buckets=[bucket_data("series_c", reserve_ratio=0.0)],
    )
    found = expectations(data)
    # Median and P90 are rounded to 1e-6.
    assert found.multiple == pytest.approx(np.log(100) / 0.99, rel=2e-6)
    assert found.win_probability == pytest.approx(1 / 11, rel=2e-6)


def test_diversification_does_not_change_the_mean() -> None:
    means = {
        expectations(config_data(buckets=[bucket_data(reference_deals=deals)])).multiple
        for deals in (1.0, 2.5, 10.0, 200.0)
    }
    assert len(means) == 1


def test_no_win_is_possible_below_a_cap_under_the_hurdle() -> None:
    data = config_data(
        exit_law={"law": "lognormal_pareto", "tail_index": 1.5, "multiple_cap": 14},
        financing={**config_data()["financing"], "pro_rata_participation": 0.0},
        unspent_reserves="idle",
        buckets=[bucket_data("seed")],
    )
    # At best 14 per initial dollar of 2 allocated: 7x, below the 10x that counts as a win.
    assert expectations(data).win_probability == 0.0
