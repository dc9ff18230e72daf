"""Least values of one sum of columns after another, against scipy's HiGHS."""

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from optimization.solver.compiled.dual_simplex import OPTIMAL, Workspace, minimise
from optimization.solver.compiled.primal_simplex import go_to_least, proved_least
from optimization.solver.compiled.switch_rows import Floats, SwitchRows
from optimization.solver.compiled.tableau import Tableau
from tests.optimization.solver.compiled.programs import (
    Row,
    programs,
    switch_rows,
    true_least,
)
from tests.optimization.solver.compiled.tableaus import excess, full_tableau, point

MANY_PIVOTS = 10_000
# linprog keeps rows to 1e-10 and the kernels to 1e-9, of which prices make a hundred times as much.
OF_THE_VALUE = 1e-6
ROUNDING = 1e-8


def entered(rows: SwitchRows) -> tuple[Tableau, Workspace]:
    """A tableau within all bounds."""
    tableau, work = full_tableau(rows)
    status, _, _ = minimise(tableau, rows, work, np.inf, MANY_PIVOTS)
    if status != OPTIMAL:
        reject()
    return tableau, work


def drawn_costs(data: st.DataObject, rows: SwitchRows) -> Floats:
    columns = rows.coefficients.shape[1]
    of_one = st.one_of(st.sampled_from([-1.0, 0.0, 0.5, 1.0]), st.floats(-2.0, 2.0))
    return np.array(data.draw(st.lists(of_one, min_size=columns, max_size=columns)))


@settings(max_examples=50, deadline=None)
@given(programs(), st.data())
def test_each_minimum_is_the_least_value_and_proved_to_be(
    rows: SwitchRows, data: st.DataObject
) -> None:
    tableau, work = entered(rows)
    for _ in range(3):
        costs = drawn_costs(data, rows)
        true = true_least(rows, costs)

        go_to_least(tableau, rows, work, costs, MANY_PIVOTS)
        bound = proved_least(tableau, rows, work, costs)

        values = point(tableau, rows)
        assert excess(rows, values) <= ROUNDING
        assert values[: costs.size] @ costs == pytest.approx(true, abs=OF_THE_VALUE)
        assert bound <= true + ROUNDING
        assert bound == pytest.approx(true, abs=OF_THE_VALUE)


@settings(max_examples=40, deadline=None)
@given(programs(), st.data(), st.integers(0, 3))
def test_bound_holds_wherever_the_pivots_stop(
    rows: SwitchRows, data: st.DataObject, most_pivots: int
) -> None:
    tableau, work = entered(rows)
    costs = drawn_costs(data, rows)
    true = true_least(rows, costs)

    taken = go_to_least(tableau, rows, work, costs, most_pivots)

    assert taken <= most_pivots
    assert excess(rows, point(tableau, rows)) <= ROUNDING
    assert proved_least(tableau, rows, work, costs) <= true + ROUNDING


def test_least_weight_is_what_the_others_may_not_take() -> None:
    # x + y = 1 and y <= .4: x is .6 at least, and 1 at most.
    rows = switch_rows(upper=[1.0, 0.4], rows=[Row([1.0, 1.0], lower=1.0, upper=1.0)])
    tableau, work = entered(rows)

    ends = []
    for costs in (np.array([1.0, 0.0]), np.array([-1.0, 0.0])):
        go_to_least(tableau, rows, work, costs, MANY_PIVOTS)
        ends.append(float(point(tableau, rows)[0]))

    assert ends == pytest.approx([0.6, 1.0], abs=1e-15)
