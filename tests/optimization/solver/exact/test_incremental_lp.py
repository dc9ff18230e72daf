import highspy
import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs, SolveInterrupted, SolverFailed
from optimization.solver.exact.incremental_lp import IncrementalLp, Indices
from optimization.solver.exact.search_budget import SearchBudget


def two_columns(budget: SearchBudget | None = None) -> IncrementalLp:
    """Minimise -x - 2 y over 0 <= x, y <= 1 with x + y <= 1.5."""
    lp = IncrementalLp(budget or SearchBudget(BudgetedHighs(10.0)))
    columns = lp.add_columns(np.zeros(2), np.ones(2))
    lp.set_costs(columns, np.array([-1.0, -2.0]))
    lp.add_row(columns, np.ones(2), -np.inf, 1.5)
    return lp


def both() -> Indices:
    return np.arange(2, dtype=np.int32)


def test_optimum_has_values_and_duals() -> None:
    lp = two_columns()

    outcome = lp.solve()

    assert outcome.status == "optimal"
    assert outcome.values == pytest.approx([0.5, 1.0])
    assert outcome.objective == pytest.approx(-2.5)
    # One unit more of the row gives one more x; one more of y's bound trades an x for it.
    assert lp.duals().rows == pytest.approx([-1.0])
    assert lp.duals().columns == pytest.approx([0.0, -1.0])


def test_bounds_of_rows_and_columns_can_be_changed_between_solves() -> None:
    lp = two_columns()
    lp.solve()
    lp.bound_columns(both(), np.zeros(2), np.array([1.0, 0.25]))
    assert lp.solve().values == pytest.approx([1.0, 0.25])

    lp.bound_rows(np.zeros(1, dtype=np.int32), np.array([-np.inf]), np.array([0.5]))

    assert lp.solve().values == pytest.approx([0.25, 0.25])


def test_infeasible_is_a_status_and_can_be_undone() -> None:
    lp = two_columns()
    row = lp.add_row(both(), np.array([1.0, -1.0]), 2.0, np.inf)
    assert lp.solve().status == "infeasible"

    lp.bound_rows(np.array([row], dtype=np.int32), np.array([0.5]), np.array([np.inf]))

    # x >= y + .5 and x + y <= 1.5: x = 1, y = .5.
    assert lp.solve().objective == pytest.approx(-2.0)


def test_optimum_above_the_cutoff_is_told_as_such() -> None:
    lp = two_columns()
    lp.solve()
    lp.set_cutoff(-2.2)
    lp.bound_columns(both(), np.zeros(2), np.array([1.0, 0.25]))

    outcome = lp.solve()

    # The optimum is now -1.5. HiGHS may also finish it.
    assert outcome.status == "above_cutoff" or outcome.objective == pytest.approx(-1.5)


def test_slack_rows_can_be_removed_without_losing_the_basis() -> None:
    lp = two_columns()
    lp.add_row(both(), np.ones(2), -np.inf, 10.0)
    binding = lp.add_row(both(), np.array([1.0, 0.0]), -np.inf, 0.25)
    before = lp.solve()
    assert lp.are_slack([1, binding]).tolist() == [True, False]

    lp.keep_rows(np.array([True, False, True]))

    assert lp.rows == 2
    assert lp.solve().values == pytest.approx(before.values)


def test_unbounded_program_is_an_error() -> None:
    lp = IncrementalLp(SearchBudget(BudgetedHighs(10.0)))
    lp.set_costs(lp.add_columns(np.zeros(1), np.array([np.inf])), np.array([-1.0]))

    with pytest.raises(SolverFailed, match="Unbounded"):
        lp.solve()


def test_edit_that_highs_refuses_is_an_error() -> None:
    lp = two_columns()

    with pytest.raises(SolverFailed, match="edit"):
        lp.add_row(np.array([7], dtype=np.int32), np.ones(1), 0.0, 1.0)


def test_programs_and_iterations_are_booked_and_the_caller_can_stop_them() -> None:
    budget = SearchBudget(BudgetedHighs(10.0, should_stop=lambda: budget.programs >= 2))
    lp = two_columns(budget)
    lp.solve()
    assert budget.programs == 1
    assert budget.highs.iterations == budget.iterations > 0

    with pytest.raises(SolveInterrupted):
        lp.solve()


def test_budget_says_which_limit_has_been_reached() -> None:
    assert SearchBudget(BudgetedHighs(1.0), max_iterations=1).used_up() is None
    assert SearchBudget(BudgetedHighs(0.0), max_iterations=1).used_up() == "time_limit"
    assert SearchBudget(BudgetedHighs(1.0), max_iterations=0).used_up() == "iteration_limit"


def test_highs_runs_on_one_thread_with_the_tolerances_of_the_method() -> None:
    lp = two_columns()

    options = {
        name: lp._highs.getOptionValue(name) for name in ("threads", "primal_feasibility_tolerance")
    }

    assert options == {
        "threads": (highspy.HighsStatus.kOk, 1),
        "primal_feasibility_tolerance": (highspy.HighsStatus.kOk, 1e-9),
    }


def test_copy_is_a_program_of_its_own_that_starts_where_the_first_one_ended() -> None:
    budget = SearchBudget(BudgetedHighs(10.0))
    lp = two_columns(budget)
    before = lp.solve()
    copied = lp.copy()
    spent = budget.iterations

    assert copied.solve().objective == before.objective
    assert budget.iterations == spent

    copied.bound_columns(both(), np.zeros(2), np.array([0.25, 0.25]))
    assert copied.solve().objective == pytest.approx(-0.75)
    assert lp.solve().objective == before.objective
    assert [bounds.tolist() for bounds in copied.column_bounds(both())] == [[0, 0], [0.25, 0.25]]


def test_rows_and_columns_can_be_added_many_at_a_time() -> None:
    # x <= .75, y <= .5, and x + y - u - v <= .25 with u <= .5, v <= .25: x = .5, y = .5.
    lp = two_columns()
    row = lp.add_row(both(), np.ones(2), -np.inf, 0.25)
    slack = lp.add_columns_to_row(row, -1.0, np.zeros(2), np.array([0.5, 0.25]))

    rows = lp.add_rows(
        np.array([[0], [1]], dtype=np.int32),
        np.ones((2, 1)),
        np.full(2, -np.inf),
        np.array([0.75, 0.5]),
    )

    assert slack.tolist() == [2, 3]
    assert rows.tolist() == [2, 3]
    assert lp.solve().values == pytest.approx([0.5, 0.5, 0.5, 0.25])


def test_columns_that_enter_the_basis_with_their_rows_keep_an_optimum() -> None:
    lp = two_columns()
    before = lp.solve()
    added = lp.add_columns(np.zeros(1), np.ones(1))
    # The new column is x, which is .5 and basic.
    row = lp.add_row(np.append(both()[:1], added), np.array([1.0, -1.0]), 0.0, np.inf)
    lp.enter_basis(columns=added, rows=np.array([row], dtype=np.int32))
    budget_before = lp._budget.iterations

    outcome = lp.solve()

    assert outcome.objective == before.objective
    assert outcome.values[added] == pytest.approx([0.5])
    assert lp._budget.iterations == budget_before


def test_fixing_what_has_a_price_leaves_the_optima_alone() -> None:
    # Of x + y >= 1 at cost x + y everything on the line is an optimum, and the line is fixed.
    lp = IncrementalLp(SearchBudget(BudgetedHighs(10.0)))
    columns = lp.add_columns(np.zeros(2), np.ones(2))
    lp.add_row(columns, np.ones(2), 1.0, np.inf)
    lp.set_costs(columns, np.ones(2))
    lp.solve()

    assert lp.fix_priced(no_price=1e-8)

    lp.set_costs(columns, np.array([-1.0, -1.0]))
    assert lp.solve().objective == pytest.approx(-1.0)
    lp.set_costs(columns, np.array([1.0, 0.0]))
    assert lp.solve().values == pytest.approx([0.0, 1.0])
    assert not lp.fix_priced(no_price=1e-8)


def test_single_optimum_cannot_move() -> None:
    lp = two_columns()
    lp.solve()

    assert not lp.fix_priced(no_price=1e-8)
