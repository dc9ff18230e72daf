"""An infeasible problem is a result that says what was proved, and no more."""

from typing import Any

import pytest

from optimization.solver.allocate import allocate
from optimization.solver.stated.problem import CvarLimit, WeightRange
from tests.optimization.solver.problems import problem

# Saas and Bio each lose everything in one of four scenarios, never both.
APART = [[0.0, 3.0, 3.0, 3.0], [3.0, 0.0, 3.0, 3.0]]


def explanation(multiples: list[list[float]], **limits: Any) -> str:
    allocation = allocate(problem(["seed/saas", "series_a/bio"], multiples, **limits))

    assert allocation.status == "infeasible"
    assert allocation.best_bound is None
    assert allocation.constraints == ()
    assert allocation.infeasibility is not None
    return allocation.infeasibility


def test_winners_out_of_reach_are_named_with_the_most_there_can_be() -> None:
    # 50 deals with a win probability of .05 are 2.5 winners, whatever the weights.
    assert explanation(APART, min_expected_winners=4.0) == (
        "No allocation meets the minimum of expected winners, even with no other limit: "
        "the most that any reaches is 2.5, the limit asks for 4."
    )


def test_scenarios_in_which_every_bucket_loses_are_counted() -> None:
    both_lose = [[0.5, 0.5, 3.0, 3.0], [0.5, 0.9, 3.0, 3.0]]

    assert explanation(both_lose, max_loss_probability=0.25) == (
        "No allocation meets the maximum loss probability, even with no other limit: "
        "all buckets lose at once in 2 of 4 scenarios (50%), the limit allows 25%."
    )


def test_cvar_out_of_reach_is_named_with_the_least_there_can_be() -> None:
    # The tail is the worst of four scenarios, the first, in which both buckets lose a half.
    both_lose = [[0.5, 0.5, 3.0, 3.0], [0.5, 0.9, 3.0, 3.0]]

    assert explanation(both_lose, cvar=CvarLimit(0.75, 0.3)) == (
        "No allocation meets the maximum CVaR, even with no other limit: "
        "the lowest that any reaches is 50.0%, the limit asks for at most 30%."
    )


def test_least_cvar_is_rounded_up_so_that_asking_for_it_succeeds() -> None:
    # Two equally likely scenarios, and the tail is the worse one. It is best when both are
    # equal: 1.7 w = 1 - w, so w = 1/2.7, M = .62963 and the loss .37037.
    assert explanation([[1.7, 0.0], [0.0, 1.0]], cvar=CvarLimit(0.5, 0.2)).endswith(
        "the lowest that any reaches is 37.1%, the limit asks for at most 20%."
    )


def test_loss_limit_alone_out_of_reach_is_named_after_the_search() -> None:
    # Each scenario can be saved, but not all three: Saas needs 1/1.5 of the capital in the
    # first, Bio as much in the second.
    assert explanation([[1.5, 0.0], [0.0, 1.5]], max_loss_probability=0.0) == (
        "No allocation meets the maximum loss probability, even with no other limit."
    )


def test_loss_limit_that_clashes_with_the_others_is_named_with_them() -> None:
    # No loss needs a third in each; the stage limit keeps Bio below that.
    found = explanation(
        APART, max_loss_probability=0.0, stages={"series_a": WeightRange(maximum=0.2)}
    )

    assert (
        found == "No allocation meets the maximum loss probability together with the stage limits."
    )


def test_limits_that_clash_without_the_loss_limit_are_named_with_what_ends_it() -> None:
    # 1 winner in Saas, 5 in Bio: 4 winners need .75 in Bio, its stage may hold .5. The bucket
    # maximum has no part in it.
    allocation = allocate(
        problem(
            ["seed/saas", "series_a/bio"],
            APART,
            bucket_fields=[{"deal_win_probability": 0.02}, {"deal_win_probability": 0.10}],
            min_expected_winners=4.0,
            stages={"series_a": WeightRange(maximum=0.5)},
            max_bucket_weight=0.9,
        )
    )

    assert allocation.infeasibility == (
        "No allocation meets the stage limits, the bucket maximum and the minimum of expected "
        "winners together; without the stage limits or the minimum of expected winners one does."
    )


@pytest.mark.parametrize("limit", [0.0, 0.25])
def test_the_least_loss_probability_that_can_be_reached_is_feasible(limit: float) -> None:
    # A third in each and nothing lost: 3 * .5 >= 1 in both scenarios that hit one bucket.
    allocation = allocate(problem(["seed/saas", "series_a/bio"], APART, max_loss_probability=limit))

    assert allocation.status == "optimal"
