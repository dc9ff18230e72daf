import numpy as np
import pulp
import pytest

from optimization.solver import budgeted_highs
from optimization.solver.budgeted_highs import BudgetedHighs, SolveInterrupted, SolverFailed


def knapsack(capacity: float, *, cat: str = pulp.LpInteger) -> pulp.LpProblem:
    """Maximise 5 a + 4 b with 3 a + 2 b <= capacity, both 0..1."""
    program = pulp.LpProblem("knapsack", pulp.LpMaximize)
    a = program.add_variable("a", 0, 1, cat)
    b = program.add_variable("b", 0, 1, cat)
    program.setObjective(5 * a + 4 * b)
    program.addConstraint(3 * a + 2 * b <= capacity, "capacity")
    return program


def test_optimum_and_bound_are_in_the_sense_of_the_program() -> None:
    run = BudgetedHighs(10.0).solve(knapsack(4))

    assert run.status == "optimal"
    assert run.objective == pytest.approx(5, abs=1e-9)
    assert run.bound == pytest.approx(5, abs=1e-9)


def test_linear_program_is_bounded_by_its_optimum() -> None:
    # All of b, 2/3 of a: 4 + 10/3.
    run = BudgetedHighs(10.0).solve(knapsack(4, cat=pulp.LpContinuous))

    assert run.objective == pytest.approx(4 + 10 / 3, abs=1e-9)
    assert run.bound == run.objective


def test_infeasible_is_a_status() -> None:
    run = BudgetedHighs(10.0).solve(knapsack(-1))

    assert run.status == "infeasible"
    assert run.values is None


def test_used_up_time_is_a_status_and_proves_nothing() -> None:
    run = BudgetedHighs(0.0).solve(knapsack(4, cat=pulp.LpContinuous))

    assert run.status == "time_limit"
    assert run.bound == float("inf")


def test_seconds_nodes_and_iterations_add_up_over_solves() -> None:
    highs = BudgetedHighs(10.0)
    highs.solve(knapsack(4, cat=pulp.LpContinuous))
    after_one = highs.seconds
    highs.solve(knapsack(3, cat=pulp.LpContinuous))

    assert 0 < after_one < highs.seconds
    assert highs.seconds_left == pytest.approx(10.0 - highs.seconds)


def test_search_with_binaries_is_interrupted_in_the_middle() -> None:
    # 60 binaries and 30 random rows take HiGHS many seconds; it asks several times a second.
    draw = np.random.default_rng(0)
    program = pulp.LpProblem("knapsacks", pulp.LpMaximize)
    chosen = [program.add_variable(f"x{i}", 0, 1, pulp.LpInteger) for i in range(60)]
    program.setObjective(pulp.lpDot(draw.integers(1, 50, size=60).tolist(), chosen))
    for row in range(30):
        sizes = draw.integers(1, 40, size=60).tolist()
        program.addConstraint(pulp.lpDot(sizes, chosen) <= 100, f"room{row}")
    asked: list[None] = []

    def stop_the_fortieth_time() -> bool:
        asked.append(None)
        return len(asked) >= 40

    with pytest.raises(SolveInterrupted):
        BudgetedHighs(600.0, stop_the_fortieth_time).solve(program)


@pytest.mark.parametrize("option", [{"mip_relative_gap": 0.1}, {"threads": -3}])
def test_option_that_highs_refuses_is_an_error(
    option: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgeted_highs, "_OPTIONS", budgeted_highs._OPTIONS | option)

    with pytest.raises(SolverFailed, match=next(iter(option))):
        BudgetedHighs(10.0).solve(knapsack(4))
