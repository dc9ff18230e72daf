"""Drawn deals have the marginals that were asked for, whatever the dependence.

A deal without reserves returns its exit multiple, so the marginals can be read off the matrix.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.plain_law import (
    deal_distribution,
    ending_probabilities,
    simulated_deals,
)
from tests.scenarios.simulation.sample_config import ENTRY_STAGES, bucket_data, config_data

DEALS = 400_000
PRESETS = ("market", "calm", "crisis_prone")


def drawn_deals(data: dict[str, Any], *, deals: int = DEALS) -> NDArray[np.float64]:
    """(deals,) multiples of the only bucket, one deal a scenario."""
    bucket = data["buckets"][0]
    single = {**data, "buckets": [{**bucket, "reference_deals": 1.0, "cheque_variation": 0.0}]}
    model = build_model(parse_config(single))
    drawn = model.multiples(sample=Sample.VALIDATION, first_scenario=0, count=deals)
    row: NDArray[np.float64] = drawn[0].astype(np.float64)
    return row


def with_preset(preset: str, **changes: Any) -> dict[str, Any]:
    data = config_data(**changes)
    data["dependence"]["variance_shares"] = preset
    return data


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_median_p90_and_failure_mass_are_those_given(stage: str, preset: str) -> None:
    assert_marginals_as_given(stage, preset)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_median_p90_and_failure_mass_are_those_given_under_pareto(stage: str) -> None:
    assert_marginals_as_given(stage, "market", exit_law={"law": "pareto", "multiple_cap": 300})


def assert_marginals_as_given(stage: str, preset: str, **changes: Any) -> None:
    bucket = bucket_data(stage, reserve_ratio=0.0)
    data = with_preset(
        preset, buckets=[bucket], failure_recovery={"threshold": 0.5, "maximum": 0.0}, **changes
    )
    deals = drawn_deals(data)
    exits = deals[deals > 0]
    parameters = data["stages"][stage]
    # One deal a scenario: the deals are independent, 137,000 to 266,000 of them exits.
    # Standard error of the median about 1.25 * 1.4 / sqrt(137,000) = 0.5 %, of P90 0.7 %.
    assert np.quantile(exits, 0.5) == pytest.approx(parameters["exit_multiple_median"], rel=0.015)
    assert np.quantile(exits, 0.9) == pytest.approx(parameters["exit_multiple_p90"], rel=0.02)
    failing = sum(ending_probabilities(data, bucket, exited=False).values())
    standard_error = np.sqrt(failing * (1 - failing) / DEALS)
    assert np.mean(deals == 0) == pytest.approx(failing, abs=3.5 * standard_error)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_sample_mean_agrees_with_the_exact_mean(stage: str) -> None:
    data = config_data(buckets=[bucket_data(stage)])
    deals = drawn_deals(data)
    exact = build_model(parse_config(data)).expected_multiples[0]
    assert deals.mean() == pytest.approx(exact, abs=4 * deals.std() / np.sqrt(DEALS))


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_sample_win_frequency_agrees_with_the_exact_probability(stage: str) -> None:
    data = config_data(buckets=[bucket_data(stage)])
    exact = build_model(parse_config(data)).deal_win_probabilities[0]
    standard_error = np.sqrt(exact * (1 - exact) / DEALS)
    assert np.mean(drawn_deals(data) >= 10) == pytest.approx(exact, abs=4 * standard_error)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"unspent_reserves": "idle"},
        {"exit_law": {"law": "lognormal", "tail_index": None, "multiple_cap": None}},
        {"exit_law": {"law": "pareto", "tail_index": None, "multiple_cap": 100}},
    ],
    ids=["default", "idle reserves", "lognormal", "pareto"],
)
def test_distribution_of_multiples_agrees_with_an_independent_simulation(
    changes: dict[str, Any],
) -> None:
    bucket = bucket_data("series_a", risk_multiplier=1.2, return_multiplier=1.1)
    data = with_preset("crisis_prone", buckets=[bucket], **changes)
    ours = drawn_deals(data, deals=100_000)
    plain = simulated_deals(data, bucket, deals=100_000, seed=20)
    # Values with a probability of their own (a failure that recovers nothing) are rounded
    # differently in float32: compare on a grid of five digits. The 1e-5 quantile of the
    # two-sample Kolmogorov-Smirnov distance is 2.47 * sqrt(2 / 100,000) = 0.0110.
    distance = stats.ks_2samp(ours.round(5), plain.multiples.round(5)).statistic
    assert distance < 0.0110


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_distribution_of_multiples_agrees_with_the_exact_one(stage: str) -> None:
    bucket = bucket_data(stage)
    data = config_data(buckets=[bucket])
    deals = np.sort(drawn_deals(data))
    values, weights = deal_distribution(data, bucket)
    thresholds = np.array([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0])
    found = np.searchsorted(deals, thresholds) / DEALS
    exact = np.array([weights[values < threshold].sum() for threshold in thresholds])
    # 44 comparisons: 4.5 standard errors are exceeded by chance once in 3,000 runs of all.
    standard_errors = np.sqrt(exact * (1 - exact) / DEALS)
    assert np.all(np.abs(found - exact) <= 4.5 * standard_errors + 1e-5)


def test_pooled_financings_reproduce_the_published_outcome_table() -> None:
    # Correlation Ventures, 21,640 US financings exited 2004-2013 (S. Levine, "Venture Outcomes
    # are Even More Skewed Than You Think", 2014): share of financings by multiple, in per cent,
    # at a stage mix of 30 % Seed, 30 % A, 22 % B, 18 % C.
    published = np.array([64.8, 25.3, 5.9, 2.5, 1.1, 0.4])
    mix = {"seed": 0.30, "series_a": 0.30, "series_b": 0.22, "series_c": 0.18}
    blend = np.zeros(6)
    for stage, share in mix.items():
        deals = drawn_deals(config_data(buckets=[bucket_data(stage, reserve_ratio=0.0)]))
        counts, _ = np.histogram(deals, bins=[0, 1, 5, 10, 20, 50, np.inf])
        blend += 100 * share * counts / DEALS
    # Standard error of the shares at most 0.04 percentage points.
    np.testing.assert_allclose(blend, published, rtol=0, atol=1.0)


@pytest.mark.parametrize("preset", PRESETS)
def test_dependence_moves_no_mean_and_no_win_probability(preset: str) -> None:
    found = build_model(parse_config(with_preset(preset)))
    default = build_model(parse_config(config_data()))
    np.testing.assert_array_equal(found.expected_multiples, default.expected_multiples)
    np.testing.assert_array_equal(found.deal_win_probabilities, default.deal_win_probabilities)
