"""The rows of a program with switches, of which a tableau holds those that matter where it is.

Variables have numbers: first the columns (the weights, and others beside them), then the switches,
then the rows, whose value is that of their left side. Every variable has bounds.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_SWITCH = -1


class SwitchRows(NamedTuple):
    """Row r is lower <= coefficients[r] . x + on_switch[r] z[switch[r]] <= upper.

    ``coefficients`` (R, C) and the same ``by_column`` (C, R); ``switch`` (R,) is `NO_SWITCH` where
    a row has none. Rows 0 .. K - 1 are those of the scenarios, M_s + loss_s z_s >= 1, in the order
    of the switches. ``lower`` and ``upper`` (C + K + R,) are by variable. ``size`` (1,) is how many
    rows are stated, and ``kept`` (1,) how many of these stay; the others are room for cuts, which
    give place to others.
    """

    coefficients: Floats
    by_column: Floats
    switch: Numbers
    on_switch: Floats
    lower: Floats
    upper: Floats
    size: Numbers
    kept: Numbers


@njit(cache=True)
def coefficient(rows: SwitchRows, row: int, variable: int) -> float:
    """Of a variable in a row: rows are in none."""
    columns = rows.coefficients.shape[1]
    if variable < columns:
        return float(rows.coefficients[row, variable])
    if rows.switch[row] == variable - columns:
        return float(rows.on_switch[row])
    return 0.0


@njit(cache=True)
def first_row(rows: SwitchRows) -> int:
    """The variable that is the value of row 0."""
    return rows.lower.size - rows.switch.size


@njit(cache=True)
def decide(rows: SwitchRows, switch: int, side: int) -> None:
    """Requires the gain (0), or the loss (1)."""
    columns = rows.coefficients.shape[1]
    rows.lower[columns + switch] = side
    rows.upper[columns + switch] = side
    if side == 1:
        rows.upper[first_row(rows) + switch] = 1.0 + rows.on_switch[switch]


@njit(cache=True)
def take_back(rows: SwitchRows, switch: int) -> None:
    """Leaves gain or loss open again."""
    columns = rows.coefficients.shape[1]
    rows.lower[columns + switch] = 0.0
    rows.upper[columns + switch] = 1.0
    rows.upper[first_row(rows) + switch] = np.inf


@njit(cache=True)
def is_decided(rows: SwitchRows, switch: int) -> bool:
    columns = rows.coefficients.shape[1]
    return bool(rows.lower[columns + switch] == rows.upper[columns + switch])


@njit(cache=True)
def state_row(rows: SwitchRows, row: int, coefficients: Floats, lower: float) -> None:
    """Puts coefficients . x >= lower in the place of a row."""
    for column in range(coefficients.size):
        rows.coefficients[row, column] = coefficients[column]
        rows.by_column[column, row] = coefficients[column]
    rows.switch[row] = NO_SWITCH
    rows.on_switch[row] = 0.0
    rows.lower[first_row(rows) + row] = lower
    rows.upper[first_row(rows) + row] = np.inf
