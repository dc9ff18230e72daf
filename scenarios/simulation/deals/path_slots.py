"""The sixteen places of a lattice cell as a point set in (score, path quantile, time quantile).

Place s lies at (s + 1/2) / 16 of the cell in the score and has the path quantile
(bit reversal of s + shift of the cell) / 16. The shift turns by the golden ratio from cell to
cell, so neighbouring cells fill each other's gaps; every other cell reverses the order of its
places, so that high quantiles do not go with the upper part of cells.

The quantile that says how long the path takes has an order of its own, with which the three
coordinates of a cell's places are a (0, 4, 3)-net in base 2: one place in each of sixteen equal
boxes of any shape. From cell to cell it is shifted digit by digit (exclusive or), so that over
several cells it goes neither with the score nor with the path.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.elementary import FloatArray, normal_quantile
from scenarios.simulation.randomness.normal_tables import SLOTS

GOLDEN_RATIO = 0.6180339887498949
POSITIONS = (np.arange(SLOTS, dtype=np.float64) + 0.5) / SLOTS
BIT_REVERSAL = np.array([0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], dtype=np.float64)
# The second dimension of the Sobol' sequence (the first is the bit reversal), in sixteenths.
TIME_ORDER = np.array([0, 8, 12, 4, 10, 2, 6, 14, 15, 7, 3, 11, 5, 13, 9, 1])
PLASTIC_RATIO = 0.7548776662466927
"""1 over the plastic number, which turns independently of the golden ratio."""

# Cells are laid out in whole pages so that buckets with slightly different lattices share them.
CELLS_PER_PAGE = 1024


def path_quantiles(cells: int) -> FloatArray:
    """(cells, SLOTS) quantiles in (0, 1)."""
    return _page_quantiles(-(-cells // CELLS_PER_PAGE))[:cells]


def path_normals(cells: int) -> FloatArray:
    """(cells, SLOTS) normal quantiles of ``path_quantiles``."""
    return _page_normals(-(-cells // CELLS_PER_PAGE))[:cells]


def time_normals(cells: int) -> FloatArray:
    """(cells, SLOTS) standard normals that say how long a path takes."""
    return _page_time_normals(-(-cells // CELLS_PER_PAGE))[:cells]


@lru_cache(maxsize=4)
def _page_quantiles(pages: int) -> FloatArray:
    cells = np.arange(pages * CELLS_PER_PAGE)
    is_odd = cells % 2 == 1
    order = np.where(is_odd[:, None], BIT_REVERSAL[::-1], BIT_REVERSAL)
    return (order + _shifts(cells, GOLDEN_RATIO)[:, None]) / SLOTS


@lru_cache(maxsize=4)
def _page_normals(pages: int) -> FloatArray:
    return normal_quantile(_page_quantiles(pages))


@lru_cache(maxsize=4)
def _page_time_normals(pages: int) -> FloatArray:
    cells = np.arange(pages * CELLS_PER_PAGE)
    sixteenths = SLOTS * _shifts(cells, PLASTIC_RATIO)
    flipped_digits = np.floor(sixteenths).astype(np.intp)
    order = (TIME_ORDER ^ flipped_digits[:, None]).astype(np.float64)
    return normal_quantile((order + (sixteenths - flipped_digits)[:, None]) / SLOTS)


def _shifts(cells: NDArray[np.intp], ratio: float) -> FloatArray:
    turns = (cells.astype(np.float64) + 0.5) * ratio
    shifts: FloatArray = turns - np.floor(turns)
    return shifts
