import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.losing_sets import Incumbent, LosingSetSearch
from optimization.solver.exact.loss_removal import LossRemoval
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.measures.risk import portfolio_multiples
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem, CvarLimit
from tests.optimization.solver.oracles import best_expected_multiple
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b", "series_b/a"]


def search_of(built: AllocationProblem) -> LosingSetSearch:
    polytope = WeightPolytope(built, budget=SearchBudget(BudgetedHighs(60.0)))
    polytope.maximise_expected_multiple()
    start = polytope.portfolio(polytope.solve_within_tail())
    return LosingSetSearch(polytope, allowed=built.allowed_losing_scenarios() or 0, start=start)


def improved(built: AllocationProblem, *, seed: int = 0) -> Incumbent | None:
    search = search_of(built)
    start = search.greedy()
    if start is None:
        return None
    return search.improve(start, random=np.random.default_rng(seed), programs=200)


def market_problem(seed: int, cvar: CvarLimit | None = None) -> AllocationProblem:
    return problem(
        KEYS,
        market_multiples(seed=seed, buckets=5, scenarios=80),
        max_loss_probability=0.35,
        max_bucket_weight=0.6,
        cvar=cvar,
    )


def test_it_finds_the_mix_that_loses_in_few_scenarios() -> None:
    # Worked in test_worked_cases: half and half, 2.7225.
    found = improved(high_and_low(max_loss_probability=0.10))

    assert found is not None
    assert found.expected_multiple == pytest.approx(2.7225, abs=1e-9)
    assert found.losing == frozenset(range(394, 400))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cvar", [None, CvarLimit(confidence=0.95, maximum=0.8)])
def test_what_it_finds_keeps_every_limit_and_loses_where_it_says(
    seed: int, cvar: CvarLimit | None
) -> None:
    built = market_problem(seed, cvar)

    found = improved(built)

    if found is not None:
        assert broken_limits(problem=built, weights=found.weights.tolist()) == ()
        portfolio = portfolio_multiples(weights=found.weights, multiples=built.multiples)
        assert set(np.flatnonzero(portfolio < 1 - 1e-6).tolist()) <= found.losing
        assert len(found.losing) <= 28
        assert found.expected_multiple == pytest.approx(
            float(found.weights @ built.expected_multiples()), abs=1e-9
        )


def test_some_of_the_market_problems_have_something_to_find() -> None:
    assert any(improved(market_problem(seed)) is not None for seed in range(6))


def test_improving_never_loses_what_it_started_from() -> None:
    search = search_of(market_problem(1))
    start = search.greedy()
    assert start is not None

    found = search.improve(start, random=np.random.default_rng(0), programs=100)

    assert found.expected_multiple >= start.expected_multiple - 1e-9


def test_equal_seeds_search_alike() -> None:
    first, again = (improved(market_problem(1), seed=4) for _ in range(2))

    assert first is not None
    assert again is not None
    assert first.weights.tobytes() == again.weights.tobytes()
    assert first.losing == again.losing


def test_best_within_a_losing_set_is_the_linear_optimum_of_it() -> None:
    # With the scenarios named, only a <= 2/3 matters: .5 a + 2 (1 - a) >= 1 in the first one.
    built = problem(
        ["seed/a", "seed/b"], [[0.5, 0.2, 9.0], [2.0, 0.9, 2.0]], max_loss_probability=1 / 3
    )

    found = search_of(built).best_losing_in(frozenset({1}))

    assert found is not None
    assert found.weights == pytest.approx([2 / 3, 1 / 3])
    assert found.losing == {1}
    assert found.expected_multiple == pytest.approx(best_expected_multiple(built), abs=1e-9)


def test_there_is_no_best_within_a_losing_set_that_leaves_out_a_certain_loss() -> None:
    built = problem(["seed/a", "seed/b"], [[0.5, 3.0], [0.9, 3.0]], max_loss_probability=0.5)

    assert search_of(built).best_losing_in(frozenset()) is None


def test_greedy_finds_nothing_where_there_is_nothing() -> None:
    everything_loses = problem(
        ["seed/a", "seed/b"], [[0.5, 0.5], [0.9, 0.2]], max_loss_probability=0.0
    )

    assert search_of(everything_loses).greedy() is None


@pytest.mark.parametrize("seed", range(4))
def test_loss_removal_names_scenarios_with_an_allocation_that_loses_in_no_other(seed: int) -> None:
    built = market_problem(seed)
    budget = SearchBudget(BudgetedHighs(60.0))

    losing = LossRemoval(built, budget=budget).small_enough(allowed=28, ceiling=2.0)

    if losing is not None:
        assert len(losing) <= 28
        assert search_of(built).best_losing_in(losing) is not None


def test_loss_removal_finds_nothing_where_there_is_nothing() -> None:
    built = problem(["seed/a", "seed/b"], [[0.5, 0.5], [0.9, 0.2]], max_loss_probability=0.0)
    budget = SearchBudget(BudgetedHighs(60.0))

    assert LossRemoval(built, budget=budget).small_enough(allowed=0, ceiling=0.55) is None
