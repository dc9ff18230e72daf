"""The arrays say what the count program says, in another order."""

import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.compiled.count_levels import solve_level
from optimization.solver.compiled.dual_simplex import OPTIMAL
from optimization.solver.compiled.switch_rows import NO_SWITCH, first_row
from optimization.solver.exact.count_arrays import MOST_CUTS, CountArrays, count_arrays
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.multiple_slice import MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.stated.problem import CvarLimit
from tests.optimization.solver.compiled.programs import matrix
from tests.optimization.solver.problems import market_multiples, problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b"]
SEEDS = (1, 4, 6)


def program_of(seed: int, *, counted: int | None = None) -> CountProgram:
    """With switches for the first ``counted`` open scenarios, and after them a row and another
    switch, so that neither are the last of their kind.
    """
    built = problem(
        KEYS,
        market_multiples(seed=seed, buckets=4, scenarios=40),
        max_loss_probability=0.35,
        max_bucket_weight=0.7,
        cvar=CvarLimit(confidence=0.9, maximum=0.8),
    )
    budget = SearchBudget(BudgetedHighs(60.0))
    piece = MultipleSlice(built, minimum=1.55, cuts=(), near=range(40), budget=budget)
    piece.tighten()
    program = CountProgram(piece, budget=budget, counted=piece.free[:counted])
    piece.polytope.add_row(np.array([1.0, 1.0, 0.0, 0.0]), lower=-np.inf, upper=0.95)
    if counted is not None:
        program.add_switch(piece.free[counted])
    return program


def in_order(arrays: CountArrays, program: CountProgram) -> np.ndarray:
    """The stated coefficients as the arrays would have them."""
    stated = program.lp.stated()
    moved = np.empty_like(stated.coefficients)
    moved[arrays.places] = stated.coefficients[:, arrays.columns]
    return moved


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("counted", [None, 2])
def test_every_row_and_bound_is_in_its_place(seed: int, counted: int | None) -> None:
    program = program_of(seed, counted=counted)
    stated = program.lp.stated()

    arrays = count_arrays(program)

    rows, columns = arrays.rows, arrays.columns
    first, size = first_row(rows), int(rows.size[0])
    assert size == stated.row_lower.size
    assert matrix(rows).tolist() == in_order(arrays, program).tolist()
    assert rows.by_column.tolist() == rows.coefficients.T.tolist()
    assert rows.lower[:first].tolist() == stated.column_lower[columns].tolist()
    assert rows.upper[:first].tolist() == stated.column_upper[columns].tolist()
    assert rows.lower[first + arrays.places].tolist() == stated.row_lower.tolist()
    assert rows.upper[first + arrays.places].tolist() == stated.row_upper.tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_the_switches_come_first_in_their_order(seed: int) -> None:
    program = program_of(seed, counted=2)

    arrays = count_arrays(program)

    rows = arrays.rows
    switches = len(program.scenarios)
    assert switches == 3
    assert arrays.scenarios.switched.tolist() == program.scenarios
    assert arrays.columns[-switches:].tolist() == program.switch_columns().tolist()
    assert rows.switch[:switches].tolist() == list(range(switches))
    for switch, scenario in enumerate(program.scenarios):
        multiples = program.piece.polytope.scenario(scenario)
        assert rows.coefficients[switch, :4].tolist() == multiples.tolist()
        assert rows.on_switch[switch] == program.piece.largest_loss(scenario)


def test_room_for_cuts_is_unbounded_and_has_no_switch() -> None:
    arrays = count_arrays(program_of(4))

    rows = arrays.rows
    room = slice(first_row(rows) + int(rows.size[0]), None)
    assert rows.switch.size - int(rows.size[0]) == MOST_CUTS
    assert rows.kept.tolist() == rows.size.tolist()
    assert (rows.switch[int(rows.size[0]) :] == NO_SWITCH).all()
    assert (rows.lower[room] == -np.inf).all()
    assert (rows.upper[room] == np.inf).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_values_are_handed_back_by_column_of_the_program(seed: int) -> None:
    program = program_of(seed, counted=2)
    arrays = count_arrays(program)
    memory = arrays.memory
    # CVaR would be cut off on the way, which the program does elsewhere.
    arrays.scenarios.highest_cvar[0] = np.inf
    how, _ = solve_level(
        memory.stack,
        arrays.rows,
        memory.levels,
        arrays.scenarios,
        memory.point,
        memory.work,
        np.inf,
    )

    values = arrays.values_in_program()

    assert how == OPTIMAL
    stated = program.lp.stated()
    activity = stated.coefficients @ values
    # Rows without a scenario are left out of the tableau while they are out by 1e-7 at most.
    assert (activity >= stated.row_lower - 1.1e-7).all()
    assert (activity <= stated.row_upper + 1.1e-7).all()
    switches = values[program.switch_columns()]
    assert switches.tolist() == memory.point.values[-len(program.scenarios) :].tolist()
    # Rows kept to 1e-9 and prices of 2e-7 for a weight: the least count of HiGHS, but for those.
    assert switches.sum() == pytest.approx(program.lp.solve().objective, abs=3e-6)


def test_switch_of_another_program_over_the_same_slice_is_refused() -> None:
    program = program_of(4, counted=0)
    other = CountProgram(program.piece, budget=SearchBudget(BudgetedHighs(60.0)), counted=())

    with pytest.raises(SolverFailed, match="other costs"):
        count_arrays(other)


def test_weight_that_costs_something_is_refused() -> None:
    program = program_of(4)
    polytope = program.piece.polytope
    program.lp.set_costs(polytope.weights[:1], np.ones(1))

    with pytest.raises(SolverFailed, match="other costs"):
        count_arrays(program)


def test_column_without_a_bound_is_refused() -> None:
    program = program_of(4)
    polytope = program.piece.polytope
    program.lp.bound_columns(polytope.weights[:1], np.zeros(1), np.array([np.inf]))

    with pytest.raises(SolverFailed, match="no bounds"):
        count_arrays(program)


def test_row_with_two_switches_is_refused() -> None:
    program = program_of(4)
    program.lp.add_row(program.switch_columns()[:2], np.ones(2), 1.0, np.inf)

    with pytest.raises(SolverFailed, match="several switches"):
        count_arrays(program)
