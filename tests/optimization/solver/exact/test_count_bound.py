"""How far the count of losing scenarios is shown not to fall, and what is met on the way."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.count_bound import CountBound
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.multiple_slice import MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.stated.problem import AllocationProblem, CvarLimit
from tests.optimization.solver.oracles import best_expected_multiple
from tests.optimization.solver.problems import market_multiples, problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b"]
SCENARIOS = 9
# More than any search for nine scenarios takes.
PLENTY = 100_000


def tiny(seed: int, *, most: int, cvar: CvarLimit | None = None) -> AllocationProblem:
    return problem(
        KEYS,
        market_multiples(seed=seed, buckets=4, scenarios=SCENARIOS),
        max_loss_probability=most / SCENARIOS,
        max_bucket_weight=0.6,
        cvar=cvar,
    )


def bound_of(built: AllocationProblem, *, iterations: int = PLENTY) -> CountBound | None:
    """Before anything is searched, with ``iterations`` for that; None when the relaxation of the
    slice alone shows it to be empty.
    """
    budget = SearchBudget(BudgetedHighs(60.0))
    near = range(built.scenarios)
    piece = MultipleSlice(built, minimum=0.0, cuts=(), near=near, budget=budget)
    piece.tighten()
    if piece.is_empty:
        return None
    program = CountProgram(piece, budget=budget)
    root = program.solve()
    if not program.may_hold_an_allocation(root):
        return None
    budget.max_iterations = budget.iterations + iterations
    return CountBound(program, root=root, budget=budget)


def fewest_by_enumeration(built: AllocationProblem) -> int | None:
    """The least number within the problem's own limit for which some choice has an allocation."""
    for most in range((built.allowed_losing_scenarios() or 0) + 1):
        limits = replace(built.limits, max_loss_probability=most / built.scenarios)
        if best_expected_multiple(built.with_limits(limits)) is not None:
            return most
    return None


# An enumeration takes up to 512 linear programs.
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), most=st.integers(0, SCENARIOS), with_cvar=st.booleans())
def test_searched_to_the_end_it_is_the_fewest_by_enumeration(
    seed: int, most: int, with_cvar: bool
) -> None:
    cvar = CvarLimit(confidence=0.75, maximum=0.6) if with_cvar else None
    built = tiny(seed, most=most, cvar=cvar)
    fewest = fewest_by_enumeration(built)
    bound = bound_of(built)
    if bound is None:
        assert fewest is None
        return

    bound.raise_it()

    assert bound.certified == bound.fewest
    assert bound.certified == (most + 1 if fewest is None else fewest)
    assert (bound.losing is None) == (fewest is None)


@pytest.mark.parametrize("seed", range(4))
def test_scenarios_that_are_met_are_as_many_as_it_says(seed: int) -> None:
    bound = bound_of(tiny(seed, most=SCENARIOS))
    assert bound is not None

    bound.raise_it()

    assert bound.losing is not None
    assert len(bound.losing) == bound.fewest


def larger(*, iterations: int) -> CountBound:
    """With 90 scenarios, which take more than one search."""
    built = problem(
        KEYS,
        market_multiples(seed=2, buckets=4, scenarios=90),
        max_loss_probability=0.5,
        max_bucket_weight=0.6,
    )
    bound = bound_of(built, iterations=iterations)
    assert bound is not None
    return bound


def test_searches_that_the_budget_ends_leave_a_bound_below_the_fewest() -> None:
    finished = larger(iterations=PLENTY)
    finished.raise_it()
    assert finished.certified == finished.fewest

    certified = []
    for iterations in (0, 50, 200, 800):
        stopped = larger(iterations=iterations)
        stopped.raise_it()
        certified.append(stopped.certified)

    # Each starts from the same root, and goes on for longer.
    assert certified == sorted(certified)
    assert certified[0] < certified[-1] <= finished.certified


def test_equal_budgets_end_at_the_same_point() -> None:
    first, again = (larger(iterations=300) for _ in range(2))

    first.raise_it()
    again.raise_it()

    assert (first.certified, first.fewest) == (again.certified, again.fewest)
    assert first.losing == again.losing


def test_nothing_is_searched_without_a_budget() -> None:
    bound = larger(iterations=0)
    root = bound.certified

    bound.raise_it()

    assert bound.certified == root
    assert bound.losing is None
