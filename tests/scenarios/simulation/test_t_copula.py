"""Scenarios under the t copula: marginals as ever, extremes together."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.configuration.parameters import GAUSSIAN, Copula
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.variance.variance_shares import (
    measured_bucket_shares,
    measured_variance_shares,
)
from tests.scenarios.simulation.plain_law import (
    ending_probabilities,
    exit_multiple,
    standardised_regimes,
    win_probability,
)
from tests.scenarios.simulation.sample_config import ENTRY_STAGES, bucket_data, config_data

Floats = NDArray[np.float64]
DEALS = 400_000
SHARES = {"macro": 0.3, "bucket": 0.25, "idiosyncratic": 0.45}
"""At the level of deals they are squared loadings: nothing is calibrated."""


def t_data(degrees: int, *, shares: Any = SHARES, **changes: Any) -> dict[str, Any]:
    dependence = {
        **config_data()["dependence"],
        "variance_shares": shares,
        "copula": {"family": "t", "degrees_of_freedom": degrees},
    }
    if isinstance(shares, dict):
        dependence["share_level"] = "deal"
    return config_data(dependence=dependence, **changes)


def single_deal(stage: str = "seed", sector: str = "saas", **changes: Any) -> dict[str, Any]:
    return bucket_data(stage, sector, reference_deals=1.0, cheque_variation=0.0, **changes)


def drawn(data: dict[str, Any], *, count: int = DEALS) -> tuple[ScenarioModel, Floats]:
    model = build_model(parse_config(data))
    multiples = model.multiples(sample=Sample.VALIDATION, first_scenario=0, count=count)
    return model, multiples.astype(np.float64)


@pytest.mark.parametrize("degrees", [3, 8, 100])
def test_marginals_are_those_of_the_law(degrees: int) -> None:
    # Without reserves and recovery a failure returns 0 and an exit its own multiple.
    buckets = [single_deal(stage, reserve_ratio=0.0) for stage in ENTRY_STAGES]
    data = t_data(degrees, buckets=buckets, failure_recovery={"threshold": 0.5, "maximum": 0.0})
    model, multiples = drawn(data)
    for bucket, row in zip(
        buckets, (model.bucket_keys.index(b["key"]) for b in buckets), strict=True
    ):
        failing = sum(ending_probabilities(data, bucket, exited=False).values())
        deviation = np.sqrt(failing * (1 - failing) / DEALS)
        assert np.mean(multiples[row] == 0) == pytest.approx(failing, abs=4 * deviation)
        exits = multiples[row][multiples[row] > 0]
        stage = data["stages"][bucket["stage"]]
        for level, quantile in (
            (0.5, stage["exit_multiple_median"]),
            (0.9, stage["exit_multiple_p90"]),
        ):
            # The share of exits below a quantile is the level, give or take four deviations.
            deviation = np.sqrt(level * (1 - level) / len(exits))
            assert np.mean(exits < quantile) == pytest.approx(level, abs=4 * deviation)


@pytest.mark.parametrize("degrees", [3, 20])
def test_ranks_of_exits_are_uniform(degrees: int) -> None:
    data = t_data(
        degrees,
        buckets=[single_deal("series_c", reserve_ratio=0.0)],
        exit_law={"law": "lognormal", "tail_index": None, "multiple_cap": None},
        failure_recovery={"threshold": 0.5, "maximum": 0.0},
    )
    _, multiples = drawn(data, count=100_000)
    exits = multiples[multiples > 0]
    stage = data["stages"]["series_c"]
    log_median, log_p90 = np.log([stage["exit_multiple_median"], stage["exit_multiple_p90"]])
    sigma = (log_p90 - log_median) / stats.norm.ppf(0.9)
    ranks = stats.norm.cdf((np.log(exits) - log_median) / sigma)
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("degrees", [3, 8, 100])
@pytest.mark.parametrize("sampling", ["iid", "antithetic", "sobol"])
def test_mean_and_wins_are_the_exact_ones(degrees: int, sampling: str) -> None:
    data = t_data(degrees, buckets=[single_deal(stage) for stage in ENTRY_STAGES])
    model = build_model(parse_config({**data, "sampling": sampling}))
    multiples = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=DEALS).astype(
        np.float64
    )
    for row, bucket in enumerate(model.buckets):
        values = multiples[row]
        # Other ways of sampling spread less than independent scenarios, never more by a tenth.
        deviation = 1.1 * np.std(values) / np.sqrt(DEALS)
        assert values.mean() == pytest.approx(model.expected_multiples[row], abs=4 * deviation)
        wins = win_probability(data, single_deal(bucket.stage), hurdle=10)
        assert model.deal_win_probabilities[row] == pytest.approx(wins, rel=1e-5)
        deviation = 1.1 * np.sqrt(wins / DEALS)
        assert np.mean(values >= 10) == pytest.approx(wins, abs=4 * deviation)


@pytest.mark.parametrize("degrees", [3, 30])
@pytest.mark.parametrize("failing", [0.0, 1e-6, 0.02, 0.98, 0.999])
def test_law_holds_however_rare_failures_or_exits_are(degrees: int, failing: float) -> None:
    stage = {**config_data()["stages"]["series_c"], "graduate_probability": 0.0}
    stage |= {"fail_probability": failing, "exit_probability": 1.0 - failing}
    data = t_data(degrees, buckets=[single_deal("series_c", reserve_ratio=0.0)])
    data["stages"]["series_c"] = stage
    data["failure_recovery"] = {"threshold": 0.5, "maximum": 0.0}
    model, multiples = drawn(data)
    deviation = np.sqrt(failing * (1 - failing) / DEALS)
    assert np.mean(multiples == 0) == pytest.approx(failing, abs=4 * deviation + 1e-5)
    exits = multiples[multiples > 0]
    for level, quantile in ((0.5, 1.65), (0.9, 5.5)):
        spread = np.sqrt(level * (1 - level) / len(exits))
        assert np.mean(exits < quantile) == pytest.approx(level, abs=4 * spread)
    spread = np.std(multiples) / np.sqrt(DEALS)
    assert multiples.mean() == pytest.approx(model.expected_multiples[0], abs=4 * spread)


def test_recycling_works_under_the_t_copula() -> None:
    recycling = {
        "utilization_fraction": 1.0,
        "cost_multiple": 1.0,
        "max_deals": 3,
        "deadline_years": 10.0,
        "vintage_correlation": 0.5,
    }
    data = t_data(4, buckets=[bucket_data("series_c")], recycling=recycling)
    model, multiples = drawn(data, count=60_000)
    spread = np.std(multiples) / np.sqrt(60_000)
    error = np.hypot(spread, model.expected_multiple_standard_errors[0])
    assert multiples.mean() == pytest.approx(model.expected_multiples[0], abs=4 * error)
    plain = build_model(parse_config({**data, "recycling": None}))
    assert model.expected_multiples[0] > plain.expected_multiples[0]


def test_exact_values_do_not_depend_on_the_copula() -> None:
    gaussian = build_model(parse_config(config_data()))
    heavy = build_model(parse_config(t_data(4)))
    np.testing.assert_array_equal(heavy.expected_multiples, gaussian.expected_multiples)
    np.testing.assert_array_equal(heavy.deal_win_probabilities, gaussian.deal_win_probabilities)


def plain_scores(
    data: dict[str, Any], degrees: int, *, scenarios: int, seed: int
) -> tuple[Floats, Floats]:
    """Scores of one deal in each of two buckets of a stage, step by step with numpy's generator."""
    generator = np.random.default_rng(seed)
    regimes = standardised_regimes(data)
    label = generator.choice(len(regimes), size=scenarios, p=[p for p, _, _ in regimes])
    low = np.array([low for _, low, _ in regimes])[label]
    high = np.array([high for _, _, high in regimes])[label]
    macro = generator.uniform(low, high)
    stage = generator.standard_normal(scenarios)
    scale = np.sqrt(degrees / generator.chisquare(degrees, scenarios))
    scores = []
    for _ in range(2):
        rest = np.sqrt(0.8) * generator.standard_normal(scenarios)
        common = np.sqrt(0.2) * stage + rest
        own = generator.standard_normal(scenarios)
        scores.append(scale * (np.sqrt(0.3) * macro + np.sqrt(0.25) * common + np.sqrt(0.45) * own))
    return scores[0], scores[1]


def both_best(one: Floats, other: Floats, level: float) -> float:
    """The share of scenarios in which both are among their best, over that of one alone."""
    both = (one >= np.quantile(one, level)) & (other >= np.quantile(other, level))
    return float(np.mean(both)) / (1 - level)


@pytest.mark.parametrize("degrees", [3, 6])
def test_best_deals_of_two_buckets_come_together_as_in_a_plain_simulation(degrees: int) -> None:
    buckets = [single_deal("series_c", sector, reserve_ratio=0.0) for sector in ("saas", "fintech")]
    data = t_data(degrees, buckets=buckets)
    _, multiples = drawn(data)
    one, other = plain_scores(data, degrees, scenarios=DEALS, seed=11)
    (failing,) = {sum(ending_probabilities(data, b, exited=False).values()) for b in buckets}
    for level in (0.95, 0.995):
        rank = (level - failing) / (1 - failing)
        threshold = exit_multiple(data, buckets[0], stats.norm.ppf(np.array([rank])))[0]
        found = np.mean(np.all(multiples >= threshold, axis=0)) / (1 - level)
        expected = both_best(one, other, level)
        # Both are frequencies of about .2 to .4 among 400,000 (1 - level) scenarios.
        deviation = np.sqrt(2 * expected / (DEALS * (1 - level)))
        assert found == pytest.approx(expected, abs=4 * deviation)
        # Under the Gaussian copula the dependence of the best fades with the level.
        plain = both_best(*plain_scores(data, 10**9, scenarios=DEALS, seed=12), level)
        assert found > plain + 4 * deviation


def test_scenarios_do_not_depend_on_chunks_counts_or_order() -> None:
    buckets = [bucket_data("seed"), bucket_data("series_b", "fintech")]
    data = t_data(5, buckets=buckets)
    model = build_model(parse_config(data))
    whole = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=300)
    for first, count in ((0, 7), (5, 64), (299, 1)):
        part = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=first, count=count)
        np.testing.assert_array_equal(part, whole[:, first : first + count], strict=True)
    turned = build_model(parse_config({**data, "buckets": buckets[::-1]}))
    again = turned.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=300)
    np.testing.assert_array_equal(again, whole, strict=True)


@pytest.mark.parametrize("degrees", [4, 10])
def test_entries_have_the_shares_asked_for_under_the_t_copula(degrees: int) -> None:
    data = t_data(degrees, shares={"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25})
    data["dependence"]["share_level"] = "entry"
    data["buckets"] = [bucket_data("seed"), bucket_data("series_c")]
    model = build_model(parse_config(data))
    for shares in measured_bucket_shares(model=model, scenarios=30_000):
        found = (shares.macro, shares.bucket, shares.idiosyncratic)
        np.testing.assert_allclose(found, (0.5, 0.25, 0.25), rtol=0, atol=0.02)


def test_market_preset_holds_under_a_t_copula_of_many_degrees() -> None:
    model = build_model(parse_config(t_data(60, shares="market")))
    shares = measured_variance_shares(model=model, scenarios=30_000)
    found = (shares.macro, shares.bucket, shares.idiosyncratic)
    np.testing.assert_allclose(found, (0.5, 0.25, 0.25), rtol=0, atol=0.02)
    gaussian = build_model(parse_config(config_data()))
    assert model.loadings[0].macro_squared < gaussian.loadings[0].macro_squared


def test_common_scale_alone_can_be_more_macro_than_a_preset_asks_for() -> None:
    with pytest.raises(InvalidInput) as refused:
        build_model(parse_config(t_data(4, shares="calm")))
    (fault,) = refused.value.faults
    assert (fault.path, fault.code) == ("dependence.variance_shares", "SHARES_UNATTAINABLE")
    assert "cannot hold in the reference portfolio" in fault.message
    assert "under the t copula counts as macro" in fault.message


def test_copula_is_read_and_kept() -> None:
    config = parse_config(t_data(7))
    assert config.dependence.copula == Copula(family="t", degrees_of_freedom=7)
    assert parse_config(config.canonical_json()) == config


@pytest.mark.parametrize(
    "copula", [None, {"family": "gaussian"}, {"family": "gaussian", "degrees_of_freedom": None}]
)
def test_gaussian_copula_is_the_default_and_left_out(copula: Any) -> None:
    data = config_data()
    data["dependence"]["copula"] = copula
    config = parse_config(data)
    assert config.dependence.copula == GAUSSIAN
    assert config.canonical_json() == parse_config(config_data()).canonical_json()
    assert key(config) == key(parse_config(config_data()))


def key(config: ScenarioConfig) -> str:
    return matrix_key(config=config, scenarios=400, sample=Sample.OPTIMIZATION)


def test_every_copula_has_its_own_key() -> None:
    gaussian = t_data(7)
    del gaussian["dependence"]["copula"]
    keys = {key(parse_config(data)) for data in (gaussian, t_data(7), t_data(8))}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("copula", "path", "code"),
    [
        ({"family": "clayton"}, "family", "NOT_A_CHOICE"),
        ({}, "family", "REQUIRED"),
        ({"family": "t"}, "degrees_of_freedom", "COPULA"),
        ({"family": "t", "degrees_of_freedom": 2}, "degrees_of_freedom", "OUT_OF_RANGE"),
        ({"family": "t", "degrees_of_freedom": 101}, "degrees_of_freedom", "OUT_OF_RANGE"),
        ({"family": "t", "degrees_of_freedom": 4.5}, "degrees_of_freedom", "NOT_AN_INTEGER"),
        ({"family": "gaussian", "degrees_of_freedom": 5}, "degrees_of_freedom", "COPULA"),
        ({"family": "gaussian", "nu": 5}, "nu", "UNKNOWN_FIELD"),
    ],
)
def test_faulty_copula_is_refused_by_field(copula: Any, path: str, code: str) -> None:
    data = config_data()
    data["dependence"]["copula"] = copula
    with pytest.raises(InvalidInput) as refused:
        parse_config(data)
    found = [(fault.path, fault.code) for fault in refused.value.faults]
    assert found == [(f"dependence.copula.{path}", code)]
