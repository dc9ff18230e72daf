import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.distance_program import MOST_DISTANCE, DistanceProgram
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import WeightPolytope
from tests.optimization.solver.problems import problem

# Means 2, 1 and 1.
MULTIPLES = [[2.0], [1.0], [1.0]]
KEYS = ["seed/a", "seed/b", "seed/c"]


def program(*, minimum: float) -> DistanceProgram:
    polytope = WeightPolytope(problem(KEYS, MULTIPLES), budget=SearchBudget(BudgetedHighs(60.0)))
    polytope.add_row(polytope.means, lower=minimum)
    return DistanceProgram(polytope)


# An expected multiple of 1 + a needs a in the first bucket: 2 (a - 1/3) above uniform.
@pytest.mark.parametrize(("minimum", "distance"), [(1.0, 0.0), (1.5, 1 / 3), (2.0, 4 / 3)])
def test_minimum_is_the_distance_less_the_most_it_can_be(minimum: float, distance: float) -> None:
    even = program(minimum=minimum)
    even.minimise()

    outcome = even.polytope.lp.solve()

    assert outcome.objective + MOST_DISTANCE == pytest.approx(distance, abs=1e-9)
    weights = outcome.values[even.polytope.weights]
    assert np.abs(weights - 1 / 3).sum() == pytest.approx(distance, abs=1e-9)


def test_only_allocations_up_to_the_distance_remain() -> None:
    even = program(minimum=1.0)
    even.polytope.maximise_expected_multiple()

    even.limit(1 / 3)
    assert even.polytope.lp.solve().objective == pytest.approx(-1.5)

    even.polytope.add_row(even.polytope.means, lower=1.6)
    assert even.polytope.lp.solve().status == "infeasible"
