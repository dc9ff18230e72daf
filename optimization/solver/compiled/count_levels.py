"""A node of the search: its decisions, and its least count with no row left out."""

from typing import NamedTuple

from numba import njit

from optimization.solver.compiled.dual_simplex import (
    FEASIBILITY,
    OPTIMAL,
    TOO_LONG,
    UNPROVED,
    Workspace,
    minimise,
)
from optimization.solver.compiled.switch_rows import (
    Floats,
    Numbers,
    SwitchRows,
    decide,
    first_row,
    state_row,
    take_back,
)
from optimization.solver.compiled.tableau import (
    Tableau,
    add_row,
    begin,
    hold_within,
    is_full,
    level_of,
    remove_basic,
)
from optimization.solver.compiled.tails import tail_excess, tail_row, worst_scenarios

# Ends of a node beside those of a program.
NO_ROOM = 5

NONE = -1

MOST_PIVOTS = 2_000
# At the root, and for a tableau that is made anew: neither starts near its end.
MOST_PIVOTS_ANEW = 20_000
# Rows without a scenario are added to a tableau when they are broken by this.
WORTHWHILE = 1e-7
# Excess of CVaR over its limit that is cut off at every node, and where few enough scenarios lose.
TAIL_EXCESS = 1e-4
TAIL_TOLERANCE = 1e-8
# At a node: its children go on, and a candidate is looked at by other means.
MOST_CUTS = 30
LOST_BELOW = 1 - 1e-8


class Scenarios(NamedTuple):
    """``multiples`` (B, S) of the first B columns; ``switched`` (K,) are the scenarios of the
    switches; ``shares`` (n,) those of the tail, largest loss first, and ``highest_cvar`` (1,) its
    limit, infinite if there is none. ``most_losing`` (1,) may lose.
    """

    multiples: Floats
    switched: Numbers
    shares: Floats
    highest_cvar: Floats
    most_losing: Numbers


class Point(NamedTuple):
    """Where a node's program has its least count: ``values`` (C + K,) of columns and switches,
    ``portfolio`` (S,), the ``activity`` (R,) of the rows less their switches, and room for the
    ``worst`` scenarios (n,) and a row (C,). ``losing`` (1,) counts scenarios.
    """

    values: Floats
    portfolio: Floats
    activity: Floats
    worst: Numbers
    row: Floats
    losing: Numbers


class Levels(NamedTuple):
    """The nodes from the root to the one looked at. ``level`` (1,) is its number; ``decided`` (n,)
    are switches in the order of their decisions, ``decisions`` (1,) of them, and ``marks`` (D,) how
    many there were before each level. ``other`` (D,) is the switch that has a side left to look at,
    or `NONE`, ``other_side`` (D,) which one and ``other_value`` (D,) where the switch was when it
    was chosen. ``counts`` (D,) are least counts.

    ``branch`` (2,) is the decision whose gain will show at the present level, switch and side, or
    `NONE`; ``before`` (2,) are the switch's value and the count before it.
    """

    level: Numbers
    decided: Numbers
    decisions: Numbers
    marks: Numbers
    other: Numbers
    other_side: Numbers
    other_value: Floats
    counts: Floats
    branch: Numbers
    before: Floats


@njit(cache=True)
def decide_at(tableau: Tableau, rows: SwitchRows, levels: Levels, switch: int, side: int) -> None:
    """Decides for the tableau, which must have the switch, and all below."""
    decide(rows, switch, side)
    levels.decided[levels.decisions[0]] = switch
    levels.decisions[0] += 1
    follow_decision(tableau, rows, switch)


@njit(cache=True)
def follow_decision(tableau: Tableau, rows: SwitchRows, switch: int) -> None:
    """Brings a tableau within the bounds that a decision has set."""
    hold_within(tableau, rows, rows.coefficients.shape[1] + switch)
    hold_within(tableau, rows, first_row(rows) + switch)


@njit(cache=True)
def take_back_to(rows: SwitchRows, levels: Levels, level: int) -> None:
    """Takes back the decisions made since a level began."""
    while levels.decisions[0] > levels.marks[level]:
        levels.decisions[0] -= 1
        take_back(rows, levels.decided[levels.decisions[0]])


@njit(cache=True)
def begin_again(stack: Tableau, rows: SwitchRows, levels: Levels) -> None:
    """Goes back to the root, with nothing decided."""
    take_back_to(rows, levels, 0)
    levels.level[0] = 0
    levels.other[:] = NONE
    levels.branch[0] = NONE
    begin(level_of(stack, 0), rows)


@njit(cache=True)
def solve_level(
    stack: Tableau,
    rows: SwitchRows,
    levels: Levels,
    scenarios: Scenarios,
    point: Point,
    work: Workspace,
    cutoff: float,
) -> tuple[int, int]:
    """How the present level ended, and the pivots it took. ``point`` is where, if optimal: in all
    rows, and within the limit on CVaR but for what is not worth a row. A tableau that ends with
    neither an optimum nor a proof is made anew, once.
    """
    tableau = level_of(stack, levels.level[0])
    pivots, is_anew, cuts = 0, False, 0
    while True:
        most = MOST_PIVOTS_ANEW if is_anew or levels.level[0] == 0 else MOST_PIVOTS
        status, count, taken = minimise(tableau, rows, work, cutoff, most)
        pivots += taken
        if status in (UNPROVED, TOO_LONG) and not is_anew:
            is_anew = True
            begin(tableau, rows)
            continue
        if status != OPTIMAL:
            return status, pivots
        levels.counts[levels.level[0]] = count
        _read_point(tableau, rows, scenarios, point)
        added = _add_broken_rows(tableau, rows, scenarios, point)
        if added == 0 and cuts < MOST_CUTS:
            added = _cut_tail(stack, tableau, rows, levels, scenarios, point)
            cuts += 1
        if added < 0:
            return NO_ROOM, pivots
        if added == 0:
            return OPTIMAL, pivots


@njit(cache=True)
def _read_point(tableau: Tableau, rows: SwitchRows, scenarios: Scenarios, point: Point) -> None:
    first = first_row(rows)
    point.values[:] = 0.0
    for k in range(tableau.size[1]):
        if tableau.nonbasic[k] < first:
            point.values[tableau.nonbasic[k]] = tableau.held[k]
    for i in range(tableau.size[0]):
        if tableau.basic[i] < first:
            point.values[tableau.basic[i]] = tableau.values[i]
    add_up(point.values, scenarios.multiples, 0, point.portfolio)
    switches = scenarios.switched.size
    add_up(point.values, rows.by_column, switches, point.activity[: rows.size[0]])
    for switch in range(switches):
        point.activity[switch] = point.portfolio[scenarios.switched[switch]]
    point.losing[0] = 0
    for s in range(point.portfolio.size):
        if point.portfolio[s] < LOST_BELOW:
            point.losing[0] += 1


@njit(cache=True)
def add_up(values: Floats, addends: Floats, first: int, total: Floats) -> None:
    """total = values . addends, from column ``first`` on; most values are 0."""
    total[:] = 0.0
    for i in range(addends.shape[0]):
        value = values[i]
        if value != 0.0:
            row = addends[i]
            for j in range(first, total.size):
                total[j] += value * row[j]


@njit(cache=True)
def _add_broken_rows(tableau: Tableau, rows: SwitchRows, scenarios: Scenarios, point: Point) -> int:
    """How many rows had been left out that the point breaks, -1 when there is no room for one."""
    columns, first = rows.coefficients.shape[1], first_row(rows)
    added = 0
    for row in range(rows.size[0]):
        variable = first + row
        if tableau.present[variable]:
            continue
        value = point.activity[row]
        if rows.switch[row] >= 0:
            value += rows.on_switch[row] * point.values[columns + rows.switch[row]]
        broken = max(rows.lower[variable] - value, value - rows.upper[variable])
        if broken > (FEASIBILITY if row < scenarios.switched.size else WORTHWHILE):
            if is_full(tableau):
                return -1
            add_row(tableau, rows, row)
            added += 1
    return added


@njit(cache=True)
def _is_candidate(scenarios: Scenarios, point: Point) -> bool:
    return bool(point.losing[0] <= scenarios.most_losing[0])


@njit(cache=True)
def _cut_tail(
    stack: Tableau,
    tableau: Tableau,
    rows: SwitchRows,
    levels: Levels,
    scenarios: Scenarios,
    point: Point,
) -> int:
    """Adds a row if CVaR is too far above its limit and there is room; how many."""
    found = worst_scenarios(point.portfolio, point.worst)
    worst = point.worst[:found]
    maximum = scenarios.highest_cvar[0]
    excess = tail_excess(point.portfolio, worst, scenarios.shares, maximum)
    if excess <= (TAIL_TOLERANCE if _is_candidate(scenarios, point) else TAIL_EXCESS):
        return 0
    row = unused_row(stack, rows, levels)
    if row < 0 or is_full(tableau):
        _drop_slack_cuts(tableau, rows)
        row = unused_row(stack, rows, levels)
    if row < 0 or is_full(tableau):
        return 0
    least = tail_row(scenarios.multiples, worst, scenarios.shares, maximum, point.row)
    state_row(rows, row, point.row, least)
    stack.present[:, first_row(rows) + row] = False
    add_row(tableau, rows, row)
    return 1


@njit(cache=True)
def _drop_slack_cuts(tableau: Tableau, rows: SwitchRows) -> None:
    first_cut = first_row(rows) + rows.kept[0]
    for i in range(tableau.size[0] - 1, -1, -1):
        variable = tableau.basic[i]
        if variable >= first_cut and tableau.values[i] > rows.lower[variable] + WORTHWHILE:
            remove_basic(tableau, i)


@njit(cache=True)
def unused_row(stack: Tableau, rows: SwitchRows, levels: Levels) -> int:
    """One that is not stated yet, else the first cut that no level has; -1 for none."""
    if rows.size[0] < rows.switch.size:
        rows.size[0] += 1
        return int(rows.size[0] - 1)
    first = first_row(rows)
    for row in range(rows.kept[0], rows.switch.size):
        is_used = False
        for level in range(levels.level[0] + 1):
            is_used = is_used or stack.present[level, first + row]
        if not is_used:
            return row
    return -1


@njit(cache=True)
def add_cut(
    stack: Tableau, rows: SwitchRows, levels: Levels, coefficients: Floats, lower: float
) -> bool:
    """States coefficients . x >= lower, for tableaus to take up where it is broken; False when
    there is no room.
    """
    row = unused_row(stack, rows, levels)
    if row < 0:
        return False
    state_row(rows, row, coefficients, lower)
    stack.present[:, first_row(rows) + row] = False
    return True


@njit(cache=True)
def bound_row(
    stack: Tableau, rows: SwitchRows, levels: Levels, row: int, lower: float, upper: float
) -> None:
    """Gives a row closer bounds, at every level."""
    variable = first_row(rows) + row
    rows.lower[variable] = lower
    rows.upper[variable] = upper
    for level in range(levels.level[0] + 1):
        hold_within(level_of(stack, level), rows, variable)
