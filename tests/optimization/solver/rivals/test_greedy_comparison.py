from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.allocate import allocate
from optimization.solver.rivals.greedy_comparison import GreedyComparison, compare_with_greedy
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import market_multiples, problem


def compare(built: AllocationProblem) -> GreedyComparison:
    optimum = allocate(built).first_pass_expected_multiple
    assert optimum is not None
    return compare_with_greedy(problem=built, first_pass_expected_multiple=optimum)


def test_greedy_answer_within_every_limit_is_never_better() -> None:
    # Greedy finds the optimum itself: .6 in the mean of 2, .4 at 1.5.
    built = problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]], max_bucket_weight=0.6)

    comparison = compare(built)

    assert comparison.meets_every_limit
    assert comparison.expected_multiple == pytest.approx(1.8)
    assert comparison.optimum_is_at_least_greedy is True


def test_weights_of_the_greedy_rule_are_told_by_bucket() -> None:
    built = problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]], max_bucket_weight=0.6)

    told = compare(built).as_json()["weights"]

    assert told == pytest.approx({"seed/saas": 0.6, "seed/bio": 0.4}, abs=1e-12)


def test_greedy_answer_that_breaks_a_risk_limit_is_not_compared() -> None:
    built = problem(["seed/saas", "seed/bio"], [[0.0, 5.0], [1.5, 1.5]], max_loss_probability=0.0)

    comparison = compare(built)

    assert comparison.broken_limits == ("max_loss_probability",)
    assert comparison.optimum_is_at_least_greedy is None


def test_greedy_answer_with_capital_left_over_is_not_compared() -> None:
    # Saas takes 97 million; one Bio deal costs 5.
    built = problem(
        ["seed/saas", "seed/bio"],
        [[2.0], [1.5]],
        bucket_fields=[{}, {"all_in_cost_usd": Decimal(5_000_000)}],
        sectors={"saas": WeightRange(maximum=0.97)},
    )

    comparison = compare(built)

    assert comparison.broken_limits == ("budget",)
    assert comparison.unallocated_usd == Decimal(3_000_000)
    assert comparison.optimum_is_at_least_greedy is None


def test_wrong_optimum_is_found_out() -> None:
    built = problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]])

    comparison = compare_with_greedy(problem=built, first_pass_expected_multiple=1.9)

    assert comparison.optimum_is_at_least_greedy is False


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.35, 1.0), st.floats(0.5, 1.0))
def test_optimum_is_at_least_greedy_whenever_they_can_be_compared(
    seed: int, bucket_maximum: float, cvar_maximum: float
) -> None:
    built = problem(
        ["seed/a", "seed/b", "series_a/a"],
        market_multiples(seed=seed, buckets=3, scenarios=25),
        max_bucket_weight=bucket_maximum,
        cvar=CvarLimit(confidence=0.9, maximum=cvar_maximum),
        max_loss_probability=0.6,
    )
    optimum = allocate(built).first_pass_expected_multiple

    if optimum is not None:
        comparison = compare_with_greedy(problem=built, first_pass_expected_multiple=optimum)
        assert comparison.optimum_is_at_least_greedy in (True, None)
