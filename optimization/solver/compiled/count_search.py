"""Shows that no allocation loses in few enough scenarios, or finds one: branch and bound.

Depth first. A node is given up only when the rows as stated prove it (`proofs`).
"""

from numba import njit

from optimization.solver.compiled.count_levels import (
    NO_ROOM,
    NONE,
    Levels,
    Point,
    Scenarios,
    decide_at,
    solve_level,
    take_back_to,
)
from optimization.solver.compiled.dual_simplex import (
    ABOVE_CUTOFF,
    INFEASIBLE,
    OPTIMAL,
    Workspace,
)
from optimization.solver.compiled.switch_choice import (
    NO_SIDE,
    NO_SWITCH_LEFT,
    ONE_SIDE,
    SMALLEST_MISSING,
    Gains,
    choose,
    record_gain,
)
from optimization.solver.compiled.switch_rows import SwitchRows
from optimization.solver.compiled.tableau import Tableau, copy_near, level_of

# How a search ended: with nothing left; at a point that may be an allocation, or whose losing
# scenarios are not all counted; out of pivots, out of room, or with a program that neither ends nor
# proves anything.
EMPTY, CANDIDATE, UNCOUNTED, OUT_OF_PIVOTS, OUT_OF_ROOM, UNDECIDABLE, NOT_YET = 0, 1, 2, 3, 4, 5, 6


@njit(cache=True)
def search(
    stack: Tableau,
    rows: SwitchRows,
    levels: Levels,
    scenarios: Scenarios,
    point: Point,
    gains: Gains,
    work: Workspace,
    cutoff: float,
    most_pivots: int,
) -> tuple[int, int, int]:
    """How it ended, the nodes and the pivots. Called again it goes on from where it is."""
    nodes, pivots = 0, 0
    while True:
        status, taken = solve_level(stack, rows, levels, scenarios, point, work, cutoff)
        pivots += taken
        _record_branch(levels, gains, status, cutoff)
        if status == OPTIMAL:
            if point.losing[0] <= scenarios.most_losing[0]:
                return CANDIDATE, nodes, pivots
            if pivots >= most_pivots:
                return OUT_OF_PIVOTS, nodes, pivots
            nodes += 1
            end, taken = _branch(stack, rows, levels, scenarios, point, gains, work, cutoff)
            pivots += taken
        else:
            end = _end_of(status)
        if end == EMPTY and _turn_back(stack, rows, levels):
            end = NOT_YET
        if end != NOT_YET:
            return end, nodes, pivots


@njit(cache=True)
def _end_of(status: int) -> int:
    """What a node that has no optimum means for the search, were there no other."""
    if status in (ABOVE_CUTOFF, INFEASIBLE):
        return EMPTY
    return OUT_OF_ROOM if status == NO_ROOM else UNDECIDABLE


@njit(cache=True)
def _branch(
    stack: Tableau,
    rows: SwitchRows,
    levels: Levels,
    scenarios: Scenarios,
    point: Point,
    gains: Gains,
    work: Workspace,
    cutoff: float,
) -> tuple[int, int]:
    """Decides one more switch; how that ends, and the pivots spent on the choice."""
    ask, switch, side, pivots = choose(stack, rows, levels, scenarios, point, gains, work, cutoff)
    if ask == NO_SWITCH_LEFT:
        return UNCOUNTED, pivots
    if ask == NO_SIDE:
        return EMPTY, pivots
    if ask == ONE_SIDE:
        decide_at(level_of(stack, levels.level[0]), rows, levels, switch, side)
        return NOT_YET, pivots
    if levels.level[0] + 2 >= levels.marks.size:
        return OUT_OF_ROOM, pivots
    value = point.values[rows.coefficients.shape[1] + switch]
    _go_down(stack, rows, levels, gains, switch, side, value)
    return NOT_YET, pivots


@njit(cache=True)
def _record_branch(levels: Levels, gains: Gains, status: int, cutoff: float) -> None:
    """What the last branch has gained; once."""
    switch, side = levels.branch
    value, before = levels.before
    if switch == NONE:
        return
    missing = max(cutoff - before, SMALLEST_MISSING)
    gain = missing
    if status == OPTIMAL:
        gain = min(max(levels.counts[levels.level[0]] - before, 0.0), missing)
    record_gain(gains, switch, side, gain, value)
    levels.branch[0] = NONE


@njit(cache=True)
def _take_side(
    tableau: Tableau, rows: SwitchRows, levels: Levels, switch: int, side: int, value: float
) -> None:
    """Decides for one side at the present level, and notes it for its gain."""
    levels.branch[0], levels.branch[1] = switch, side
    levels.before[0] = value
    decide_at(tableau, rows, levels, switch, side)


@njit(cache=True)
def _go_down(
    stack: Tableau,
    rows: SwitchRows,
    levels: Levels,
    gains: Gains,
    switch: int,
    side: int,
    value: float,
) -> None:
    """Makes a level for one side, and leaves the other for later."""
    level = levels.level[0]
    levels.other[level] = switch
    levels.other_side[level] = 1 - side
    levels.other_value[level] = value
    levels.marks[level + 1] = levels.decisions[0]
    levels.level[0] = level + 1
    tableau = level_of(stack, level + 1)
    copy_near(level_of(stack, level), tableau, rows, gains.kept, gains.in_use)
    levels.before[1] = levels.counts[level]
    _take_side(tableau, rows, levels, switch, side, value)


@njit(cache=True)
def _turn_back(stack: Tableau, rows: SwitchRows, levels: Levels) -> bool:
    """Goes up to the nearest level with a side left, and decides for that; whether there is one."""
    while levels.level[0] > 0:
        take_back_to(rows, levels, levels.level[0])
        levels.level[0] -= 1
        level = levels.level[0]
        if levels.other[level] == NONE:
            continue
        switch, side = levels.other[level], levels.other_side[level]
        levels.other[level] = NONE
        levels.before[1] = levels.counts[level]
        _take_side(level_of(stack, level), rows, levels, switch, side, levels.other_value[level])
        return True
    return False
