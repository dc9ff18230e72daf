import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.budgeted_highs import BudgetedHighs, SolveInterrupted
from optimization.solver.exact.least_losses import LeastLosses, least_losses
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.measures.risk import portfolio_multiples
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.oracles import best_expected_multiple
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b", "series_b/a"]


def solved(built: AllocationProblem, *, iterations: int = 20_000) -> LeastLosses | None:
    return least_losses(built, budget=SearchBudget(BudgetedHighs(60.0), iterations))


def fewest_by_enumeration(built: AllocationProblem) -> int:
    """The smallest number of losing scenarios for which some choice of them has an allocation."""
    limits = built.limits.as_json()
    for most in range(built.scenarios + 1):
        share = most / built.scenarios
        asked = problem(
            built.bucket_keys,
            built.multiples,
            max_loss_probability=share,
            cvar=built.limits.cvar,
            max_bucket_weight=limits.get("max_bucket_weight"),
        )
        if best_expected_multiple(asked) is not None:
            return most
    raise AssertionError("an allocation may lose in every scenario")


def tiny(seed: int, *, cvar: CvarLimit | None = None) -> AllocationProblem:
    return problem(
        KEYS[:3],
        market_multiples(seed=seed, buckets=3, scenarios=8),
        max_bucket_weight=0.7,
        cvar=cvar,
    )


def test_two_buckets_that_save_each_other_lose_only_where_both_do() -> None:
    # Worked in test_worked_cases: half and half loses in the 6 scenarios where neither wins.
    found = solved(high_and_low())

    assert found is not None
    assert found.losing == frozenset(range(394, 400))
    assert found.certified == 6


def test_a_scenario_in_which_every_bucket_loses_is_certain() -> None:
    found = solved(problem(["seed/a", "seed/b"], [[0.5, 3.0, 0.0], [0.9, 3.0, 4.0]]))

    assert found is not None
    assert found.losing == {0}
    assert found.certified == 1


def test_nothing_loses_where_one_bucket_always_gains() -> None:
    found = solved(problem(["seed/a", "seed/b"], [[0.5, 9.0], [1.5, 1.5]]))

    assert found is not None
    assert found.losing == frozenset()
    assert found.certified == 0


def test_the_limit_on_loss_probability_is_not_looked_at() -> None:
    unlimited, limited = (
        solved(problem(["seed/a", "seed/b"], [[0.5, 3.0], [0.9, 3.0]], max_loss_probability=limit))
        for limit in (None, 0.0)
    )

    assert unlimited is not None
    assert limited is not None
    assert limited.losing == unlimited.losing == {0}


def test_limits_that_contradict_one_another_have_no_answer() -> None:
    # All of it in `a`, which loses everything in half of the scenarios: CVaR is 1.
    impossible = problem(
        ["seed/a", "series_a/a"],
        [[0.0, 4.0], [2.0, 2.0]],
        stages={"seed": WeightRange(minimum=1.0)},
        cvar=CvarLimit(confidence=0.5, maximum=0.3),
    )

    assert solved(impossible) is None


# An enumeration takes up to 256 linear programs.
@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    with_cvar=st.booleans(),
    iterations=st.sampled_from([0, 20, 60, 150, 20_000]),
)
def test_the_fewest_by_enumeration_lie_between_the_two_ends(
    seed: int, with_cvar: bool, iterations: int
) -> None:
    built = tiny(seed, cvar=CvarLimit(confidence=0.75, maximum=0.6) if with_cvar else None)

    found = solved(built, iterations=iterations)

    if found is not None:
        assert found.certified <= fewest_by_enumeration(built) <= len(found.losing)


@pytest.mark.parametrize("seed", range(6))
def test_both_ends_meet_at_the_fewest_on_tiny_problems(seed: int) -> None:
    built = tiny(seed)

    found = solved(built)

    assert found is not None
    assert found.certified == len(found.losing) == fewest_by_enumeration(built)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cvar", [None, CvarLimit(confidence=0.95, maximum=0.8)])
def test_the_allocation_keeps_the_other_limits_and_loses_where_it_says(
    seed: int, cvar: CvarLimit | None
) -> None:
    built = problem(
        KEYS,
        market_multiples(seed=seed, buckets=5, scenarios=80),
        max_bucket_weight=0.6,
        stages={"seed": WeightRange(minimum=0.2, maximum=0.5)},
        cvar=cvar,
    )

    found = solved(built, iterations=4_000)

    assert found is not None
    assert broken_limits(problem=built, weights=found.weights.tolist()) == ()
    portfolio = portfolio_multiples(weights=found.weights, multiples=built.multiples)
    assert set(np.flatnonzero(portfolio < 1 - 1e-6).tolist()) <= found.losing
    assert 0 <= found.certified <= len(found.losing)


def test_more_iterations_never_certify_less() -> None:
    built = problem(KEYS, market_multiples(seed=3, buckets=5, scenarios=120))

    certified = [
        found.certified
        for iterations in (0, 1_500, 6_000, 20_000)
        if (found := solved(built, iterations=iterations)) is not None
    ]

    assert len(certified) == 4
    assert certified == sorted(certified)
    assert certified[0] < certified[-1]


def test_search_ends_where_no_more_lose_than_is_enough() -> None:
    built = problem(KEYS, market_multiples(seed=3, buckets=5, scenarios=120))
    fewest = solved(built)
    assert fewest is not None
    highs = BudgetedHighs(60.0)

    found = least_losses(built, budget=SearchBudget(highs, 20_000), enough=len(fewest.losing) + 4)

    assert found is not None
    assert len(found.losing) <= len(fewest.losing) + 4
    assert found.certified == 0
    # Of 20,000, which the search without a number that is enough uses up.
    assert highs.iterations < 2_000


def test_bound_far_below_what_is_enough_is_not_raised_but_holds() -> None:
    built = problem(KEYS, market_multiples(seed=3, buckets=5, scenarios=120))
    raised = solved(built)
    assert raised is not None
    highs = BudgetedHighs(60.0)

    found = least_losses(built, budget=SearchBudget(highs, 20_000), enough=len(raised.losing) - 1)

    assert found is not None
    assert 0 < found.certified <= raised.certified
    assert highs.iterations < 20_000


def test_equal_problems_and_iterations_give_equal_answers() -> None:
    built = problem(KEYS, market_multiples(seed=5, buckets=5, scenarios=120))

    first, again = (solved(built, iterations=3_000) for _ in range(2))

    assert first is not None
    assert again is not None
    assert first.weights.tobytes() == again.weights.tobytes()
    assert (first.losing, first.certified) == (again.losing, again.certified)


def test_a_multiple_a_hair_below_one_is_no_certain_loss() -> None:
    # 1 - 5e-7 counts as a gain in every report, so nothing may be certified from it.
    found = solved(problem(["seed/a"], [[1 - 5e-7, 0.5, 2.0]]))

    assert found is not None
    assert found.certified == 1


def test_a_multiple_too_high_to_scale_leaves_a_sound_bound() -> None:
    found = solved(problem(["seed/a", "seed/b"], [[1e6, 0.5], [0.0, 0.9]]))

    assert found is not None
    assert found.losing == {1}
    assert found.certified == 1


def test_a_caller_that_wants_to_stop_is_heard() -> None:
    built = high_and_low()

    with pytest.raises(SolveInterrupted):
        least_losses(built, budget=SearchBudget(BudgetedHighs(60.0, should_stop=lambda: True)))
