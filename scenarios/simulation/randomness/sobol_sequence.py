"""Sobol' sequences: points that fill the unit cube more evenly than independent ones.

Any 2^k consecutive points from a multiple of 2^k on have, in every dimension, exactly one point in
each interval [i, i + 1) / 2^k. Source: I. M. Sobol', On the distribution of points in a cube
(1967); direction numbers in ``joe_kuo``.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.joe_kuo import DIRECTION_NUMBERS

WORD_BITS = 64
DIMENSIONS = 1 + len(DIRECTION_NUMBERS.splitlines())


def sobol_words(*, dimension: int, first_point: int, count: int) -> NDArray[np.uint64]:
    """(count,) coordinates of consecutive points, as words: the coordinate times 2^64.

    Point n is the exclusive or of the direction numbers at the set bits of n, so points do not
    depend on how many are drawn. ``dimension`` counts from 0.
    """
    numbers = np.arange(first_point, first_point + count, dtype=np.uint64)
    words = np.zeros(count, dtype=np.uint64)
    for bit in range((first_point + count - 1).bit_length()):
        is_set = numbers >> np.uint64(bit) & np.uint64(1)
        words ^= is_set * _directions(dimension)[bit]
    return words


@lru_cache(maxsize=DIMENSIONS)
def _directions(dimension: int) -> NDArray[np.uint64]:
    """(64,) direction numbers as words; dimension 0 reverses the bits of the point's number."""
    if dimension == 0:
        initial = [1] * WORD_BITS
    else:
        _, degree, inner, *first = map(int, DIRECTION_NUMBERS.splitlines()[dimension - 1].split())
        initial = _recurrence(degree=degree, inner=inner, first=first)
    words = [number << (WORD_BITS - 1 - bit) for bit, number in enumerate(initial)]
    return np.array(words, dtype=np.uint64)


def _recurrence(*, degree: int, inner: int, first: list[int]) -> list[int]:
    """m_i = 2 a_1 m_(i-1) ^ 4 a_2 m_(i-2) ^ .. ^ 2^s m_(i-s) ^ m_(i-s), after s first ones."""
    numbers = list(first)
    for place in range(degree, WORD_BITS):
        number = numbers[place - degree] ^ numbers[place - degree] << degree
        for back in range(1, degree):
            if inner >> (degree - 1 - back) & 1:
                number ^= numbers[place - back] << back
        numbers.append(number)
    return numbers
