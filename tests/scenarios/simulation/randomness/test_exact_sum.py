"""The exact sum against exact fractions and math.fsum."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.randomness.exact_sum import exact_sum

numbers = st.floats(min_value=-1e200, max_value=1e200)


@settings(max_examples=300, deadline=None)
@given(st.lists(numbers, max_size=60))
def test_sum_is_the_exact_one_rounded_once(terms: list[float]) -> None:
    assert exact_sum(np.array(terms, dtype=np.float64)) == float(sum(map(Fraction, terms)))


def test_many_terms_of_all_sizes_sum_as_in_fsum() -> None:
    generator = np.random.default_rng(5)
    terms = generator.standard_normal(50_000) * 10.0 ** generator.integers(-250, 250, 50_000)
    assert exact_sum(terms) == math.fsum(terms.tolist())


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], 0.0),
        ([0.0, -0.0], 0.0),
        ([1e100, 1.0, -1e100], 1.0),
        # A half of the last bit, and a little more from a term 300 binary orders below.
        ([1.0, 2.0**-53, 2.0**-300], 1.0 + 2.0**-52),
        ([5e-324, 5e-324, 5e-324], 1.5e-323),
    ],
)
def test_small_terms_count_next_to_large_ones(terms: list[float], expected: float) -> None:
    assert exact_sum(np.array(terms, dtype=np.float64)) == expected


def test_terms_are_left_as_they_were() -> None:
    terms = np.array([1.0, 2.5])
    exact_sum(terms)
    assert terms.tolist() == [1.0, 2.5]
