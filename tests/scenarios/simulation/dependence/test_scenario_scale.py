"""The chi-squared draw that all scores of a scenario share under the t copula."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from scenarios.simulation.configuration.parameters import SamplingName
from scenarios.simulation.dependence.scenario_scale import scenario_scale
from scenarios.simulation.randomness.random_words import random_key
from scenarios.simulation.randomness.stream import Stream
from scenarios.simulation.recycling.later_vintage import LATER_PURPOSES, later_stream

KEY = random_key("scale")


def stream(count: int, *, first: int = 0, sampling: SamplingName = "iid") -> Stream:
    return Stream(
        macro_purpose=1,
        factor_purpose=1,
        deal_purpose=1,
        first_scenario=first,
        count=count,
        sampling=sampling,
    )


def chi_squared(degrees: int, of: Stream) -> np.ndarray:
    scale = scenario_scale(key=KEY, degrees_of_freedom=degrees, stream=of)
    return np.asarray(degrees / scale**2)


@pytest.mark.parametrize("degrees", [3, 4, 33, 34, 100])
def test_draws_follow_the_chi_squared_law(degrees: int) -> None:
    found = chi_squared(degrees, stream(50_000))
    assert stats.kstest(found, stats.chi2(degrees).cdf).pvalue > 1e-3


def test_four_degrees_are_two_logarithms_and_a_fifth_is_a_squared_normal() -> None:
    # numpy adds 1 to the counter before the first block; word s % 4 of block s // 4 is scenario s.
    name = int.from_bytes(hashlib.sha256(b"scale:scale").digest()[:8], "little")
    counters = [[0, index, name, 1 << 8 | 5] for index in range(3)]
    words = [
        np.random.Philox(
            key=np.array([KEY.low, KEY.high], np.uint64), counter=np.array(counter, np.uint64)
        ).random_raw(8)
        for counter in counters
    ]
    uniform = [((word >> np.uint64(12)) + 0.5) / 2**52 for word in words]
    four = -2 * np.log(uniform[0]) - 2 * np.log(uniform[1])
    np.testing.assert_allclose(chi_squared(4, stream(8)), four, rtol=1e-13)
    # The tail probability of a normal is half the uniform; its sign does not matter.
    normal = special.ndtri(uniform[2] / 2)
    np.testing.assert_allclose(chi_squared(5, stream(8)), four + normal**2, rtol=1e-6)


@pytest.mark.parametrize("sampling", ["iid", "antithetic", "sobol"])
def test_chunks_are_parts_of_the_whole(sampling: SamplingName) -> None:
    whole = chi_squared(7, stream(200, sampling=sampling))
    for first, count in ((0, 5), (1, 8), (63, 137)):
        part = chi_squared(7, stream(count, first=first, sampling=sampling))
        np.testing.assert_array_equal(part, whole[first : first + count])


def test_antithetic_pairs_share_their_scale() -> None:
    found = chi_squared(6, stream(100, sampling="antithetic"))
    np.testing.assert_array_equal(found[0::2], found[1::2])
    np.testing.assert_array_equal(found[0::2], chi_squared(6, stream(100))[0::2])


def test_sobol_points_leave_the_scale_independent() -> None:
    np.testing.assert_array_equal(
        chi_squared(6, stream(50, sampling="sobol")), chi_squared(6, stream(50))
    )


def test_later_vintages_of_a_scenario_have_its_scale() -> None:
    first = stream(50)
    assert LATER_PURPOSES % 64 == 0
    np.testing.assert_array_equal(chi_squared(5, later_stream(first)), chi_squared(5, first))


def test_samples_have_scales_of_their_own() -> None:
    one, other = stream(50), replace(stream(50), macro_purpose=2)
    assert not np.any(chi_squared(5, one) == chi_squared(5, other))
