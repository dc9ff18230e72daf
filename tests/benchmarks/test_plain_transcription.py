"""The yardstick follows the same law as the kernel, or their times could not be compared."""

import numpy as np
import pytest

from benchmarks.plain_transcription import plain_multiples
from benchmarks.scenario_configs import benchmark_config
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample

SCENARIOS = 40_000
BUCKETS = 8
"""Four stages in two sectors, ten deals each."""

CONFIG = benchmark_config(buckets=BUCKETS)
MODEL = build_model(CONFIG)
KERNEL = MODEL.multiples(sample=Sample.VALIDATION, first_scenario=0, count=SCENARIOS)
PLAIN = plain_multiples(config=CONFIG, loadings=MODEL.loadings[0], scenarios=SCENARIOS, seed=1)


def test_means_are_the_exact_ones() -> None:
    errors = PLAIN.std(axis=1) / np.sqrt(SCENARIOS)
    # Eight comparisons: four standard errors are exceeded by chance once in 2,000 runs.
    assert np.all(np.abs(PLAIN.mean(axis=1) - MODEL.expected_multiples) < 4 * errors)


@pytest.mark.parametrize("threshold", [0.5, 1.0, 2.0, 5.0])
def test_shares_below_a_multiple_are_those_of_the_kernel(threshold: float) -> None:
    found, expected = (np.mean(matrix < threshold, axis=1) for matrix in (PLAIN, KERNEL))
    # The difference of two independent shares; 32 comparisons in all.
    errors = np.sqrt(2 * expected * (1 - expected) / SCENARIOS)
    assert np.all(np.abs(found - expected) < 4.5 * errors)


def test_buckets_move_together_as_in_the_kernel() -> None:
    found, expected = (np.corrcoef(np.log(matrix)) for matrix in (PLAIN, KERNEL))
    # A correlation has a standard error of at most 1 / sqrt(40,000), the difference of two of
    # them 1.41 times that; 28 pairs.
    np.testing.assert_allclose(found, expected, rtol=0, atol=4.5 * 1.41 / np.sqrt(SCENARIOS))
