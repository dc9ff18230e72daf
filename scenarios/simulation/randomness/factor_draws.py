"""Uniforms and normals of the shared factors in each way of sampling.

Under ``iid`` scenarios are independent. Under ``antithetic`` scenario 2k + 1 mirrors scenario 2k:
1 - u for u, -N for N. Under ``sobol`` the scenarios are the points of a Sobol' sequence with one
dimension per factor, each dimension shifted by one random word (exclusive or), which makes every
scenario follow the law exactly. Source of the shift: P. L'Ecuyer and C. Lemieux, Recent advances in
randomized quasi-Monte Carlo methods (2002).
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.normal_tables import factor_normals, ordered_normals, uniforms
from scenarios.simulation.randomness.random_words import (
    ALL_BITS,
    RandomKey,
    Role,
    antithetic_words,
    name_word,
    random_words,
)
from scenarios.simulation.randomness.sobol_sequence import sobol_words
from scenarios.simulation.randomness.stream import Stream

MACRO_NAME = "macro"
SIGN_BIT = 1
"""The bit of a word that is the sign of its normal."""

Factor = tuple[Role, str]
MACRO: Factor = (Role.MACRO, MACRO_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDraws:
    key: RandomKey
    stream: Stream
    factors: tuple[Factor, ...]

    def macro_uniforms(self) -> FloatArray:
        """(count,) in (0, 1)."""
        return uniforms(self._words(MACRO, mirrored_bits=ALL_BITS))

    def normals(self, role: Role, name: str) -> FloatArray:
        """(count,) standard normals of the factor, which must be one of ``factors``."""
        words = self._words((role, name), mirrored_bits=SIGN_BIT)
        return ordered_normals(words) if self.stream.sampling == "sobol" else factor_normals(words)

    def _words(self, factor: Factor, *, mirrored_bits: int) -> NDArray[np.uint64]:
        role, name = factor
        draw = partial(
            random_words,
            key=self.key,
            purpose=self._purpose(factor),
            role=role,
            name=name_word(role=role, name=name),
        )
        first, count = self.stream.first_scenario, self.stream.count
        if self.stream.sampling == "antithetic":
            return antithetic_words(
                draw, first_scenario=first, count=count, mirrored_bits=mirrored_bits
            )
        if self.stream.sampling == "sobol":
            dimension = self.factors.index(factor)
            points = sobol_words(dimension=dimension, first_point=first, count=count)
            return points ^ draw(first_scenario=0, count=1)
        return draw(first_scenario=first, count=count)

    def _purpose(self, factor: Factor) -> int:
        return self.stream.macro_purpose if factor == MACRO else self.stream.factor_purpose
