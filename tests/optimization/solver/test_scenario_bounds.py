import numpy as np
import pytest

from optimization.solver.bound_tightening import tightened_bounds
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.limit_check import broken_limits
from optimization.solver.problem import CvarLimit
from optimization.solver.risk import portfolio_multiples
from optimization.solver.scenario_bounds import scenario_bounds
from tests.optimization.solver.problems import market_multiples, problem


def test_without_a_maximum_the_bounds_are_the_worst_and_best_bucket() -> None:
    bounds = scenario_bounds(multiples=np.array([[0.0, 2.0], [1.0, 5.0]]), max_bucket_weight=None)

    assert bounds.lowest.tolist() == [0.0, 2.0]
    assert bounds.highest.tolist() == [1.0, 5.0]


def test_with_a_maximum_the_worst_buckets_are_filled_one_after_another() -> None:
    # At most .4 each: .4 * 0 + .4 * 1 + .2 * 3 = 1.0 and .4 * 3 + .4 * 1 + .2 * 0 = 1.6.
    bounds = scenario_bounds(multiples=np.array([[0.0], [3.0], [1.0]]), max_bucket_weight=0.4)

    assert bounds.lowest == pytest.approx([1.0])
    assert bounds.highest == pytest.approx([1.6])


def test_tightened_bounds_hold_for_every_allocation_that_is_good_enough() -> None:
    built = problem(
        ["seed/a", "seed/b", "series_a/a", "series_a/b"],
        market_multiples(seed=4, buckets=4, scenarios=40),
        cvar=CvarLimit(confidence=0.9, maximum=0.85),
        max_bucket_weight=0.7,
    )
    draw = np.random.default_rng(0)
    means = built.expected_multiples()
    candidates = draw.dirichlet(np.ones(4), size=4_000)
    good_enough = float(np.quantile(candidates @ means, 0.8))
    matter = [
        weights
        for weights in candidates
        if weights @ means >= good_enough
        and not broken_limits(problem=built, weights=weights.tolist())
    ]

    box = scenario_bounds(multiples=built.multiples, max_bucket_weight=0.7)
    bounds = tightened_bounds(
        built,
        bounds=box,
        minimum_expected_multiple=good_enough,
        known_weights=matter[:1],
        highs=BudgetedHighs(60.0),
    )

    assert len(matter) > 100
    for weights in matter:
        portfolio = portfolio_multiples(weights=weights, multiples=built.multiples)
        assert (portfolio >= bounds.lowest).all()
        assert (portfolio <= bounds.highest).all()
    assert (bounds.lowest >= box.lowest).all()
    assert bounds.lowest.sum() > box.lowest.sum()


def test_used_up_budget_leaves_the_bounds_as_they_are() -> None:
    built = problem(["seed/a", "seed/b"], [[0.5, 2.0], [0.7, 1.0]])
    box = scenario_bounds(multiples=built.multiples, max_bucket_weight=None)

    bounds = tightened_bounds(
        built, bounds=box, minimum_expected_multiple=1.0, known_weights=[], highs=BudgetedHighs(0.0)
    )

    assert bounds.lowest.tolist() == box.lowest.tolist()
    assert bounds.highest.tolist() == box.highest.tolist()
