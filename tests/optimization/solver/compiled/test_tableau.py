"""Whatever has been done to a tableau, it still says what the stated rows say."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optimization.solver.compiled.count_levels import decide_at, solve_level
from optimization.solver.compiled.dual_simplex import INFEASIBLE, OPTIMAL, Workspace, exchange
from optimization.solver.compiled.search_memory import SearchMemory, search_memory
from optimization.solver.compiled.switch_rows import SwitchRows, decide, first_row
from optimization.solver.compiled.tableau import (
    Tableau,
    add_row,
    copy_near,
    hold,
    level_of,
    remove_basic,
)
from tests.optimization.solver.compiled.programs import (
    Row,
    least_count_by_linprog,
    matrix,
    programs,
    switch_rows,
)
from tests.optimization.solver.compiled.tableaus import excess, point, scenarios_of_switches

# Some tens of pivots on entries above a tenth, of numbers of size one.
ROUNDING = 1e-8
# As in the tests of the dual simplex method.
OF_THE_COUNT = 3e-6
# Rows without a scenario that are out by less are left out of a tableau.
WORTHWHILE = 1.1e-7
SMALLEST_PIVOT = 0.1


def check(tableau: Tableau, rows: SwitchRows) -> None:
    """Basic variables are what the rows make of the point, and what the entries make of it."""
    basic, nonbasic = tableau.size.tolist()
    values = point(tableau, rows)
    everything = np.concatenate([values, matrix(rows) @ values])
    stated = everything[tableau.basic[:basic]]
    assert tableau.values[:basic] == pytest.approx(stated, abs=ROUNDING)
    assert tableau.held[:nonbasic] == pytest.approx(
        everything[tableau.nonbasic[:nonbasic]], abs=ROUNDING
    )
    from_entries = tableau.entries[:basic, :nonbasic] @ tableau.held[:nonbasic]
    assert tableau.values[:basic] == pytest.approx(from_entries, abs=ROUNDING)
    variables = np.concatenate([tableau.basic[:basic], tableau.nonbasic[:nonbasic]])
    columns = rows.coefficients.shape[1]
    is_there = tableau.present.copy()
    is_there[:columns] = True
    assert sorted(variables.tolist()) == np.flatnonzero(is_there).tolist()


def memory_of(rows: SwitchRows) -> SearchMemory:
    return search_memory(rows, scenarios_of_switches(rows, most_losing=-1))


def exchange_at_random(
    tableau: Tableau, rows: SwitchRows, work: Workspace, data: st.DataObject
) -> None:
    basic, nonbasic = tableau.size.tolist()
    pivots = np.argwhere(np.abs(tableau.entries[:basic, :nonbasic]) > SMALLEST_PIVOT)
    if pivots.shape[0] == 0:
        return
    i, k = pivots[data.draw(st.integers(0, pivots.shape[0] - 1))].tolist()
    variable = tableau.basic[i]
    ends = [bool(np.isfinite(rows.lower[variable])), bool(np.isfinite(rows.upper[variable]))]
    if any(ends):
        exchange(tableau, rows, work, i, k, ends[0])


def add_at_random(tableau: Tableau, rows: SwitchRows, data: st.DataObject) -> None:
    absent = [row for row in range(int(rows.size[0])) if not tableau.present[first_row(rows) + row]]
    if absent:
        add_row(tableau, rows, data.draw(st.sampled_from(absent)))


def remove_at_random(tableau: Tableau, rows: SwitchRows, data: st.DataObject) -> None:
    """Rows alone are ever taken out."""
    places = np.flatnonzero(tableau.basic[: tableau.size[0]] >= first_row(rows)).tolist()
    if places:
        remove_basic(tableau, data.draw(st.sampled_from(places)))


def hold_at_random(tableau: Tableau, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, int(tableau.size[1]) - 1))
    hold(tableau, k, data.draw(st.sampled_from([0.0, 0.5, 1.0, 2.0])))


@settings(max_examples=80, deadline=None)
@given(programs(), st.data())
def test_basic_values_are_those_of_their_rows_whatever_has_been_done(
    rows: SwitchRows, data: st.DataObject
) -> None:
    memory = memory_of(rows)
    tableau = level_of(memory.stack, 0)
    check(tableau, rows)
    for step in data.draw(st.lists(st.sampled_from("eeeaarh"), max_size=25)):
        if step == "e":
            exchange_at_random(tableau, rows, memory.work, data)
        elif step == "a":
            add_at_random(tableau, rows, data)
        elif step == "r":
            remove_at_random(tableau, rows, data)
        else:
            hold_at_random(tableau, data)
        check(tableau, rows)


def solve_at(memory: SearchMemory, rows: SwitchRows, level: int) -> int:
    memory.levels.level[0] = level
    scenarios = scenarios_of_switches(rows, most_losing=-1)
    status, _ = solve_level(
        memory.stack, rows, memory.levels, scenarios, memory.point, memory.work, np.inf
    )
    return int(status)


@settings(max_examples=60, deadline=None)
@given(programs(), st.data())
def test_solving_takes_up_every_row_that_was_left_out(
    rows: SwitchRows, data: st.DataObject
) -> None:
    for switch in range(first_row(rows) - rows.coefficients.shape[1]):
        side = data.draw(st.sampled_from([None, 0, 1]))
        if side is not None:
            decide(rows, switch, side)
    expected = least_count_by_linprog(rows)
    memory = memory_of(rows)

    status = solve_at(memory, rows, 0)

    if expected is None:
        assert status == INFEASIBLE
    else:
        assert status == OPTIMAL
        assert excess(rows, memory.point.values) <= WORTHWHILE
        assert memory.levels.counts[0] == pytest.approx(expected, abs=OF_THE_COUNT)


# Of random programs many allow nothing, or leave no switch in the tableau.
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(programs(), st.data())
def test_copy_without_what_is_far_has_the_same_count_under_a_further_decision(
    rows: SwitchRows, data: st.DataObject
) -> None:
    memory = memory_of(rows)
    assume(solve_at(memory, rows, 0) == OPTIMAL)
    count = float(memory.levels.counts[0])
    source, target = level_of(memory.stack, 0), level_of(memory.stack, 1)

    copy_near(source, target, rows, memory.gains.kept, memory.gains.in_use)
    check(target, rows)
    assert solve_at(memory, rows, 1) == OPTIMAL
    assert memory.levels.counts[1] == pytest.approx(count, abs=OF_THE_COUNT)

    copy_near(source, target, rows, memory.gains.kept, memory.gains.in_use)
    columns = rows.coefficients.shape[1]
    there = np.flatnonzero(target.present[columns : first_row(rows)]).tolist()
    assume(there)
    switch, side = data.draw(st.sampled_from(there)), data.draw(st.sampled_from([0, 1]))
    memory.levels.level[0] = 1
    decide_at(target, rows, memory.levels, switch, side)
    check(target, rows)
    status = solve_at(memory, rows, 1)
    expected = least_count_by_linprog(rows)
    if expected is None:
        assert status == INFEASIBLE
    else:
        assert status == OPTIMAL
        assert memory.levels.counts[1] == pytest.approx(expected, abs=OF_THE_COUNT)


def test_row_far_from_its_bounds_and_its_switch_are_left_out_of_a_copy() -> None:
    # x is 0 at the least count: M_0 = 1 + 3 x is near, M_1 = 2 - x is a whole 1 away.
    rows = switch_rows(
        upper=[1.0, 1.0],
        lower=[0.0, 1.0],
        scenarios=[[3.0, 1.0], [-1.0, 2.0]],
        losses=[1.0, 1.0],
        rows=[Row([1.0, 0.0], upper=0.5)],
    )
    memory = memory_of(rows)
    source, target = level_of(memory.stack, 0), level_of(memory.stack, 1)
    add_row(source, rows, 0)
    add_row(source, rows, 1)

    copy_near(source, target, rows, memory.gains.kept, memory.gains.in_use)

    # Variables: two columns, switches 2 and 3, rows 4 to 6; the last is .5 from its bound.
    assert np.flatnonzero(target.present).tolist() == [2, 4]
    assert target.basic[: target.size[0]].tolist() == [4]
    assert sorted(target.nonbasic[: target.size[1]].tolist()) == [0, 1, 2]


def test_begin_after_decisions_has_the_lost_scenarios_as_switches_at_one() -> None:
    rows = switch_rows(upper=[1.0], scenarios=[[1.0], [2.0], [3.0]], losses=[1.0, 0.5, 1.0])
    decide(rows, 0, 1)
    decide(rows, 2, 0)

    tableau = level_of(memory_of(rows).stack, 0)

    assert tableau.nonbasic[: tableau.size[1]].tolist() == [0, 1]
    assert tableau.held[: tableau.size[1]].tolist() == [0.0, 1.0]
    assert tableau.size[0] == 0
