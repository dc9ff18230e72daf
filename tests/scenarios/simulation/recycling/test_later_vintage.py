"""Shared scores of a later vintage: the same law, tied to the first as asked."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from scenarios.simulation.configuration.parameters import SamplingName
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.stream import Stream
from scenarios.simulation.recycling.later_vintage import LaterVintage
from tests.scenarios.simulation.sample_config import bucket_data, config_data, sample_config

Floats = NDArray[np.float64]
COUNT = 40_000
BUCKETS = [bucket_data("seed"), bucket_data("series_b"), bucket_data("seed", "fintech")]


def scores(
    correlation: float, *, sampling: SamplingName = "iid", count: int = COUNT
) -> tuple[Floats, Floats]:
    """(3, count) shared scores of the first deals and of the later ones."""
    model = build_model(sample_config(buckets=BUCKETS, seed=2))
    stream = Stream(
        macro_purpose=1,
        factor_purpose=1,
        deal_purpose=1,
        first_scenario=0,
        count=count,
        sampling=sampling,
    )
    vintage = LaterVintage(systemic=model.systemic, correlation=correlation)
    first = list(model.systemic.scores(buckets=model.buckets, stream=stream))
    later = list(vintage.scores(buckets=model.buckets, stream=stream))
    return np.array(first), np.array(later)


def test_vintages_with_correlation_1_are_one() -> None:
    first, later = scores(1.0, count=1000)
    np.testing.assert_allclose(later, first, rtol=0, atol=1e-12)


def test_vintages_with_correlation_0_share_nothing() -> None:
    first, later = scores(0.0)
    across = np.corrcoef(first, later)[:3, 3:]
    # Standard error 1 / sqrt(40,000) = .005.
    assert np.max(np.abs(across)) < 5 * 0.005


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_later_scores_follow_the_law_of_the_first(correlation: float) -> None:
    first, later = scores(correlation)
    for bucket in range(3):
        assert stats.ks_2samp(first[bucket], later[bucket]).pvalue > 1e-4
    # Standard error of a covariance of about .1: some 7e-4.
    np.testing.assert_allclose(np.cov(later), np.cov(first), rtol=0, atol=5e-3)


def test_bucket_parts_are_correlated_as_asked_and_macro_parts_nearly_so() -> None:
    # Buckets of the same stage or sector share factors, so the difference of two has no macro
    # part and stays normal: its correlation is the one asked for.
    first, later = scores(0.6)
    difference = np.corrcoef(first[0] - first[2], later[0] - later[2])[0, 1]
    assert difference == pytest.approx(0.6, abs=5 * 0.005)
    # The macro factor is bounded, which takes a little off the correlation of its normal score.
    whole = np.corrcoef(first[0], later[0])[0, 1]
    assert 0.55 < whole < 0.62


def test_later_scores_of_mirrored_scenarios_are_mirrored() -> None:
    # The regimes of the test configuration are symmetric, so 1 - u of the macro factor is -G.
    _, later = scores(0.5, sampling="antithetic", count=1000)
    np.testing.assert_allclose(later[:, 1::2], -later[:, 0::2], rtol=0, atol=1e-9)


def test_under_sobol_the_first_vintage_keeps_its_points() -> None:
    first, _ = scores(0.5, sampling="sobol", count=64)
    data = config_data(buckets=BUCKETS, seed=2)
    assert data["seed"] == 2
    macro_order = np.sort(first.mean(axis=0))
    # 64 points of a sequence are spread evenly: no two means are alike.
    assert np.min(np.diff(macro_order)) > 0
