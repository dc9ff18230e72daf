"""How low a scenario gets in a slice: bounds proved, with cuts on the way where these help."""

from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.solver.compiled.count_levels import Scenarios, add_up
from optimization.solver.compiled.dual_simplex import INFEASIBLE, OPTIMAL, Workspace, minimise
from optimization.solver.compiled.primal_simplex import go_to_least, proved_least
from optimization.solver.compiled.switch_rows import (
    Flags,
    Floats,
    Numbers,
    SwitchRows,
    first_row,
    state_row,
)
from optimization.solver.compiled.tableau import Tableau, add_row, remove_basic
from optimization.solver.compiled.tails import tail_excess, tail_row, worst_scenarios

MOST_PIVOTS = 1_000
MOST_CUTS = 3
# What CVaR, and the sum of losses in units of their ranges, must be above their limits for a cut.
TAIL_EXCESS = 1e-3
SMALLEST_RANGE = 1e-4
# Taken off every sum of losses, for what bounds and rows are rounded by.
MARGIN = 1e-7


class Losses(NamedTuple):
    """``is_open`` (S,) are the scenarios that may lose or gain and ``lowest`` (S,) how low they
    get; ``allowed`` (1,) of them may lose.
    """

    is_open: Flags
    lowest: Floats
    allowed: Numbers


class SlicePoint(NamedTuple):
    """Where a minimum is: the columns' ``values`` (C,) and the ``portfolio`` (S,), and room for the
    ``worst`` scenarios (n,) and a row (C,).
    """

    values: Floats
    portfolio: Floats
    worst: Numbers
    row: Floats


@njit(cache=True)
def least_in_slice(
    tableau: Tableau,
    rows: SwitchRows,
    scenarios: Scenarios,
    losses: Losses,
    point: SlicePoint,
    work: Workspace,
    costs: Floats,
) -> tuple[bool, float, int]:
    """Whether the slice is proved empty, a proved bound below costs . x, and the pivots it took.

    Starts from a tableau within all bounds and leaves it so.
    """
    pivots = go_to_least(tableau, rows, work, costs, MOST_PIVOTS)
    for _ in range(MOST_CUTS):
        _read_point(tableau, rows, scenarios, point)
        if not _cut_off(tableau, rows, scenarios, losses, point):
            break
        status, _, taken = minimise(tableau, rows, work, np.inf, MOST_PIVOTS)
        pivots += taken
        if status != OPTIMAL:
            return status == INFEASIBLE, -np.inf, pivots
    return False, proved_least(tableau, rows, work, costs), pivots


@njit(cache=True)
def _read_point(
    tableau: Tableau, rows: SwitchRows, scenarios: Scenarios, point: SlicePoint
) -> None:
    first = first_row(rows)
    for k in range(tableau.size[1]):
        if tableau.nonbasic[k] < first:
            point.values[tableau.nonbasic[k]] = tableau.held[k]
    for i in range(tableau.size[0]):
        if tableau.basic[i] < first:
            point.values[tableau.basic[i]] = tableau.values[i]
    add_up(point.values, scenarios.multiples, 0, point.portfolio)


@njit(cache=True)
def _cut_off(
    tableau: Tableau, rows: SwitchRows, scenarios: Scenarios, losses: Losses, point: SlicePoint
) -> bool:
    """Adds a row that the point breaks, if one is at hand: on CVaR, or on the sum of losses."""
    worst = point.worst[: worst_scenarios(point.portfolio, point.worst)]
    maximum = scenarios.highest_cvar[0]
    if tail_excess(point.portfolio, worst, scenarios.shares, maximum) > TAIL_EXCESS:
        least = tail_row(scenarios.multiples, worst, scenarios.shares, maximum, point.row)
    else:
        excess, least = _loss_sum_row(scenarios, losses, point)
        if excess <= SMALLEST_RANGE:
            return False
    row = _unused_row(tableau, rows)
    if row < 0:
        return False
    state_row(rows, row, point.row, least)
    add_row(tableau, rows, row)
    return True


@njit(cache=True)
def _loss_sum_row(scenarios: Scenarios, losses: Losses, point: SlicePoint) -> tuple[float, float]:
    """sum over T of (1 - M_s) / (1 - lowest_s) <= allowed, for the open scenarios T that lose at
    the point: each term is at most 1, and at most 0 where the scenario gains. By how much the point
    breaks it, and the lower bound of the row.
    """
    point.row[:] = 0.0
    total, least = 0.0, -float(losses.allowed[0])
    for s in range(point.portfolio.size):
        if not losses.is_open[s] or point.portfolio[s] >= 1.0:
            continue
        share = 1.0 / max(1.0 - losses.lowest[s], SMALLEST_RANGE)
        total += share * (1.0 - point.portfolio[s])
        least += share
        for bucket in range(scenarios.multiples.shape[0]):
            point.row[bucket] += share * scenarios.multiples[bucket, s]
    return total - losses.allowed[0], least - MARGIN


@njit(cache=True)
def _unused_row(tableau: Tableau, rows: SwitchRows) -> int:
    """One that is not stated yet, else that of the cut that holds least, which is taken out; -1
    when every cut holds something.
    """
    if rows.size[0] < rows.switch.size:
        rows.size[0] += 1
        return int(rows.size[0] - 1)
    first = first_row(rows)
    most, place = 0.0, -1
    for i in range(tableau.size[0]):
        variable = tableau.basic[i]
        if variable >= first + rows.kept[0]:
            slack = tableau.values[i] - rows.lower[variable]
            if slack > most:
                most, place = slack, i
    if place < 0:
        return -1
    row = tableau.basic[place] - first
    remove_basic(tableau, place)
    return int(row)
