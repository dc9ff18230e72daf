"""Ways of sampling the systemic factors: what is paired, what is even, what stays independent."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.configuration.parameters import FactorShares, SamplingName
from scenarios.simulation.dependence.bucket_factors import SharedFactors
from scenarios.simulation.dependence.variance_presets import Loadings
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.random_words import Role, name_word
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.randomness.sobol_sequence import sobol_words
from scenarios.simulation.randomness.stream import Stream
from tests.scenarios.simulation.randomness.test_random_words import philox
from tests.scenarios.simulation.sample_config import bucket_data, config_data, sample_config

IID, ANTITHETIC, SOBOL = (
    build_model(sample_config(sampling=sampling)) for sampling in ("iid", "antithetic", "sobol")
)
every_mode = pytest.mark.parametrize(
    "model", [IID, ANTITHETIC, SOBOL], ids=["iid", "antithetic", "sobol"]
)
WHOLE = {
    model.sampling: model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=600)
    for model in (IID, ANTITHETIC, SOBOL)
}


def stream(sampling: SamplingName, count: int, *, purpose: int = 1) -> Stream:
    return Stream(
        macro_purpose=purpose,
        factor_purpose=purpose,
        deal_purpose=purpose,
        first_scenario=0,
        count=count,
        sampling=sampling,
    )


def shared_scores(model: ScenarioModel, count: int) -> FloatArray:
    draws = stream(model.sampling, count)
    return np.array(list(model.systemic.scores(buckets=model.buckets, stream=draws)))


def only_macro(sampling: SamplingName) -> ScenarioModel:
    """Scores are the macro factor, which one wide regime makes uniform on +-sqrt(3)."""
    regimes = [{"name": "all", "probability": 1.0, "shock_min": -1.0, "shock_max": 1.0}]
    model = build_model(sample_config(sampling=sampling, regimes=regimes))
    loadings = (Loadings(macro_squared=1.0, bucket_squared=0.0),) * len(model.buckets)
    return replace(model, systemic=replace(model.systemic, loadings=loadings))


def only_own_factor(sampling: SamplingName) -> ScenarioModel:
    """Scores are the normals of the buckets' own factors."""
    model = build_model(sample_config(sampling=sampling))
    systemic = replace(
        model.systemic,
        loadings=(Loadings(macro_squared=0.0, bucket_squared=1.0),) * len(model.buckets),
        bucket_factors=SharedFactors(shares=FactorShares(sector=0.0, stage=0.0, bucket=1.0)),
    )
    return replace(model, systemic=systemic)


@every_mode
@settings(max_examples=15, deadline=None)
@given(first=st.integers(0, 590), count=st.integers(1, 600))
def test_any_chunk_is_the_same_columns_of_the_whole(
    model: ScenarioModel, first: int, count: int
) -> None:
    count = min(count, 600 - first)
    chunk = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=first, count=count)
    whole = WHOLE[model.sampling]
    np.testing.assert_array_equal(chunk, whole[:, first : first + count], strict=True)


@pytest.mark.parametrize("sample", [Sample.VALIDATION, Sample.PILOT])
def test_other_samples_are_always_independent(sample: Sample) -> None:
    expected = IID.multiples(sample=sample, first_scenario=0, count=100)
    for model in (ANTITHETIC, SOBOL):
        drawn = model.multiples(sample=sample, first_scenario=0, count=100)
        np.testing.assert_array_equal(drawn, expected, strict=True)


def test_sampling_changes_no_exact_value() -> None:
    for model in (ANTITHETIC, SOBOL):
        np.testing.assert_array_equal(model.expected_multiples, IID.expected_multiples)
        np.testing.assert_array_equal(model.deal_win_probabilities, IID.deal_win_probabilities)


def test_even_antithetic_scenarios_are_the_independent_ones() -> None:
    np.testing.assert_array_equal(WHOLE["antithetic"][:, 0::2], WHOLE["iid"][:, 0::2])


def test_odd_antithetic_scenarios_mirror_the_one_before() -> None:
    scores = shared_scores(ANTITHETIC, 400)
    # The default regimes are symmetric, so -G is the factor of 1 - u up to rounding.
    np.testing.assert_allclose(scores[:, 1::2], -scores[:, 0::2], rtol=0, atol=1e-13)
    assert np.all(scores[:, 0::2] != 0)


def test_deals_of_an_antithetic_pair_are_mirrored_too() -> None:
    # Without reserves, and with a recovery at every rank that stays below any exit, a deal's
    # multiple rises with its own normal.
    bucket = bucket_data("series_c", reserve_ratio=0.0, reference_deals=1.0, cheque_variation=0.0)
    data = config_data(buckets=[bucket], failure_recovery={"threshold": 0.0, "maximum": 1e-4})
    (deals,) = build_model(parse_config(data)).pooled
    level = np.zeros(2000)
    drawn = deals.multiples(shared_scores=level, stream=stream("antithetic", 2000))
    # Opposite ranks but for ties on the lattice.
    assert stats.spearmanr(drawn[0::2], drawn[1::2]).statistic < -0.9999
    independent = deals.multiples(shared_scores=level, stream=stream("iid", 2000))
    np.testing.assert_array_equal(drawn[0::2], independent[0::2])


def test_deals_of_a_sobol_sample_are_independent() -> None:
    level = np.zeros(300)
    np.testing.assert_array_equal(
        SOBOL.pooled[0].multiples(shared_scores=level, stream=stream("sobol", 300)),
        SOBOL.pooled[0].multiples(shared_scores=level, stream=stream("iid", 300)),
    )


def test_sobol_macro_factor_is_even_in_every_block_of_scenarios() -> None:
    model = only_macro("sobol")
    macro = shared_scores(model, 1024)[0]
    uniform = macro / np.sqrt(12) + 0.5
    for start in range(0, 1024, 256):
        cells = np.sort(np.floor(256 * uniform[start : start + 256]))
        np.testing.assert_array_equal(cells, np.arange(256))


def test_sobol_bucket_factors_are_even_in_every_block_of_scenarios() -> None:
    for row in shared_scores(only_own_factor("sobol"), 512):
        # Normals by table are within 2e-7 of the exact ones, far below a cell of 1/256.
        cells = np.sort(np.floor(256 * special.ndtr(row[256:])))
        np.testing.assert_array_equal(cells, np.arange(256))


def test_sobol_factors_are_the_documented_points_and_shifts() -> None:
    # The own factor of bucket i has dimension 1 + 3 sectors + 4 stages + i. Its shift is the word
    # of scenario 0, the first of the Philox block with counter 0 + 1.
    model = only_own_factor("sobol")
    key = [model.systemic.key.low, model.systemic.key.high]
    scores = shared_scores(model, 64)
    for row in (0, 11):
        name = name_word(role=Role.BUCKET, name=model.bucket_keys[row])
        shift = philox([1, 0, name, 1 << 8 | Role.BUCKET], key)[0]
        points = sobol_words(dimension=8 + row, first_point=0, count=64)
        expected = special.ndtri((points ^ np.uint64(shift)).astype(float) / 2.0**64)
        # Normals by table are linear between 1,024 places an octave.
        np.testing.assert_allclose(scores[row], expected, rtol=0, atol=2e-7)


def test_sobol_macro_factor_is_the_documented_points_and_shift() -> None:
    model = only_macro("sobol")
    key = [model.systemic.key.low, model.systemic.key.high]
    name = name_word(role=Role.MACRO, name="macro")
    shift = philox([1, 0, name, 1 << 8 | Role.MACRO], key)[0]
    # Dimension 0 reverses the bits of the scenario's number.
    points = [int(f"{scenario:064b}"[::-1], 2) for scenario in range(64)]
    uniform = np.array([(point ^ shift) / 2**64 for point in points])
    macro = shared_scores(model, 64)[0]
    np.testing.assert_allclose(macro, np.sqrt(12) * (uniform - 0.5), rtol=0, atol=1e-14)


@pytest.mark.parametrize("sampling", ["iid", "antithetic", "sobol"])
def test_each_scenario_alone_follows_the_law(sampling: SamplingName) -> None:
    # 500 independent draws of scenarios 0 to 5: the Kolmogorov distance exceeds 2.23 / sqrt(500)
    # once in 10,000 for each of the twelve comparisons.
    for model, law in (
        (only_macro(sampling), stats.uniform(-np.sqrt(3), 2 * np.sqrt(3))),
        (only_own_factor(sampling), stats.norm()),
    ):
        draws = (stream(sampling, 6, purpose=purpose) for purpose in range(100, 600))
        scores = np.array([first_scores(model, draw) for draw in draws])
        for scenario in range(6):
            distance = stats.kstest(scores[:, scenario], law.cdf).statistic
            assert distance < 2.23 / np.sqrt(500)


def first_scores(model: ScenarioModel, draw: Stream) -> FloatArray:
    return next(model.systemic.scores(buckets=model.buckets, stream=draw))


def sampling_errors(sampling: SamplingName) -> tuple[float, float]:
    """Standard deviations, over 60 samples of 400 scenarios, of mean and loss probability of an
    equally weighted portfolio."""
    means, losses = [], []
    for purpose in range(100, 160):
        portfolio = IID.draw(stream(sampling, 400, purpose=purpose)).mean(axis=0)
        means.append(portfolio.mean())
        losses.append(np.mean(portfolio < 1))
    return float(np.std(means)), float(np.std(losses))


def test_better_ways_of_sampling_have_smaller_errors() -> None:
    # A quarter of the log variance is the deals' own, so even a perfect sample of the factors
    # leaves about half of the error. A standard deviation from 60 samples is known to 9 %.
    iid, antithetic, sobol = (sampling_errors(mode) for mode in ("iid", "antithetic", "sobol"))
    assert antithetic[0] < 0.85 * iid[0]
    assert sobol[0] < 0.8 * iid[0]
    assert sobol[1] < 0.8 * iid[1]


def test_portfolio_mean_of_every_mode_is_the_exact_one() -> None:
    exact = IID.expected_multiples.mean()
    for sampling in ("antithetic", "sobol"):
        means = [
            float(IID.draw(stream(sampling, 400, purpose=purpose)).mean())
            for purpose in range(200, 240)
        ]
        # Forty samples of 400: the standard error of their mean is their deviation / sqrt(40).
        assert np.mean(means) == pytest.approx(exact, abs=4 * np.std(means) / np.sqrt(40))
