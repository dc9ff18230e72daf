"""Random words to standard normals by table, without logarithms or searches.

The bits of a float are an exponent and a mantissa, so the leading bits of the float64 of an
integer are the number of a cell on a logarithmic grid. Cells are finest where the integer is
small; that end is given to the tail that matters.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.elementary import FloatArray, normal_quantile

LATTICE_BITS = 9
LATTICE_PER_UNIT = 1 << LATTICE_BITS
"""Cells of the latent-score lattice per unit of the score."""

SLOT_BITS = 4
SLOTS = 1 << SLOT_BITS
"""Places within a lattice cell."""

FLOAT_MANTISSA_BITS = 52
FLOAT_EXPONENT_BIAS = 1023

DEAL_NORMAL_BITS = 28
DEAL_CELL_BITS = 11  # 2,048 cells per octave
DEAL_SHIFT = FLOAT_MANTISSA_BITS - DEAL_CELL_BITS
DEAL_FIRST_CELL = (FLOAT_EXPONENT_BIAS - 1 + SLOT_BITS) << DEAL_CELL_BITS

FACTOR_MAGNITUDE_BITS = 52
FACTOR_CELL_BITS = 10  # 1,024 cells per octave
FACTOR_SHIFT = FLOAT_MANTISSA_BITS - FACTOR_CELL_BITS
FACTOR_FIRST_CELL = (FLOAT_EXPONENT_BIAS - 1) << FACTOR_CELL_BITS


def uniforms(words: NDArray[np.uint64]) -> FloatArray:
    """Uniforms strictly inside (0, 1) from the upper 52 bits: 53 bits could round to 1."""
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def factor_normals(words: NDArray[np.uint64]) -> FloatArray:
    """Standard normals: the lowest bit is the sign, the upper 52 bits are the tail probability."""
    table = _factor_table()
    # As signed integers, which processors turn into floats in one step.
    magnitude = (words >> np.uint64(12)).view(np.int64).astype(np.float64)
    magnitude += 0.5
    bits = magnitude.view(np.int64)
    within = (bits & ((1 << FACTOR_SHIFT) - 1)).astype(np.float64)
    within *= 2.0**-FACTOR_SHIFT
    bits >>= FACTOR_SHIFT
    bits -= FACTOR_FIRST_CELL
    normals = np.take(table, bits, mode="clip")
    bits += 1
    step = np.take(table, bits, mode="clip")
    step -= normals
    within *= step
    normals += within
    sign = words << np.uint64(63)
    sign ^= normals.view(np.uint64)
    signed: FloatArray = sign.view(np.float64)
    return signed


def ordered_normals(words: NDArray[np.uint64]) -> FloatArray:
    """Standard normals that rise with the word: the normal quantile of word / 2^64.

    Even spacing of the words is kept, which the sign in the lowest bit would destroy.
    """
    is_upper = words >> np.uint64(63)
    # What is left after the first bit is the tail probability, counted from the nearer end.
    tail = (words << np.uint64(1)) ^ (np.uint64(0) - is_upper)
    return factor_normals(tail & np.uint64(2**64 - 2) | is_upper ^ np.uint64(1))


@lru_cache(maxsize=1)
def _factor_table() -> FloatArray:
    """The normal with upper tail x / 2^53 on the cell edges x = 0.5 .. 2^52."""
    octaves = np.arange(-1, FACTOR_MAGNITUDE_BITS)[:, None]
    places = 1.0 + np.arange(1 << FACTOR_CELL_BITS) * 2.0**-FACTOR_CELL_BITS
    edges = np.ldexp(places, octaves).ravel()
    edges = np.append(edges, 2.0**FACTOR_MAGNITUDE_BITS)
    return -normal_quantile(edges * 2.0**-53)


@lru_cache(maxsize=1)
def deal_normal_table() -> FloatArray:
    """E = -quantile((r + 1/2) / 2^28) at the middle of each cell of the 28-bit integer r, so small
    r is the upper tail."""
    octaves = np.arange(DEAL_NORMAL_BITS)[:, None]
    starts = np.ldexp(1.0 + np.arange(1 << DEAL_CELL_BITS) * 2.0**-DEAL_CELL_BITS, octaves)
    # A cell narrower than 1 holds one integer r; it stands for [r, r + 1) like the others.
    widths = np.maximum(np.ldexp(1.0, octaves - DEAL_CELL_BITS), 1.0)
    middles = (starts + 0.5 * widths).ravel()
    zero_octave = np.full(1 << DEAL_CELL_BITS, 0.5)
    probabilities = np.concatenate([zero_octave, middles]) * 2.0**-DEAL_NORMAL_BITS
    normals = -normal_quantile(probabilities)
    normals.flags.writeable = False
    return normals


@lru_cache(maxsize=16)
def deal_lattice_table(own_loading: float) -> NDArray[np.int64]:
    """SLOTS * round(LATTICE_PER_UNIT * own_loading * E) for each entry of ``deal_normal_table``."""
    lattice = np.rint(LATTICE_PER_UNIT * own_loading * deal_normal_table())
    table: NDArray[np.int64] = SLOTS * lattice.astype(np.int64)
    table.flags.writeable = False
    return table


def deal_cells(normal_bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cell in ``deal_normal_table`` of the 28-bit integer r in each number SLOTS * r.

    Negative for r = 0, to be clipped.
    """
    cells = normal_bits.astype(np.float64).view(np.int64)
    cells >>= DEAL_SHIFT
    cells -= DEAL_FIRST_CELL
    return cells
