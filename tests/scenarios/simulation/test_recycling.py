"""Early exits that are invested again: how much, in what, and that no money appears."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import SCENARIOS_AT_ONCE, ScenarioModel, build_model
from scenarios.simulation.randomness.random_words import PURPOSES
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.randomness.stream import Stream
from scenarios.simulation.recycling.recycled_deals import RecycledParts
from tests.scenarios.simulation.cell_probabilities import Floats, cell_probabilities
from tests.scenarios.simulation.plain_cash_flows import expected_proceeds, time_law
from tests.scenarios.simulation.plain_recycling import simulated_entries
from tests.scenarios.simulation.sample_config import (
    ENTRY_STAGES,
    bucket_data,
    config_data,
    sample_config,
)

HALF_IN_THREE = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1.0,
    "max_deals": 3,
    "deadline_years": 6,
}
SEVERAL = [bucket_data("seed"), bucket_data("series_b", "fintech", reference_deals=3.7)]
DRAWN: dict[str, Any] = {"sample": Sample.VALIDATION, "first_scenario": 0, "count": 4000}


def model_of(recycling: dict[str, Any] | None, **changes: Any) -> ScenarioModel:
    """With a seed, so that models with and without recycling share their random numbers."""
    return build_model(sample_config(seed=5, recycling=recycling, **changes))


def parts_of(model: ScenarioModel, *, scenarios: int = 4000) -> list[RecycledParts]:
    purpose = PURPOSES[Sample.VALIDATION]
    stream = Stream(
        macro_purpose=purpose,
        factor_purpose=purpose,
        deal_purpose=purpose,
        first_scenario=0,
        count=scenarios,
    )
    assert model.recycled is not None
    return list(model.recycled.parts(stream))


@pytest.mark.parametrize(
    "field", ["utilization_fraction", "cost_multiple", "max_deals", "deadline_years"]
)
def test_recycling_of_nothing_is_no_recycling(field: str) -> None:
    plain, nothing = sample_config(), sample_config(recycling={**HALF_IN_THREE, field: 0})
    assert nothing == plain
    assert nothing.canonical_json() == plain.canonical_json()
    keys = {
        matrix_key(config=config, scenarios=400, sample=Sample.OPTIMIZATION)
        for config in (plain, nothing)
    }
    assert len(keys) == 1
    one, other = (build_model(config).multiples(**DRAWN) for config in (plain, nothing))
    assert one.tobytes() == other.tobytes()


def test_recycling_is_part_of_the_law_and_of_the_key() -> None:
    config = sample_config(recycling=HALF_IN_THREE)
    assert config.canonical_json()["recycling"] == {**HALF_IN_THREE, "vintage_correlation": 0.5}
    assert parse_config(config.canonical_json()) == config
    keys = {
        matrix_key(config=config, scenarios=400, sample=Sample.OPTIMIZATION)
        for config in (
            config,
            sample_config(),
            sample_config(recycling={**HALF_IN_THREE, "vintage_correlation": 0.4}),
        )
    }
    assert len(keys) == 3


def test_entry_gains_what_recycled_money_earns_and_no_more() -> None:
    recycled = model_of(HALF_IN_THREE)
    gained = recycled.multiples(**DRAWN).astype(float) - model_of(None).multiples(**DRAWN)
    earned = np.array([parts.recycled * (parts.new_multiples - 1) for parts in parts_of(recycled)])
    # Both matrices are rounded to float32; over 48,000 entries that averages out.
    np.testing.assert_allclose(gained, earned, rtol=0, atol=1e-5)
    assert gained.mean() == pytest.approx(earned.mean(), rel=0, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    utilization=st.floats(0.01, 1),
    cost_multiple=st.floats(0.01, 10),
    max_deals=st.integers(1, 100),
    deadline=st.floats(0.5, 16),
    correlation=st.floats(0, 1),
    reference_deals=st.floats(1, 30),
    unspent=st.sampled_from(["returned", "idle"]),
)
def test_recycled_money_comes_from_early_exits_and_keeps_every_cap(
    utilization: float,
    cost_multiple: float,
    max_deals: int,
    deadline: float,
    correlation: float,
    reference_deals: float,
    unspent: str,
) -> None:
    model = model_of(
        {
            "utilization_fraction": utilization,
            "cost_multiple": cost_multiple,
            "max_deals": max_deals,
            "deadline_years": deadline,
            "vintage_correlation": correlation,
        },
        buckets=[bucket_data("seed", reference_deals=reference_deals)],
        unspent_reserves=unspent,
    )
    (parts,) = parts_of(model, scenarios=500)
    # The configuration is rounded to 1e-6.
    assert np.all(parts.recycled <= (utilization + 1e-6) * parts.multiples)
    assert np.all(parts.recycled <= cost_multiple + 1e-6)
    assert np.all(parts.recycled <= max_deals / (reference_deals - 1e-6))
    assert np.all(parts.recycled >= 0)
    entries = parts.with_recycling()
    assert np.all(np.isfinite(entries))
    assert np.all(entries >= 0)


def early_table_and_probabilities(stage: str, deadline: float) -> tuple[Floats, Floats]:
    data = config_data(
        buckets=[bucket_data(stage)], recycling={**HALF_IN_THREE, "deadline_years": deadline}
    )
    model = build_model(parse_config(data))
    assert model.recycled is not None
    early = model.recycled.entries[0].early_proceeds.astype(float)
    return early.reshape(-1, 16), cell_probabilities(model, data)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
@pytest.mark.parametrize("deadline", [3.0, 6.0, 16.0])
def test_early_proceeds_are_those_of_exits_up_to_the_deadline(stage: str, deadline: float) -> None:
    table, probabilities = early_table_and_probabilities(stage, deadline)
    data, bucket = config_data(), bucket_data(stage)
    expected = 0.0
    for graduations, value in expected_proceeds(data, bucket, exited=True).items():
        law = time_law(data, bucket, exited=True, graduations=graduations)
        expected += value * float(law.cdf(deadline)) / (1 + bucket["reserve_ratio"])
    # Sixteen places a cell resolve score, path and time to about a thousandth of the money.
    assert probabilities @ table.mean(axis=1) == pytest.approx(expected, abs=2e-3)


def test_one_deal_recycles_by_hand() -> None:
    # One reference deal, at most 2 new ones, so at most 2 per dollar; half of an early exit.
    model = model_of(
        {**HALF_IN_THREE, "cost_multiple": 10, "max_deals": 2, "deadline_years": 16},
        buckets=[bucket_data("series_c", reference_deals=1.0, reserve_ratio=0.0)],
    )
    (parts,) = parts_of(model)
    # Without reserves a deal that returns more than a failure's .8 has exited, nearly always
    # within 16 years; it recycles half of that, at most 2.
    has_exited = parts.multiples > 0.8
    half = np.minimum(0.5 * parts.multiples, 2.0)
    is_early = np.isclose(parts.recycled, half, rtol=1e-6)
    assert np.mean(is_early[has_exited]) > 0.99
    assert np.all(parts.recycled[~is_early] == 0)
    assert parts.recycled.max() == 2.0


def test_unrelated_vintages_multiply_their_means() -> None:
    model = model_of(
        {**HALF_IN_THREE, "vintage_correlation": 0.0}, buckets=[bucket_data("series_a")]
    )
    (parts,) = parts_of(model, scenarios=SCENARIOS_AT_ONCE)
    worth = parts.recycled * (parts.new_multiples - model.exact_multiples[0])
    standard_error = worth.std() / np.sqrt(len(worth))
    assert abs(worth.mean()) < 4 * standard_error


def test_recycled_money_earns_more_the_closer_the_vintages() -> None:
    worth = []
    for correlation in (0.0, 0.5, 1.0):
        parts = parts_of(
            model_of({**HALF_IN_THREE, "vintage_correlation": correlation}, buckets=SEVERAL),
            scenarios=SCENARIOS_AT_ONCE,
        )
        worth.append(sum(float(part.gain().mean()) for part in parts))
    assert worth[0] < worth[1] < worth[2]


def test_expected_multiples_are_exact_without_recycling_and_estimated_with_it() -> None:
    plain, recycled = model_of(None, buckets=SEVERAL), model_of(HALF_IN_THREE, buckets=SEVERAL)
    np.testing.assert_array_equal(plain.expected_multiples, plain.exact_multiples)
    np.testing.assert_array_equal(plain.expected_multiple_standard_errors, [0, 0])
    np.testing.assert_array_equal(recycled.exact_multiples, plain.exact_multiples)
    assert np.all(recycled.expected_multiple_standard_errors > 0)
    gain = recycled.expected_multiples - plain.expected_multiples
    drawn = np.array([parts.gain() for parts in parts_of(recycled, scenarios=60_000)])
    own_error = drawn.std(axis=1) / np.sqrt(60_000)
    error = np.hypot(own_error, recycled.expected_multiple_standard_errors)
    assert np.all(np.abs(gain - drawn.mean(axis=1)) < 4 * error)
    # Both standard errors are of means over about 60,000 scenarios.
    ratio = recycled.expected_multiple_standard_errors / own_error
    np.testing.assert_allclose(ratio, np.sqrt(60_000 / 65_536), rtol=0.2)


@pytest.mark.parametrize("sampling", ["iid", "antithetic", "sobol"])
def test_any_chunk_is_the_same_columns_of_the_whole(sampling: str) -> None:
    model = model_of(HALF_IN_THREE, buckets=SEVERAL, sampling=sampling)
    whole = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=600)
    for first, count in ((0, 1), (0, 400), (7, 13), (255, 345)):
        chunk = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=first, count=count)
        np.testing.assert_array_equal(chunk, whole[:, first : first + count], strict=True)


def test_bucket_is_the_same_whatever_others_are_there() -> None:
    several = model_of(HALF_IN_THREE, buckets=SEVERAL)
    alone = model_of(HALF_IN_THREE, buckets=SEVERAL[1:])
    np.testing.assert_array_equal(
        several.multiples(**DRAWN)[1], alone.multiples(**DRAWN)[0], strict=True
    )


def test_samples_share_no_number() -> None:
    model = model_of({**HALF_IN_THREE, "vintage_correlation": 0.0}, buckets=SEVERAL[:1])
    assert model.recycled is not None
    drawn = []
    for sample in (1, 2, 21):
        stream = Stream(
            macro_purpose=sample,
            factor_purpose=sample,
            deal_purpose=sample,
            first_scenario=0,
            count=2000,
        )
        (parts,) = model.recycled.parts(stream)
        drawn += [np.sqrt(parts.multiples), np.sqrt(parts.new_multiples)]
    correlations = np.corrcoef(drawn)[np.triu_indices(6, 1)]
    # 2,000 independent scenarios: standard error .022 each.
    assert np.max(np.abs(correlations)) < 5 * 0.022


def test_both_vintages_of_a_scenario_share_the_scale_of_the_t_copula() -> None:
    # Without loadings a scenario's deals have only its scale in common: extreme outcomes, failures
    # and large exits, come together in both vintages although no factor ties them.
    dependence = {
        **config_data()["dependence"],
        "variance_shares": {"macro": 0.0, "bucket": 0.0, "idiosyncratic": 1.0},
        "share_level": "deal",
        "copula": {"family": "t", "degrees_of_freedom": 3},
    }
    spreads = []
    for family in ({"family": "gaussian"}, {"family": "t", "degrees_of_freedom": 3}):
        model = model_of(
            {**HALF_IN_THREE, "max_deals": 50, "vintage_correlation": 0.0},
            buckets=[bucket_data("series_c", reference_deals=50.0, cheque_variation=0.0)],
            dependence={**dependence, "copula": family},
        )
        (parts,) = parts_of(model, scenarios=20_000)
        distances = [
            np.abs(multiples - np.median(multiples))
            for multiples in (parts.multiples, parts.new_multiples)
        ]
        first, later = (stats.rankdata(each) for each in distances)
        spreads.append(np.corrcoef(first, later)[0, 1])
    # Standard error of a rank correlation of 20,000: .007.
    assert abs(spreads[0]) < 5 * 0.007
    assert spreads[1] > 5 * 0.007


@pytest.mark.parametrize(
    ("stage", "recycling"),
    [
        ("seed", {**HALF_IN_THREE, "vintage_correlation": 0.5}),
        ("series_b", {**HALF_IN_THREE, "cost_multiple": 0.3, "vintage_correlation": 0.9}),
    ],
)
def test_entries_are_those_of_the_plain_law(stage: str, recycling: dict[str, Any]) -> None:
    bucket = bucket_data(stage, reference_deals=4.0, cheque_variation=0.0)
    data = config_data(buckets=[bucket], recycling=recycling)
    plain = simulated_entries(data, deals=4, scenarios=30_000, seed=8)
    (parts,) = parts_of(build_model(parse_config(data)), scenarios=100_000)
    drawn = parts.with_recycling().astype(float)
    for ours, theirs in (
        (parts.recycled, plain.recycled),
        (parts.gain(), plain.recycled * (plain.new - 1)),
        (np.minimum(drawn, 10), np.minimum(plain.with_recycling, 10)),
        (drawn < 1, plain.with_recycling < 1),
    ):
        error = np.hypot(np.std(ours) / np.sqrt(100_000), np.std(theirs) / np.sqrt(30_000))
        assert abs(np.mean(ours) - np.mean(theirs)) < 4 * error
    assert stats.ks_2samp(drawn, plain.with_recycling).pvalue > 1e-4
