"""The least count of losing scenarios by the bounded dual simplex method on a tableau.

A basic variable outside its bounds leaves: the one furthest out, in units of its weight (Devex:
Harris, Mathematical Programming 5, 1973; Forrest & Goldfarb, Mathematical Programming 57, 1992).
Nonbasic variables whose prices would change sign on the way are moved to their other bounds for as
long as that leaves it outside, and the next one enters (Maros, Computational Techniques of the
Simplex Method, 2003, section 10.2).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.solver.compiled.proofs import least_count, least_sum
from optimization.solver.compiled.switch_rows import Flags, Floats, Numbers, SwitchRows, first_row
from optimization.solver.compiled.tableau import Tableau, hold, pivot

OPTIMAL, ABOVE_CUTOFF, INFEASIBLE, UNPROVED, TOO_LONG, GO_ON = 0, 1, 2, 3, 4, 5

# Bounds are kept to this, as by the other programs.
FEASIBILITY = 1e-9
# Entries below this are not pivots, and variables that hardly move the row are left where they are.
SMALLEST_PIVOT = 1e-7
# Prices are divided by entries; ratios this close count as equal, and the largest entry is taken.
EQUAL_RATIOS = 1e-10
# What a sum that proves infeasibility must be above 0 by, for multipliers of at most 1.
CERTAIN = 1e-9
# What nothing can bring within its bounds may stay out of them by this if there is no proof. Half
# of what makes a loss, and of what makes CVaR too large.
TOLERABLE = 5e-9
# Weights of the choice of a leaving row start anew when one is above this.
LARGEST_WEIGHT = 1e8


class Workspace(NamedTuple):
    """What the kernels overwrite: by nonbasic variable ``candidates``, ``ratios``, ``flipped``,
    ``multipliers``, ``used`` and ``pivot_row``, by basic variable ``pivot_column``, by column and
    switch ``reduced``, and by variable ``tolerated``.
    """

    candidates: Numbers
    ratios: Floats
    flipped: Numbers
    multipliers: Floats
    used: Numbers
    pivot_row: Floats
    pivot_column: Floats
    reduced: Floats
    tolerated: Flags


@njit(cache=True)
def minimise(
    tableau: Tableau, rows: SwitchRows, work: Workspace, cutoff: float, most_pivots: int
) -> tuple[int, float, int]:
    """How it ended, the count, and the pivots it took.

    ``OPTIMAL``, or proved: ``ABOVE_CUTOFF`` and ``INFEASIBLE``. ``UNPROVED`` is infeasible with no
    proof that stands without the tableau, ``TOO_LONG`` not ended within ``most_pivots``.
    """
    pivots = 0
    work.tolerated[:] = False
    while True:
        count = least_so_far(tableau)
        if count > cutoff and _is_above(tableau, rows, work, cutoff):
            return ABOVE_CUTOFF, count, pivots
        leaving = _leaving_row(tableau, rows, work)
        if leaving < 0:
            return OPTIMAL, count, pivots
        if pivots >= most_pivots:
            return TOO_LONG, count, pivots
        status = _bring_inside(tableau, rows, work, leaving)
        if status != GO_ON:
            return status, count, pivots
        pivots += 1


@njit(cache=True)
def least_so_far(tableau: Tableau) -> float:
    """The count where the tableau is, below the least one until every variable is in its bounds."""
    count = 0.0
    for k in range(tableau.size[1]):
        count += tableau.prices[k] * tableau.held[k]
    return count


@njit(cache=True)
def _bring_inside(tableau: Tableau, rows: SwitchRows, work: Workspace, leaving: int) -> int:
    """One pivot, or why there is none."""
    variable = tableau.basic[leaving]
    below = rows.lower[variable] - tableau.values[leaving]
    upwards = below > 0
    outside = below if upwards else tableau.values[leaving] - rows.upper[variable]
    entering, flips, missing = _entering_column(tableau, rows, work, leaving, outside, upwards)
    if entering >= 0:
        for t in range(flips):
            flip(tableau, rows, work.flipped[t])
        exchange(tableau, rows, work, leaving, entering, upwards)
        return GO_ON
    if _is_infeasible(tableau, rows, work, leaving, upwards):
        return INFEASIBLE
    if missing > TOLERABLE:
        return UNPROVED
    work.tolerated[variable] = True
    return GO_ON


@njit(cache=True)
def _leaving_row(tableau: Tableau, rows: SwitchRows, work: Workspace) -> int:
    """The basic variable that is furthest outside; -1 when there is none."""
    best, leaving = 0.0, -1
    for i in range(tableau.size[0]):
        variable, value = tableau.basic[i], tableau.values[i]
        outside = max(rows.lower[variable] - value, value - rows.upper[variable])
        if outside > (TOLERABLE if work.tolerated[variable] else FEASIBILITY):
            score = outside * outside / tableau.weights[i]
            if score > best:
                best, leaving = score, i
    return leaving


@njit(cache=True)
def _find_candidates(
    tableau: Tableau, rows: SwitchRows, work: Workspace, leaving: int, upwards: bool
) -> int:
    """The nonbasic variables that can move the row the right way, with the ratios at which their
    prices become 0; how many there are.
    """
    sign = 1.0 if upwards else -1.0
    found = 0
    entries = tableau.entries[leaving]
    for k in range(tableau.size[1]):
        entry = entries[k] * sign
        if abs(entry) <= SMALLEST_PIVOT:
            continue
        variable = tableau.nonbasic[k]
        lower, upper = rows.lower[variable], rows.upper[variable]
        held = tableau.held[k]
        if lower < upper and held == (lower if entry > 0 else upper):
            work.candidates[found] = k
            work.ratios[found] = max(tableau.prices[k] / entry, 0.0)
            found += 1
    return found


@njit(cache=True)
def _entering_column(
    tableau: Tableau,
    rows: SwitchRows,
    work: Workspace,
    leaving: int,
    outside: float,
    upwards: bool,
) -> tuple[int, int, float]:
    """The nonbasic variable to enter, -1 for none, how many are flipped before, and by how much
    the row is outside after that.
    """
    remaining = _find_candidates(tableau, rows, work, leaving, upwards)
    flips = 0
    while remaining > 0:
        ratio = np.inf
        for t in range(remaining):
            ratio = min(ratio, work.ratios[t])
        ratio += EQUAL_RATIOS
        entering, reach = _largest_entry(tableau, rows, work, leaving, remaining, ratio)
        if reach > outside - FEASIBILITY:
            return entering, flips, outside
        outside -= reach
        t = 0
        while t < remaining:
            if work.ratios[t] > ratio:
                t += 1
                continue
            work.flipped[flips] = work.candidates[t]
            flips += 1
            remaining -= 1
            work.candidates[t] = work.candidates[remaining]
            work.ratios[t] = work.ratios[remaining]
    return -1, flips, outside


@njit(cache=True)
def _largest_entry(
    tableau: Tableau,
    rows: SwitchRows,
    work: Workspace,
    leaving: int,
    candidates: int,
    ratio: float,
) -> tuple[int, float]:
    """Among candidates up to a ratio, and how far all of them together can move the row."""
    largest, entering, reach = 0.0, -1, 0.0
    for t in range(candidates):
        if work.ratios[t] <= ratio:
            k = work.candidates[t]
            entry = abs(tableau.entries[leaving, k])
            variable = tableau.nonbasic[k]
            reach += entry * (rows.upper[variable] - rows.lower[variable])
            if entry > largest:
                largest, entering = entry, k
    return entering, reach


@njit(cache=True)
def flip(tableau: Tableau, rows: SwitchRows, k: int) -> None:
    variable = tableau.nonbasic[k]
    lower, upper = rows.lower[variable], rows.upper[variable]
    hold(tableau, k, upper if tableau.held[k] == lower else lower)


@njit(cache=True)
def exchange(
    tableau: Tableau,
    rows: SwitchRows,
    work: Workspace,
    leaving: int,
    entering: int,
    upwards: bool,
) -> None:
    """Moves the leaving variable to its lower bound if that is ``upwards``, else to its upper one,
    and pivots.
    """
    variable = tableau.basic[leaving]
    bound = rows.lower[variable] if upwards else rows.upper[variable]
    entry = tableau.entries[leaving, entering]
    step = (bound - tableau.values[leaving]) / entry
    weight = tableau.weights[leaving] / (entry * entry)
    for i in range(tableau.size[0]):
        factor = tableau.entries[i, entering]
        work.pivot_column[i] = factor
        tableau.values[i] += factor * step
        tableau.weights[i] = max(tableau.weights[i], factor * factor * weight)
    tableau.values[leaving] = tableau.held[entering] + step
    tableau.held[entering] = bound
    tableau.weights[leaving] = max(weight, 1.0)
    if tableau.weights[: tableau.size[0]].max() > LARGEST_WEIGHT:
        tableau.weights[:] = 1.0
    pivot(tableau, leaving, entering, work.pivot_row, work.pivot_column)


@njit(cache=True)
def _is_above(tableau: Tableau, rows: SwitchRows, work: Workspace, cutoff: float) -> bool:
    """Whether the prices of the rows prove that no count is as low as the cutoff."""
    first = first_row(rows)
    used = 0
    for k in range(tableau.size[1]):
        if tableau.nonbasic[k] >= first:
            work.multipliers[used] = tableau.prices[k]
            work.used[used] = tableau.nonbasic[k] - first
            used += 1
    return least_count(rows, work.multipliers, work.used[:used], work.reduced) > cutoff


@njit(cache=True)
def _is_infeasible(
    tableau: Tableau, rows: SwitchRows, work: Workspace, leaving: int, upwards: bool
) -> bool:
    """Whether the leaving row, in terms of the stated rows, can never be within its bounds."""
    first = first_row(rows)
    sign = 1.0 if upwards else -1.0
    used, largest = 0, 1.0
    for k in range(tableau.size[1]):
        if tableau.nonbasic[k] >= first:
            entry = tableau.entries[leaving, k]
            work.multipliers[used] = -sign * entry
            work.used[used] = tableau.nonbasic[k] - first
            largest = max(largest, abs(entry))
            used += 1
    if tableau.basic[leaving] >= first:
        work.multipliers[used] = sign
        work.used[used] = tableau.basic[leaving] - first
        used += 1
    proved = least_sum(rows, work.multipliers, work.used[:used], work.reduced)
    return proved > CERTAIN * largest
