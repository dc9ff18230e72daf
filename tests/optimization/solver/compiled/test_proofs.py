"""Bounds from multipliers of rows never claim more than is true, whatever the multipliers are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.compiled.proofs import least_count, least_sum
from optimization.solver.compiled.switch_rows import Floats, SwitchRows, decide, first_row
from tests.optimization.solver.compiled.programs import (
    Row,
    least_count_by_linprog,
    programs,
    switch_rows,
)

# linprog keeps rows to 1e-10, and there are nine at most with multipliers up to 50.
ROUNDING = 1e-7


def count_bound(rows: SwitchRows, multipliers: Floats) -> float:
    used = np.arange(multipliers.size)
    return float(least_count(rows, multipliers, used, np.empty(first_row(rows))))


def sum_bound(rows: SwitchRows, multipliers: Floats) -> float:
    used = np.arange(multipliers.size)
    return float(least_sum(rows, multipliers, used, np.empty(first_row(rows))))


def any_multipliers(data: st.DataObject, rows: SwitchRows) -> Floats:
    of_one = st.one_of(
        st.sampled_from([0.0, 1.0, -1.0, 0.5, 4.0]),
        st.floats(-50.0, 50.0, allow_subnormal=False),
    )
    size = int(rows.size[0])
    return np.array(data.draw(st.lists(of_one, min_size=size, max_size=size)), dtype=float)


@settings(max_examples=100, deadline=None)
@given(programs(), st.data())
def test_bound_on_the_count_is_never_above_the_least_count(
    rows: SwitchRows, data: st.DataObject
) -> None:
    least = least_count_by_linprog(rows)
    bound = count_bound(rows, any_multipliers(data, rows))

    assert not np.isnan(bound)
    if least is not None:
        assert bound <= least + ROUNDING


@settings(max_examples=100, deadline=None)
@given(programs(), st.data())
def test_sum_above_nothing_proves_that_there_is_no_point(
    rows: SwitchRows, data: st.DataObject
) -> None:
    multipliers = any_multipliers(data, rows)

    if sum_bound(rows, multipliers) > ROUNDING:
        assert least_count_by_linprog(rows) is None


@settings(max_examples=60, deadline=None)
@given(programs(), st.data())
def test_bound_counts_the_decisions_that_are_made(rows: SwitchRows, data: st.DataObject) -> None:
    for switch in range(first_row(rows) - rows.coefficients.shape[1]):
        side = data.draw(st.sampled_from([None, 0, 1]))
        if side is not None:
            decide(rows, switch, side)
    least = least_count_by_linprog(rows)

    bound = count_bound(rows, any_multipliers(data, rows))
    if least is not None:
        assert bound <= least + ROUNDING


def test_prices_of_the_rows_prove_the_least_count() -> None:
    # M = x, x <= 1/4, loss 1/2: z >= (1 - x) / (1/2) is at least 1.5, so twice the row proves it.
    rows = switch_rows(upper=[0.25], scenarios=[[1.0]], losses=[0.5])

    # What the additions may round is taken off: some 1e-13 of each number.
    assert count_bound(rows, np.array([2.0])) == pytest.approx(1.5, abs=1e-11)


def test_without_multipliers_only_decided_losses_count() -> None:
    rows = switch_rows(upper=[1.0], scenarios=[[1.0], [2.0]], losses=[1.0, 1.0])
    decide(rows, 1, 1)

    assert count_bound(rows, np.zeros(2)) == 1.0


def test_rows_that_contradict_each_other_are_proved_to() -> None:
    # x + y <= 1 and x + y >= 1.5: their difference is above 0 by a half.
    rows = switch_rows(upper=[1.0, 1.0], rows=[Row([1, 1], upper=1.0), Row([1, 1], lower=1.5)])

    # What the additions may round is taken off: some 1e-13 of each number.
    assert sum_bound(rows, np.array([-1.0, 1.0])) == pytest.approx(0.5, abs=1e-11)


@pytest.mark.parametrize("multiplier", [-1.0, -1e6])
def test_side_on_which_a_row_is_open_proves_nothing(multiplier: float) -> None:
    rows = switch_rows(upper=[1.0], rows=[Row([1.0], lower=0.5)])

    assert sum_bound(rows, np.array([multiplier])) == 0.0
