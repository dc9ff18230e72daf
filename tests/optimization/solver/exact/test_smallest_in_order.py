import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.smallest_in_order import smallest_in_order
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.measures.risk import cvar
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, Limits
from tests.optimization.solver.problems import market_multiples, problem

KEYS = ["seed/a", "seed/b", "seed/c"]


def smallest(stated: AllocationProblem, *, losing: frozenset[int] | None) -> list[float]:
    """Of the weights with the highest expected multiple."""
    polytope = WeightPolytope(stated, budget=SearchBudget(BudgetedHighs(60.0)))
    polytope.maximise_expected_multiple()
    outcome = polytope.solve_within_tail()
    assert outcome.status == "optimal"
    weights: list[float] = smallest_in_order(polytope, outcome, losing=losing).tolist()
    return weights


def test_first_weight_is_the_smallest_then_the_second() -> None:
    # Three equal means; at most half in a bucket leaves 0, .5, .5.
    equal = problem(KEYS, [[2.0], [2.0], [2.0]], max_bucket_weight=0.5)

    assert smallest(equal, losing=None) == pytest.approx([0.0, 0.5, 0.5], abs=1e-9)


def test_optimum_is_not_given_up_for_a_smaller_weight() -> None:
    # The first bucket is better than the others, by little.
    better = problem(KEYS, [[2.001], [2.0], [2.0]], max_bucket_weight=0.5)

    assert smallest(better, losing=None) == pytest.approx([0.5, 0.0, 0.5], abs=1e-9)


def test_scenarios_that_may_not_lose_do_not_on_the_way() -> None:
    # Equal means of 1.5. The third bucket alone loses in the first scenario: 2.5 b + .5 c >= 1
    # with a = 0 leaves c <= .75.
    multiples = [[1.5, 1.5], [2.5, 0.5], [0.5, 2.5]]

    assert smallest(problem(KEYS, multiples), losing=None) == pytest.approx([0.0, 0.0, 1.0])
    assert smallest(problem(KEYS, multiples), losing=frozenset({1})) == pytest.approx(
        [0.0, 0.25, 0.75]
    )


def test_cvar_is_kept_on_the_way() -> None:
    # As before, and c may lose .25 in the tail, which is the first scenario: 2.5 b + .5 c >= .75
    # leaves c <= .875.
    multiples = [[1.5, 1.5], [2.5, 0.5], [0.5, 2.5]]
    limited = problem(KEYS, multiples, cvar=CvarLimit(confidence=0.5, maximum=0.25))

    assert smallest(limited, losing=None) == pytest.approx([0.0, 0.125, 0.875])


def test_weights_that_are_none_already_take_no_program() -> None:
    # The first two buckets are worse than the others, which hold a half each.
    worse = problem(["seed/a", "seed/b", "seed/c", "seed/d"], [[1.0], [1.0], [2.0], [2.0]])
    limited = worse.with_limits(Limits(max_bucket_weight=0.5, cvar=CvarLimit(0.5, 1.0)))
    budget = SearchBudget(BudgetedHighs(60.0))
    polytope = WeightPolytope(limited, budget=budget)
    polytope.maximise_expected_multiple()
    outcome = polytope.solve_within_tail()
    before = budget.programs

    weights = smallest_in_order(polytope, outcome, losing=None)

    assert weights.tolist() == [0.0, 0.0, 0.5, 0.5]
    assert budget.programs - before <= 1


@pytest.mark.parametrize("seed", range(5))
def test_order_of_a_random_optimum_keeps_its_multiple_and_cvar(seed: int) -> None:
    # Buckets in three equal pairs, so that there are many optima.
    multiples = np.repeat(market_multiples(seed=seed, buckets=3, scenarios=80), 2, axis=0)
    keys = [f"seed/{name}" for name in "abcdef"]
    # Above the least CVaR of these seeds.
    limited = problem(
        keys, multiples, max_bucket_weight=0.3, cvar=CvarLimit(confidence=0.9, maximum=0.8)
    )
    polytope = WeightPolytope(limited, budget=SearchBudget(BudgetedHighs(60.0)))
    polytope.maximise_expected_multiple()
    best = -polytope.solve_within_tail().objective

    weights = np.array(smallest(limited, losing=None))

    assert weights @ limited.expected_multiples() == pytest.approx(best, abs=1e-8)
    assert cvar(weights @ multiples, confidence=0.9) <= 0.8 + 6e-8
    for first, second in ((0, 1), (2, 3), (4, 5)):
        # The first of two equal buckets gets what the second cannot hold.
        pair = weights[first] + weights[second]
        assert weights[first] == pytest.approx(max(0.0, pair - 0.3), abs=1e-8)
