"""Which switch to decide next: the one whose two decisions together raise the count most.

Reliability branching (Achterberg, Koch & Martin, Operations Research Letters 33, 2005): the gains
of a few candidates are tried out until each has been tried often enough, then predicted from what
a unit of the switch has gained before, in trials and in decisions. Candidates are compared by the
product of both gains (Achterberg, Constraint Integer Programming, 2007, section 5.1).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.solver.compiled.count_levels import (
    LOST_BELOW,
    Levels,
    Point,
    Scenarios,
    follow_decision,
)
from optimization.solver.compiled.dual_simplex import (
    ABOVE_CUTOFF,
    INFEASIBLE,
    Workspace,
    minimise,
)
from optimization.solver.compiled.switch_rows import (
    Flags,
    Floats,
    Numbers,
    SwitchRows,
    decide,
    is_decided,
    take_back,
)
from optimization.solver.compiled.tableau import Tableau, copy_near, level_of

# What a choice asks for: to branch, to decide what is left of one switch, to give the node up as
# neither side of one remains, or to count scenarios that have no switch.
BRANCH, ONE_SIDE, NO_SIDE, NO_SWITCH_LEFT = 0, 1, 2, 3

CANDIDATES = 20
TRIALS_TO_TRUST = 4
MOST_TRIAL_PIVOTS = 300
# What a switch may be off 0 or 1 and still be whole.
WHOLE = 1e-7
SMALLEST_DISTANCE = 1e-3
# As a share of the missing count: gains below this are all alike.
SMALLEST_GAIN = 1e-3
# A count that is closer to the cutoff is on it.
SMALLEST_MISSING = 1e-6


class Gains(NamedTuple):
    """Sums (2, K) of gains for a unit of the switch, by decision, and how many ``trials`` (2, K).
    The rest is room for the choice: ``candidates`` (K,) and their ``scores`` (K,), what both sides
    of one have ``gained`` (2,); ``kept`` (M,) and ``in_use`` (V,) are for copies.
    """

    sums: Floats
    trials: Floats
    candidates: Numbers
    scores: Floats
    gained: Floats
    kept: Numbers
    in_use: Flags


@njit(cache=True)
def record_gain(gains: Gains, switch: int, side: int, gain: float, value: float) -> None:
    """Of deciding a switch that was at ``value``."""
    distance = max(value if side == 0 else 1.0 - value, SMALLEST_DISTANCE)
    gains.sums[side, switch] += gain / distance
    gains.trials[side, switch] += 1.0


@njit(cache=True)
def _score(zero: float, one: float, missing: float) -> float:
    least = SMALLEST_GAIN * missing
    return min(max(zero, least), missing) * min(max(one, least), missing)


@njit(cache=True)
def _expected(gains: Gains, switch: int, side: int, average: float) -> float:
    """For a unit of the switch."""
    trials = gains.trials[side, switch]
    return gains.sums[side, switch] / trials if trials > 0 else average


@njit(cache=True)
def _average(gains: Gains, side: int) -> float:
    trials = gains.trials[side].sum()
    return gains.sums[side].sum() / trials if trials > 0 else 1.0


@njit(cache=True)
def _find_candidates(rows: SwitchRows, point: Point, gains: Gains, missing: float) -> int:
    """The undecided switches that are not whole, with their expected scores; how many."""
    columns = rows.coefficients.shape[1]
    average = (_average(gains, 0), _average(gains, 1))
    found = 0
    for switch in range(gains.candidates.size):
        value = point.values[columns + switch]
        if is_decided(rows, switch) or value <= WHOLE or value >= 1.0 - WHOLE:
            continue
        zero = _expected(gains, switch, 0, average[0]) * value
        one = _expected(gains, switch, 1, average[1]) * (1.0 - value)
        gains.candidates[found] = switch
        gains.scores[found] = _score(zero, one, missing)
        found += 1
    return found


@njit(cache=True)
def _whole_but_lost(rows: SwitchRows, scenarios: Scenarios, point: Point) -> int:
    """An undecided switch whose scenario loses, by less than can be told from none; -1 for none."""
    for switch in range(scenarios.switched.size):
        lost = point.portfolio[scenarios.switched[switch]] < LOST_BELOW
        if lost and not is_decided(rows, switch):
            return switch
    return -1


@njit(cache=True)
def choose(
    stack: Tableau,
    rows: SwitchRows,
    levels: Levels,
    scenarios: Scenarios,
    point: Point,
    gains: Gains,
    work: Workspace,
    cutoff: float,
) -> tuple[int, int, int, int]:
    """What to do at the present level, for which switch and which side first, and the pivots spent
    on trials.
    """
    missing = max(cutoff - levels.counts[levels.level[0]], SMALLEST_MISSING)
    found = _find_candidates(rows, point, gains, missing)
    if found == 0:
        switch = _whole_but_lost(rows, scenarios, point)
        return (BRANCH if switch >= 0 else NO_SWITCH_LEFT), switch, 0, 0
    best, chosen, first_side, pivots = -1.0, -1, 0, 0
    for _ in range(min(CANDIDATES, found)):
        place = np.argmax(gains.scores[:found])
        switch, score = gains.candidates[place], gains.scores[place]
        gains.scores[place] = -1.0
        value = point.values[rows.coefficients.shape[1] + switch]
        if min(gains.trials[0, switch], gains.trials[1, switch]) >= TRIALS_TO_TRUST:
            gains.gained[0] = _expected(gains, switch, 0, 0.0) * value
            gains.gained[1] = _expected(gains, switch, 1, 0.0) * (1.0 - value)
        else:
            no_zero, no_one, taken = _try(stack, rows, levels, gains, work, switch, value, cutoff)
            pivots += taken
            if no_zero or no_one:
                return (NO_SIDE if no_zero and no_one else ONE_SIDE), switch, int(no_zero), pivots
            score = _score(gains.gained[0], gains.gained[1], missing)
        if score > best:
            best, chosen = score, switch
            first_side = 0 if gains.gained[0] <= gains.gained[1] else 1
    return BRANCH, chosen, first_side, pivots


@njit(cache=True)
def _try(
    stack: Tableau,
    rows: SwitchRows,
    levels: Levels,
    gains: Gains,
    work: Workspace,
    switch: int,
    value: float,
    cutoff: float,
) -> tuple[bool, bool, int]:
    """Solves both sides, for the gains; whether 0 and whether 1 is closed for good, and the pivots
    it took. A side that is closed gains all that is missing.
    """
    source = level_of(stack, levels.level[0])
    trial = level_of(stack, stack.size.shape[0] - 1)
    before = levels.counts[levels.level[0]]
    missing = max(cutoff - before, SMALLEST_MISSING)
    closed, pivots = (False, False), 0
    for side in range(2):
        copy_near(source, trial, rows, gains.kept, gains.in_use)
        decide(rows, switch, side)
        follow_decision(trial, rows, switch)
        status, count, taken = minimise(trial, rows, work, cutoff, MOST_TRIAL_PIVOTS)
        take_back(rows, switch)
        pivots += taken
        is_closed = status in (ABOVE_CUTOFF, INFEASIBLE)
        closed = (closed[1], is_closed)
        gains.gained[side] = missing if is_closed else min(max(count - before, 0.0), missing)
        record_gain(gains, switch, side, gains.gained[side], value)
    return closed[0], closed[1], pivots
