import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.closer_allocation import CloserAllocation, distance_of
from optimization.solver.exact.distance_program import DistanceProgram
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.losing_sets import LosingSetSearch
from optimization.solver.exact.search_budget import SearchBudget, Stop
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.stated.problem import AllocationProblem
from tests.optimization.solver.oracles import smallest_distance_to_uniform
from tests.optimization.solver.problems import problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b"]


def random_problem(seed: int) -> AllocationProblem:
    draw = np.random.default_rng(seed)
    multiples = np.exp(draw.normal(0.1, 0.7, size=(4, 10)))
    return problem(KEYS, multiples, max_loss_probability=0.2)


def search_from(
    stated: AllocationProblem, start: Floats, *, minimum: float, max_iterations: int
) -> tuple[float, float, Stop | None]:
    """Distances before and after, and what ended the search; ``start`` keeps every limit."""
    budget = SearchBudget(BudgetedHighs(60.0), max_iterations)
    polytope = WeightPolytope(stated, budget=budget)
    polytope.add_row(polytope.means, lower=minimum)
    program = DistanceProgram(polytope)
    portfolio = start @ stated.multiples
    allowed = stated.allowed_losing_scenarios()
    assert allowed is not None
    search = LosingSetSearch(polytope, allowed=allowed, start=portfolio)
    program.minimise()
    known = search.best_losing_in(frozenset(np.flatnonzero(portfolio < 1).tolist()))
    assert known is not None
    closer = CloserAllocation(stated, minimum=minimum, search=search, known=known, budget=budget)
    stop = closer.search_to_the_end()
    return distance_of(known), distance_of(closer.known), stop


def allocation_within_the_limits(stated: AllocationProblem, *, minimum: float) -> Floats:
    allowed = stated.allowed_losing_scenarios() or 0
    for weights in np.random.default_rng(0).dirichlet(np.full(4, 0.5), size=20_000):
        losing = int((weights @ stated.multiples < 1).sum())
        if losing <= allowed and weights @ stated.expected_multiples() >= minimum:
            return np.asarray(weights)
    raise AssertionError("no allocation found")


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 6])
def test_search_to_the_end_finds_the_closest_of_all_choices(seed: int) -> None:
    stated = random_problem(seed)
    minimum = float(stated.expected_multiples().mean())
    start = allocation_within_the_limits(stated, minimum=minimum)

    _, after, stop = search_from(stated, start, minimum=minimum, max_iterations=100_000)

    assert stop is None
    expected = smallest_distance_to_uniform(stated, minimum_expected_multiple=minimum)
    assert after == pytest.approx(expected, rel=1.1e-4, abs=2e-7)


def test_budget_ends_the_search_with_what_was_known() -> None:
    stated = random_problem(1)
    start = allocation_within_the_limits(stated, minimum=1.0)

    before, after, stop = search_from(stated, start, minimum=1.0, max_iterations=1)

    assert stop == "iteration_limit"
    assert after == before
