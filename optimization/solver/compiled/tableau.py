"""A simplex tableau of a program with switches: basic variables in terms of the others.

    x_basic[i] = sum over k of entries[i, k] x_nonbasic[k]
    count      = sum over k of prices[k] x_nonbasic[k]

There are no constants, because rows are variables too. A tableau holds some of the rows only, and
of the switches those with a row in it: a row that is far from its bounds would change nothing, and
a switch without a row is 0 at the least count. Arrays are longer than what is in use; ``size``
(2,) says how many basic and nonbasic variables there are.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.solver.compiled.switch_rows import (
    Flags,
    Floats,
    Numbers,
    SwitchRows,
    coefficient,
    first_row,
)

# A row is left out of a copy when it is this far from its bounds: that of a scenario, and others.
FAR_SCENARIO = 0.03
FAR_ROW = 0.003
# Of the first column; that of the last is twice as much. Counts are whole.
PERTURBATION = 1e-7


class Tableau(NamedTuple):
    """``entries`` (M, N), ``prices`` (N,); ``basic`` (M,) and ``nonbasic`` (N,) are variables, and
    ``values`` (M,) and ``held`` (N,) what they are. ``weights`` (M,) are those of the choice of a
    leaving row. ``present`` (V,) says which switches and rows are in the tableau.

    The same with one more dimension in front is a stack of tableaus.
    """

    entries: Floats
    prices: Floats
    basic: Numbers
    nonbasic: Numbers
    values: Floats
    held: Floats
    weights: Floats
    present: Flags
    size: Numbers


@njit(cache=True)
def level_of(stack: Tableau, level: int) -> Tableau:
    return Tableau(
        stack.entries[level],
        stack.prices[level],
        stack.basic[level],
        stack.nonbasic[level],
        stack.values[level],
        stack.held[level],
        stack.weights[level],
        stack.present[level],
        stack.size[level],
    )


@njit(cache=True)
def pivot(tableau: Tableau, i: int, k: int, pivot_row: Floats, pivot_column: Floats) -> None:
    """Exchanges basic variable i for nonbasic variable k; values are left as they are. The column
    before is in ``pivot_column`` (M,); ``pivot_row`` (N,) is overwritten.
    """
    basic, nonbasic = tableau.size[0], tableau.size[1]
    row = tableau.entries[i]
    inverse = 1.0 / row[k]
    for j in range(nonbasic):
        pivot_row[j] = -row[j] * inverse
        row[j] = pivot_row[j]
    pivot_row[k] = inverse
    row[k] = inverse
    for t in range(basic):
        factor = pivot_column[t]
        if t != i and factor != 0.0:
            other = tableau.entries[t]
            other[k] = 0.0
            for j in range(nonbasic):
                other[j] += factor * pivot_row[j]
    factor = tableau.prices[k]
    tableau.prices[k] = 0.0
    for j in range(nonbasic):
        tableau.prices[j] += factor * pivot_row[j]
    leaving = tableau.basic[i]
    tableau.basic[i] = tableau.nonbasic[k]
    tableau.nonbasic[k] = leaving


@njit(cache=True)
def hold(tableau: Tableau, k: int, value: float) -> None:
    """Moves nonbasic variable k."""
    change = value - tableau.held[k]
    if change != 0.0:
        tableau.held[k] = value
        for i in range(tableau.size[0]):
            tableau.values[i] += tableau.entries[i, k] * change


@njit(cache=True)
def hold_within(tableau: Tableau, rows: SwitchRows, variable: int) -> None:
    """Moves a variable, if it is nonbasic, to that of its bounds which its price asks for."""
    for k in range(tableau.size[1]):
        if tableau.nonbasic[k] == variable:
            lower, upper = rows.lower[variable], rows.upper[variable]
            at_lower = lower > -np.inf if tableau.prices[k] >= 0 else upper == np.inf
            hold(tableau, k, lower if at_lower else upper)
            return


@njit(cache=True)
def add_switch(tableau: Tableau, rows: SwitchRows, variable: int) -> None:
    """As a nonbasic variable at its lower bound; none of its rows is in the tableau."""
    k = tableau.size[1]
    tableau.entries[: tableau.size[0], k] = 0.0
    tableau.prices[k] = 1.0
    tableau.nonbasic[k] = variable
    tableau.held[k] = rows.lower[variable]
    tableau.present[variable] = True
    tableau.size[1] = k + 1


@njit(cache=True)
def is_full(tableau: Tableau) -> bool:
    """Whether there is no room for another row."""
    return bool(tableau.size[0] == tableau.basic.size)


@njit(cache=True)
def add_row(tableau: Tableau, rows: SwitchRows, row: int) -> None:
    """As a basic variable, and the switch of the row if that is open and not there yet."""
    columns = rows.coefficients.shape[1]
    switch = columns + rows.switch[row]
    if switch >= columns and rows.upper[switch] > 0.0 and not tableau.present[switch]:
        add_switch(tableau, rows, switch)
    i, nonbasic = tableau.size[0], tableau.size[1]
    entries = tableau.entries[i]
    for k in range(nonbasic):
        entries[k] = coefficient(rows, row, tableau.nonbasic[k])
    for t in range(i):
        factor = coefficient(rows, row, tableau.basic[t])
        if factor != 0.0:
            other = tableau.entries[t]
            for k in range(nonbasic):
                entries[k] += factor * other[k]
    value = 0.0
    for k in range(nonbasic):
        value += entries[k] * tableau.held[k]
    variable = first_row(rows) + row
    tableau.values[i] = value
    tableau.basic[i] = variable
    tableau.weights[i] = 1.0
    tableau.present[variable] = True
    tableau.size[0] = i + 1


@njit(cache=True)
def remove_basic(tableau: Tableau, i: int) -> None:
    """Takes a row out that is basic, the last one into its place."""
    last = tableau.size[0] - 1
    tableau.present[tableau.basic[i]] = False
    tableau.entries[i] = tableau.entries[last]
    tableau.basic[i] = tableau.basic[last]
    tableau.values[i] = tableau.values[last]
    tableau.weights[i] = tableau.weights[last]
    tableau.size[0] = last


@njit(cache=True)
def is_far(rows: SwitchRows, variable: int, value: float) -> bool:
    """Whether a basic variable is a row that holds nothing and is not about to."""
    row = variable - first_row(rows)
    if row < 0:
        return False
    far = FAR_SCENARIO if row < first_row(rows) - rows.coefficients.shape[1] else FAR_ROW
    return bool(value - rows.lower[variable] > far and rows.upper[variable] - value > far)


@njit(cache=True)
def copy_near(
    source: Tableau, target: Tableau, rows: SwitchRows, kept: Numbers, in_use: Flags
) -> None:
    """Copies a tableau without the rows that hold nothing, and without the switches at 0 that no
    row is left of. ``kept`` (N,) and ``in_use`` (V,) are overwritten.
    """
    columns, first = rows.coefficients.shape[1], first_row(rows)
    target.present[:] = source.present
    in_use[columns:first] = False
    basic = 0
    for i in range(source.size[0]):
        variable = source.basic[i]
        if is_far(rows, variable, source.values[i]):
            target.present[variable] = False
            continue
        target.basic[basic] = variable
        target.values[basic] = source.values[i]
        target.weights[basic] = source.weights[i]
        kept[basic] = i
        basic += 1
        if variable >= first and rows.switch[variable - first] >= 0:
            in_use[columns + rows.switch[variable - first]] = True
    target.size[0] = basic
    _keep_columns(source, target, rows, in_use)
    for i in range(basic):
        row, copied = source.entries[kept[i]], target.entries[i]
        for k in range(target.size[1]):
            copied[k] = row[target.nonbasic[k]]
    for k in range(target.size[1]):
        target.nonbasic[k] = source.nonbasic[target.nonbasic[k]]


@njit(cache=True)
def _keep_columns(source: Tableau, target: Tableau, rows: SwitchRows, in_use: Flags) -> None:
    """Leaves in ``target.nonbasic`` which columns of the source are kept."""
    columns, first = rows.coefficients.shape[1], first_row(rows)
    for k in range(source.size[1]):
        variable = source.nonbasic[k]
        if variable >= first and rows.switch[variable - first] >= 0:
            in_use[columns + rows.switch[variable - first]] = True
    nonbasic = 0
    for k in range(source.size[1]):
        variable = source.nonbasic[k]
        is_switch = columns <= variable < first
        if is_switch and source.held[k] == 0.0 and not in_use[variable]:
            target.present[variable] = False
            continue
        target.nonbasic[nonbasic] = k
        target.prices[nonbasic] = source.prices[k]
        target.held[nonbasic] = source.held[k]
        nonbasic += 1
    target.size[1] = nonbasic


@njit(cache=True)
def begin(tableau: Tableau, rows: SwitchRows) -> None:
    """All columns nonbasic at their lower bounds, as are the switches decided to 1, and the rows
    that stay and have no switch basic. Columns get small prices, as the method could go round in
    circles where many have none.
    """
    columns = rows.coefficients.shape[1]
    switches = first_row(rows) - columns
    tableau.size[0], tableau.size[1] = 0, columns
    tableau.present[:] = False
    for k in range(columns):
        tableau.nonbasic[k] = k
        tableau.prices[k] = PERTURBATION * (1.0 + k / columns)
        tableau.held[k] = rows.lower[k]
    for variable in range(columns, columns + switches):
        if rows.lower[variable] == 1.0:
            add_switch(tableau, rows, variable)
    for row in range(switches, rows.kept[0]):
        if rows.switch[row] < 0:
            add_row(tableau, rows, row)
