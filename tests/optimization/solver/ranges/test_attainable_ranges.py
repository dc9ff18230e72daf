from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.optimize import linprog

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.ranges.attainable_ranges import AttainableRanges, attainable_ranges
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b", "series_b/a"]


def ranges(built: AllocationProblem, *, loss_iterations: int = 4_000) -> AttainableRanges:
    found = attainable_ranges(built, highs=BudgetedHighs(60.0), loss_iterations=loss_iterations)
    assert found is not None
    return found


def market_problem(seed: int) -> AllocationProblem:
    return problem(
        KEYS,
        market_multiples(seed=seed, buckets=5, scenarios=60),
        max_bucket_weight=0.5,
        stages={"seed": WeightRange(minimum=0.2, maximum=0.6)},
    )


def least_cvar_by_linprog(built: AllocationProblem, confidence: float) -> float:
    """min tau + sum u / ((1 - c) S), u >= 1 - M - tau, tau >= 0; seed between .2 and .6."""
    buckets, scenarios = built.multiples.shape
    seed = np.array([float(bucket.stage == "seed") for bucket in built.buckets])
    excess = np.hstack([-built.multiples.T, -np.ones((scenarios, 1)), -np.eye(scenarios)])
    pad = np.zeros(1 + scenarios)
    solved = linprog(
        np.concatenate([np.zeros(buckets), [1], np.full(scenarios, 1 / (1 - confidence))])
        / np.concatenate([np.ones(buckets + 1), np.full(scenarios, scenarios)]),
        A_ub=np.vstack([excess, np.append(seed, pad), np.append(-seed, pad)]),
        b_ub=np.concatenate([-np.ones(scenarios), [0.6, -0.2]]),
        A_eq=np.append(np.ones(buckets), pad)[None, :],
        b_eq=[1.0],
        bounds=[(0, 0.5)] * buckets + [(0, None)] * (1 + scenarios),
    )
    assert solved.fun is not None, solved.message
    return solved.fun


def test_two_buckets_that_save_each_other() -> None:
    # Half and half loses in 6 of 400 only. CVaR 95 of x in High: the 20 worst scenarios are the 6
    # in which neither wins, 1 - .9 (1 - x), and 14 of only High or only Low. With x = .1 only Low
    # wins gives 1.8 and only High .5 + .81 = 1.31, so 6 of 20 lose 1 - .81: .3 * .19 = .057. With
    # x = 0 the 20 scenarios without Low lose .1 each: .1. In between the loss where neither wins is
    # .1 + .9 x; only High gains from x = .1 / 4.1 on: .3 (.1 + .09 / 4.1) = .0365854.
    found = ranges(high_and_low())

    assert (found.scenarios, found.losing_scenarios) == (400, 6)
    assert found.certified_losing_scenarios == 6
    assert found.cvar_confidence == 0.95
    assert found.least_cvar == pytest.approx(0.3 * (0.1 + 0.09 / 4.1), abs=1e-8)


def test_most_winners_fill_the_best_buckets_to_their_maximum() -> None:
    # 100 M buys 50 deals of 2 M that win with .1 (5 winners), 20 of 5 M with .2 (4), 10 of 10 M
    # with .01 (.1). At most half in one bucket: half of 5 and half of 4.
    built = problem(
        ["seed/a", "seed/b", "seed/c"],
        np.ones((3, 2)),
        bucket_fields=[
            {"all_in_cost_usd": Decimal(2_000_000), "deal_win_probability": 0.1},
            {"all_in_cost_usd": Decimal(5_000_000), "deal_win_probability": 0.2},
            {"all_in_cost_usd": Decimal(10_000_000), "deal_win_probability": 0.01},
        ],
        capital_usd=Decimal(100_000_000),
        max_bucket_weight=0.5,
    )

    assert ranges(built).most_expected_winners == pytest.approx(4.5, rel=1e-9)


def test_no_bucket_with_winners_means_none() -> None:
    built = problem(["seed/a"], [[1.0, 2.0]], bucket_fields=[{"deal_win_probability": 0.0}])

    assert ranges(built).most_expected_winners == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_least_cvar_is_that_of_a_linear_program_of_its_own(seed: int) -> None:
    built = market_problem(seed)
    at_90 = built.with_limits(replace(built.limits, cvar=CvarLimit(confidence=0.9, maximum=0.0)))

    assert ranges(at_90).least_cvar == pytest.approx(least_cvar_by_linprog(built, 0.9), abs=1e-7)


def test_limits_on_risk_and_winners_change_nothing() -> None:
    built = market_problem(1)
    limited = built.with_limits(
        replace(
            built.limits,
            max_loss_probability=0.0,
            cvar=CvarLimit(confidence=0.95, maximum=0.0),
            min_expected_winners=9_999.0,
        )
    )

    assert ranges(limited) == ranges(built)


def test_the_order_of_the_buckets_changes_nothing() -> None:
    built = market_problem(2)
    reversed_ = replace(
        built, buckets=built.buckets[::-1], multiples=np.ascontiguousarray(built.multiples[::-1])
    )

    assert ranges(reversed_) == ranges(built)


def test_policy_limits_that_contradict_one_another_have_no_ranges() -> None:
    # Each kind adds up by itself: all of it in seed, and all of it in a sector that seed lacks.
    built = problem(
        ["seed/a", "series_a/b"],
        np.ones((2, 3)),
        stages={"seed": WeightRange(minimum=1.0)},
        sectors={"b": WeightRange(minimum=1.0)},
    )

    assert attainable_ranges(built, highs=BudgetedHighs(60.0)) is None


def test_the_json_holds_fractions() -> None:
    found = AttainableRanges(
        scenarios=400,
        losing_scenarios=124,
        certified_losing_scenarios=100,
        cvar_confidence=0.95,
        least_cvar=0.52,
        most_expected_winners=1.12,
    )

    assert found.as_json() == {
        "scenarios": 400,
        "loss_probability": {"found": 0.31, "certified": 0.25},
        "cvar": {"confidence": 0.95, "least": 0.52},
        "expected_winners": {"most": 1.12},
    }
