"""What multiplies all scores of a scenario under the t copula: sqrt(nu / W), W chi-squared.

One draw per scenario is shared by the macro factor, the bucket factors and all deals: that is what
makes extreme outcomes come together. A sum of nu squared normals, two of which are minus twice the
logarithm of a uniform.
"""

from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.elementary import FloatArray, log
from scenarios.simulation.randomness.normal_tables import factor_normals, uniforms
from scenarios.simulation.randomness.random_words import (
    RandomKey,
    Role,
    antithetic_words,
    name_word,
    random_words,
)
from scenarios.simulation.randomness.stream import Stream

NAME = "scale"

FACTORS_AT_ONCE = 16
"""The product of so many uniforms of at least 2^-53 stays above the smallest normal number."""

VINTAGES = 64
"""Purposes that differ by a multiple of it draw vintages of one scenario, which has one scale."""


def scenario_scale(*, key: RandomKey, degrees_of_freedom: int, stream: Stream) -> FloatArray:
    """(count,) float64 above 0; the scenarios of an antithetic pair have the same."""
    return _remembered_scale(
        key,
        degrees_of_freedom,
        stream.macro_purpose % VINTAGES,
        stream.first_scenario,
        stream.count,
        stream.sampling == "antithetic",
    )


# The buckets of a chunk follow each other and share it.
@lru_cache(maxsize=4)
def _remembered_scale(
    key: RandomKey,
    degrees_of_freedom: int,
    purpose: int,
    first_scenario: int,
    count: int,
    is_paired: bool,
) -> FloatArray:
    def words(index: int) -> NDArray[np.uint64]:
        draw = partial(
            random_words,
            key=key,
            purpose=purpose,
            role=Role.SCALE,
            name=name_word(role=Role.SCALE, name=NAME),
            deal_pair=index,
        )
        if is_paired:
            return antithetic_words(
                draw, first_scenario=first_scenario, count=count, mirrored_bits=0
            )
        return draw(first_scenario=first_scenario, count=count)

    pairs = degrees_of_freedom // 2
    chi_squared = np.zeros(count)
    for first in range(0, pairs, FACTORS_AT_ONCE):
        product = np.ones(count)
        for index in range(first, min(first + FACTORS_AT_ONCE, pairs)):
            product *= uniforms(words(index))
        chi_squared -= 2.0 * log(product)
    if degrees_of_freedom % 2 == 1:
        normal = factor_normals(words(pairs))
        chi_squared += normal * normal
    scale = np.sqrt(degrees_of_freedom / chi_squared)
    scale.flags.writeable = False
    return scale
