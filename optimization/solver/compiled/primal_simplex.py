"""The least value of one sum of columns after another, by the bounded primal simplex method.

From a tableau within all bounds, which stays so: each minimum starts where the last one ended.
"""

import numpy as np
from numba import njit

from optimization.solver.compiled.dual_simplex import (
    FEASIBILITY,
    SMALLEST_PIVOT,
    Workspace,
    exchange,
    flip,
)
from optimization.solver.compiled.proofs import least_value
from optimization.solver.compiled.switch_rows import Floats, SwitchRows, first_row
from optimization.solver.compiled.tableau import Tableau

# Prices down to this are those of an optimum. The bound that is proved loses as much by it.
OPTIMALITY = 1e-9


@njit(cache=True)
def go_to_least(
    tableau: Tableau, rows: SwitchRows, work: Workspace, costs: Floats, most_pivots: int
) -> int:
    """Moves the tableau to where costs . x is least, for columns x (C,) with ``costs`` (C,), if
    ``most_pivots`` are enough for that; the pivots it took.
    """
    price(tableau, costs)
    pivots = 0
    while pivots < most_pivots:
        entering = _entering(tableau, rows)
        if entering < 0:
            break
        leaving, upwards = _leaving(tableau, rows, entering)
        if leaving >= 0:
            exchange(tableau, rows, work, leaving, entering, upwards)
        elif _is_boxed(rows, tableau.nonbasic[entering]):
            flip(tableau, rows, entering)
        else:
            break
        pivots += 1
    return pivots


@njit(cache=True)
def _is_boxed(rows: SwitchRows, variable: int) -> bool:
    return bool(np.isfinite(rows.upper[variable] - rows.lower[variable]))


@njit(cache=True)
def price(tableau: Tableau, costs: Floats) -> None:
    """Makes the prices those of costs . x, instead of what they were of."""
    for k in range(tableau.size[1]):
        variable = tableau.nonbasic[k]
        tableau.prices[k] = costs[variable] if variable < costs.size else 0.0
    for i in range(tableau.size[0]):
        variable = tableau.basic[i]
        if variable < costs.size and costs[variable] != 0.0:
            entries = tableau.entries[i]
            for k in range(tableau.size[1]):
                tableau.prices[k] += costs[variable] * entries[k]


@njit(cache=True)
def proved_least(tableau: Tableau, rows: SwitchRows, work: Workspace, costs: Floats) -> float:
    """A bound below costs . x that the prices prove by the rows as stated."""
    first = first_row(rows)
    used = 0
    for k in range(tableau.size[1]):
        if tableau.nonbasic[k] >= first:
            work.multipliers[used] = tableau.prices[k]
            work.used[used] = tableau.nonbasic[k] - first
            used += 1
    return least_value(rows, costs, work.multipliers, work.used[:used], work.reduced)


@njit(cache=True)
def _entering(tableau: Tableau, rows: SwitchRows) -> int:
    """The nonbasic variable with the largest price that can be earned; -1 when there is none."""
    largest, entering = OPTIMALITY, -1
    for k in range(tableau.size[1]):
        variable = tableau.nonbasic[k]
        lower, upper = rows.lower[variable], rows.upper[variable]
        if lower == upper:
            continue
        earned = -tableau.prices[k] if tableau.held[k] == lower else tableau.prices[k]
        if earned > largest:
            largest, entering = earned, k
    return entering


@njit(cache=True)
def _leaving(tableau: Tableau, rows: SwitchRows, entering: int) -> tuple[int, bool]:
    """The basic variable that is at a bound first, -1 if the entering one is, and whether that
    bound is the lower one. Of those that are there almost at once the largest entry is taken.
    """
    variable = tableau.nonbasic[entering]
    lower, upper = rows.lower[variable], rows.upper[variable]
    sign = 1.0 if tableau.held[entering] == lower else -1.0
    shortest = upper - lower
    for i in range(tableau.size[0]):
        entry = tableau.entries[i, entering] * sign
        if abs(entry) > SMALLEST_PIVOT:
            shortest = min(shortest, (_way(tableau, rows, i, entry) + FEASIBILITY) / abs(entry))
    largest, leaving, upwards = 0.0, -1, False
    for i in range(tableau.size[0]):
        entry = tableau.entries[i, entering] * sign
        size = abs(entry)
        if size > max(SMALLEST_PIVOT, largest) and _way(tableau, rows, i, entry) <= shortest * size:
            largest, leaving, upwards = size, i, entry < 0
    return leaving, upwards


@njit(cache=True)
def _way(tableau: Tableau, rows: SwitchRows, i: int, entry: float) -> float:
    """What basic variable i may still rise, or fall if ``entry`` is negative."""
    variable, value = tableau.basic[i], tableau.values[i]
    way = rows.upper[variable] - value if entry > 0 else value - rows.lower[variable]
    return float(max(way, 0.0))
