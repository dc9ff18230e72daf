"""The dual simplex method against scipy's HiGHS: optima are optima, and what is proved is true."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.compiled.count_levels import bound_row
from optimization.solver.compiled.dual_simplex import (
    ABOVE_CUTOFF,
    INFEASIBLE,
    OPTIMAL,
    TOLERABLE,
    TOO_LONG,
    UNPROVED,
    minimise,
)
from optimization.solver.compiled.search_memory import search_memory
from optimization.solver.compiled.switch_rows import SwitchRows, decide, first_row
from optimization.solver.compiled.tableau import level_of
from tests.optimization.solver.compiled.programs import (
    Row,
    least_count_by_linprog,
    programs,
    switch_rows,
    true_least,
)
from tests.optimization.solver.compiled.tableaus import (
    excess,
    full_tableau,
    point,
    scenarios_of_switches,
)

MANY_PIVOTS = 10_000
# A dozen additions of numbers of size ten.
ROUNDING = 1e-13
# Rows are kept to a billionth, and to `TOLERABLE` where nothing can bring one nearer.
KEPT_TO = TOLERABLE + 1e-10
# Prices of the rows are 100 at most where coefficients are between .25 and 3, so a row out by
# `TOLERABLE` is worth less. The prices that begin() gives to columns are 2e-7 of at most 2.1 each.
OF_THE_COUNT = 3e-6


def solved(rows: SwitchRows, *, cutoff: float = np.inf) -> tuple[int, float]:
    """How it ended and the count of the switches at the end."""
    tableau, work = full_tableau(rows)
    status, _, _ = minimise(tableau, rows, work, cutoff, MANY_PIVOTS)
    values = point(tableau, rows)
    if status == OPTIMAL:
        assert excess(rows, values) <= KEPT_TO
    return status, float(values[rows.coefficients.shape[1] :].sum())


def decide_some(rows: SwitchRows, data: st.DataObject) -> None:
    for switch in range(first_row(rows) - rows.coefficients.shape[1]):
        side = data.draw(st.sampled_from([None, None, 0, 1]))
        if side is not None:
            decide(rows, switch, side)


@settings(max_examples=100, deadline=None)
@given(programs(), st.data())
def test_it_ends_at_the_least_count_or_proves_that_there_is_no_point(
    rows: SwitchRows, data: st.DataObject
) -> None:
    decide_some(rows, data)
    least = least_count_by_linprog(rows)

    status, count = solved(rows)

    if least is None:
        assert status == INFEASIBLE
    else:
        assert status == OPTIMAL
        assert count == pytest.approx(least, abs=OF_THE_COUNT)


@settings(max_examples=60, deadline=None)
@given(programs(), st.data(), st.sampled_from([-0.5, -1e-8, 0.0, 1e-9, 1e-6, 0.5]))
def test_above_the_cutoff_means_that_no_count_is_as_low(
    rows: SwitchRows, data: st.DataObject, above: float
) -> None:
    decide_some(rows, data)
    least = true_least(rows)
    cutoff = least + above

    status, count = solved(rows, cutoff=cutoff)

    if above >= 1e-6:
        assert status == OPTIMAL
    elif above == -0.5:
        assert status == ABOVE_CUTOFF
    # linprog keeps rows to 1e-10, of which prices make 1e-8 at most.
    if status == ABOVE_CUTOFF:
        assert least > cutoff - 1e-8
    else:
        assert status == OPTIMAL
        assert count == pytest.approx(least, abs=OF_THE_COUNT)


@settings(max_examples=70, deadline=None)
@given(programs(), st.data(), st.sampled_from([-1e-8, 0.0, 1e-8, 1e-6, 0.1, 3.0]))
def test_row_raised_to_its_greatest_value_and_beyond_is_reached_or_proved_not_to_be(
    rows: SwitchRows, data: st.DataObject, beyond: float
) -> None:
    columns = rows.coefficients.shape[1]
    drawn = st.lists(st.sampled_from([-1.0, 0.0, 0.3, 1.0]), min_size=columns, max_size=columns)
    coefficients = np.array(data.draw(drawn))
    highest = -true_least(rows, -coefficients)
    row = int(rows.size[0])
    rows.coefficients[row] = rows.by_column[:, row] = coefficients
    rows.lower[first_row(rows) + row] = highest + beyond
    rows.size[0] = rows.kept[0] = row + 1

    status, _ = solved(rows)

    # A point that breaks every row by `TOLERABLE` can be a hundred times as far out in another.
    if beyond >= 1e-6:
        assert status == INFEASIBLE
    elif status != OPTIMAL:
        assert beyond > 0
        assert status == INFEASIBLE
        assert least_count_by_linprog(rows) is None


@pytest.mark.parametrize(("columns", "most"), [(4, 0.25), (10, 0.1), (3, 1 / 3), (7, 1 / 7)])
def test_sum_that_is_only_just_reached_is_reached(columns: int, most: float) -> None:
    # Of ten times .1 the sum is 1 - 1e-16.
    budget = Row(np.ones(columns), lower=1.0, upper=1.0)
    rows = switch_rows(upper=[most] * columns, rows=[budget])

    tableau, work = full_tableau(rows)
    status, _, _ = minimise(tableau, rows, work, np.inf, MANY_PIVOTS)

    assert status == OPTIMAL
    assert point(tableau, rows) == pytest.approx(np.full(columns, most), abs=ROUNDING)


@pytest.mark.parametrize("missing", [5e-8, 1e-6, 0.1])
def test_sum_that_is_not_reached_is_proved_out_of_reach(missing: float) -> None:
    budget = Row(np.ones(4), lower=1.0 + missing, upper=1.0 + missing)

    assert solved(switch_rows(upper=[0.25] * 4, rows=[budget]))[0] == INFEASIBLE


@pytest.mark.parametrize("missing", [0.0, 1e-12, 5e-10])
def test_what_rows_are_kept_to_is_not_out_of_reach(missing: float) -> None:
    budget = Row(np.ones(4), lower=1.0 + missing, upper=1.0 + missing)

    assert solved(switch_rows(upper=[0.25] * 4, rows=[budget]))[0] == OPTIMAL


def test_row_that_was_tolerated_is_broken_once_its_bound_is_raised() -> None:
    # p <= 1 and .2 p >= .2 + 6e-10: either can be kept with the other one out by less than its
    # tolerance, 3e-9 and 6e-10. Then .2 p >= .3.
    rows = switch_rows(upper=[2.0], rows=[Row([0.2], lower=0.2 + 6e-10), Row([1.0], upper=1.0)])
    memory = search_memory(rows, scenarios_of_switches(rows, most_losing=0))
    tableau = level_of(memory.stack, 0)
    first, _, _ = minimise(tableau, rows, memory.work, np.inf, MANY_PIVOTS)

    bound_row(memory.stack, rows, memory.levels, 0, 0.3, np.inf)
    second, _, _ = minimise(tableau, rows, memory.work, np.inf, MANY_PIVOTS)

    assert (first, second) == (OPTIMAL, INFEASIBLE)


def test_program_that_is_empty_by_too_little_for_a_proof_and_too_much_to_be_kept_is_left_open() -> (
    None
):
    # p <= 1 and .01 p >= .01 + 5e-10: p = 1 + 5e-8 is out by ten times what is tolerated.
    rows = switch_rows(upper=[2.0], rows=[Row([0.01], lower=0.01 + 5e-10), Row([1.0], upper=1.0)])

    assert solved(rows)[0] == UNPROVED


def test_prices_of_two_rows_add_up_to_the_count() -> None:
    # x + y <= 1 and M_0 = x, M_1 = y, losses 1: z_0 + z_1 >= 2 - (x + y) >= 1.
    rows = switch_rows(
        upper=[1.0, 1.0],
        scenarios=[[1.0, 0.0], [0.0, 1.0]],
        losses=[1.0, 1.0],
        rows=[Row([1.0, 1.0], upper=1.0)],
    )

    status, count = solved(rows)

    assert status == OPTIMAL
    assert count == pytest.approx(1.0, abs=OF_THE_COUNT)
    assert solved(rows, cutoff=0.9)[0] == ABOVE_CUTOFF


@settings(max_examples=30, deadline=None)
@given(programs())
def test_pivots_one_at_a_time_end_at_the_same_bytes(rows: SwitchRows) -> None:
    at_once, work = full_tableau(rows)
    expected, _, _ = minimise(at_once, rows, work, np.inf, MANY_PIVOTS)
    one_by_one, work = full_tableau(rows)

    status, taken = TOO_LONG, 1
    while status == TOO_LONG and taken > 0:
        status, _, taken = minimise(one_by_one, rows, work, np.inf, 1)

    assert status == expected
    assert point(one_by_one, rows).tobytes() == point(at_once, rows).tobytes()
