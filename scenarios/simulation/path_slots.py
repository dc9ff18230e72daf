"""The sixteen places of a lattice cell as a point set in (score, path quantile).

Place s lies at (s + 1/2) / 16 of the cell in the score and has the path quantile
(bit reversal of s + shift of the cell) / 16. The shift turns by the golden ratio from cell to
cell, so neighbouring cells fill each other's gaps; every other cell reverses the order of its
places, so that high quantiles do not go with the upper part of cells.
"""

from functools import lru_cache

import numpy as np

from scenarios.simulation.elementary import FloatArray, normal_quantile
from scenarios.simulation.normal_tables import SLOTS

GOLDEN_RATIO = 0.6180339887498949
POSITIONS = (np.arange(SLOTS, dtype=np.float64) + 0.5) / SLOTS
BIT_REVERSAL = np.array([0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], dtype=np.float64)
# Cells are laid out in whole pages so that buckets with slightly different lattices share them.
CELLS_PER_PAGE = 1024


def path_quantiles(cells: int) -> FloatArray:
    """(cells, SLOTS) quantiles in (0, 1)."""
    return _page_quantiles(-(-cells // CELLS_PER_PAGE))[:cells]


def path_normals(cells: int) -> FloatArray:
    """(cells, SLOTS) normal quantiles of ``path_quantiles``."""
    return _page_normals(-(-cells // CELLS_PER_PAGE))[:cells]


@lru_cache(maxsize=4)
def _page_quantiles(pages: int) -> FloatArray:
    cells = np.arange(pages * CELLS_PER_PAGE)
    is_odd = cells % 2 == 1
    turns = (cells.astype(np.float64) + 0.5) * GOLDEN_RATIO
    shifts = turns - np.floor(turns)
    order = np.where(is_odd[:, None], BIT_REVERSAL[::-1], BIT_REVERSAL)
    return (order + shifts[:, None]) / SLOTS


@lru_cache(maxsize=4)
def _page_normals(pages: int) -> FloatArray:
    return normal_quantile(_page_quantiles(pages))
