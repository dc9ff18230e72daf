"""The sum of many numbers without rounding errors: rounded once, whatever their order."""

import math

import numpy as np

from scenarios.simulation.randomness.elementary import FloatArray

BLOCK = 8_192
"""Terms split together: few enough for the nearest cache of the processor."""


def exact_sum(terms: FloatArray) -> float:
    """What ``math.fsum`` gives, to the bit, in a tenth of its time on tens of thousands of terms.

    Leading bits are split off all terms at once, so few that their sum needs no rounding; then
    those of the rest, until nothing is left. Terms must be finite and below 1e300 / their number.
    Source: S. M. Rump, T. Ogita and S. Oishi, Accurate floating-point summation part I, SIAM
    Journal on Scientific Computing 31 (2008) 189-224.
    """
    parts: list[float] = []
    for start in range(0, len(terms), BLOCK):
        parts += _exact_parts(terms[start : start + BLOCK])
    return math.fsum(parts)


def _exact_parts(terms: FloatArray) -> list[float]:
    """A few numbers with exactly the same sum."""
    rest = terms[terms != 0.0]
    room_bits = (len(rest) + 2).bit_length()
    parts: list[float] = []
    while (largest := float(np.max(np.abs(rest), initial=0.0))) > 0.0:
        _, exponent = math.frexp(largest)
        unit = math.ldexp(1.0, exponent + room_bits)
        leading = (rest + unit) - unit
        # Multiples of the last bit of the unit, in sum below the unit: exact in every order.
        parts.append(float(np.sum(leading)))
        rest -= leading
    return parts
