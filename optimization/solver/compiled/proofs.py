"""What multipliers of the rows prove, from the rows as stated: nothing that a tableau has rounded.

For any multipliers y of the rows, sum over r of y_r (row_r - a_r . x) = 0 wherever x is. With each
row and each variable at the end of its bounds that suits least, that is a bound which holds for
all x (Neumaier & Shcherbina, Mathematical Programming 99, 2004).
"""

import numpy as np
from numba import njit

from optimization.solver.compiled.switch_rows import Floats, Numbers, SwitchRows, first_row

# Of every number added up, for all that a few hundred additions can round.
ROUNDING = 1e-13


@njit(cache=True)
def least_count(rows: SwitchRows, multipliers: Floats, used: Numbers, reduced: Floats) -> float:
    """A bound below the count of losing scenarios, in all that the bounds and rows allow.

    ``used`` (n,) are the rows with ``multipliers`` (n,); ``reduced`` (C + K,) is overwritten.
    """
    columns = rows.coefficients.shape[1]
    reduced[:columns] = 0.0
    reduced[columns:] = 1.0
    return _least(rows, multipliers, used, reduced)


@njit(cache=True)
def least_sum(rows: SwitchRows, multipliers: Floats, used: Numbers, reduced: Floats) -> float:
    """The same for a count of nothing: above 0 it proves that bounds and rows allow nothing."""
    reduced[:] = 0.0
    return _least(rows, multipliers, used, reduced)


@njit(cache=True)
def least_value(
    rows: SwitchRows, costs: Floats, multipliers: Floats, used: Numbers, reduced: Floats
) -> float:
    """A bound below costs . x for the columns x (C,)."""
    columns = costs.size
    reduced[:columns] = costs
    reduced[columns:] = 0.0
    return _least(rows, multipliers, used, reduced)


@njit(cache=True)
def _least(rows: SwitchRows, multipliers: Floats, used: Numbers, reduced: Floats) -> float:
    """Of reduced . x, by taking the rows times their multipliers out of it."""
    columns, first = rows.coefficients.shape[1], first_row(rows)
    total, size = 0.0, 0.0
    for i in range(used.size):
        multiplier, row = multipliers[i], used[i]
        bound = rows.lower[first + row] if multiplier > 0 else rows.upper[first + row]
        # A row that is unbounded on that side proves nothing with any multiplier but 0.
        if multiplier == 0.0 or np.isinf(bound):
            continue
        total += multiplier * bound
        coefficients = rows.coefficients[row]
        largest = 0.0
        for column in range(columns):
            reduced[column] -= multiplier * coefficients[column]
            largest = max(largest, abs(coefficients[column]))
        size += abs(multiplier) * (abs(bound) + largest + abs(rows.on_switch[row]))
        if rows.switch[row] >= 0:
            reduced[columns + rows.switch[row]] -= multiplier * rows.on_switch[row]
    for variable in range(first):
        bound = rows.lower[variable] if reduced[variable] > 0 else rows.upper[variable]
        total += reduced[variable] * bound
    return total - ROUNDING * size
