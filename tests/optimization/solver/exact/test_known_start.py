"""What the caller of the first pass knows already: an allocation, or a bound."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.first_incumbent import UnusableStart
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.losing_sets import LosingSetSearch
from optimization.solver.stated.problem import AllocationProblem, SolverSettings
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

HALF_AND_HALF = np.array([0.5, 0.5])


def solve(
    built: AllocationProblem, *, known_weights: Floats | None = None, ceiling: float | None = None
) -> float:
    found = highest_expected_multiple(
        built, highs=BudgetedHighs(600.0), known_weights=known_weights, ceiling=ceiling
    )
    assert found.weights is not None
    return float(found.weights @ built.expected_multiples())


def market_problem(max_loss_probability: float) -> AllocationProblem:
    return problem(
        ["seed/a", "seed/b", "series_a/a", "series_a/b", "series_b/a"],
        market_multiples(seed=1, buckets=5, scenarios=80),
        settings=SolverSettings(mip_gap=0.0),
        max_loss_probability=max_loss_probability,
        max_bucket_weight=0.6,
    )


def test_known_weights_that_the_search_would_not_find_are_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Worked in test_worked_cases: half and half, 2.7225.
    monkeypatch.setattr(LosingSetSearch, "greedy", lambda _: None)
    monkeypatch.setattr(
        "optimization.solver.exact.loss_removal.LossRemoval.small_enough", lambda *_, **__: None
    )
    known = np.array([0.4, 0.6])

    stopped = highest_expected_multiple(
        high_and_low(max_loss_probability=0.10),
        highs=BudgetedHighs(600.0),
        max_iterations=0,
        last_nodes=0,
        known_weights=known,
    )

    # The scenarios in which it loses lead to the best allocation that loses in no other.
    assert stopped.weights == pytest.approx(HALF_AND_HALF)


def test_known_optimum_of_a_tighter_limit_does_not_change_the_optimum() -> None:
    tight, loose = market_problem(0.30), market_problem(0.35)
    known = highest_expected_multiple(tight, highs=BudgetedHighs(600.0)).weights
    assert known is not None

    # The gap asked for is 0; programs keep their rows to 1e-9 and CVaR is not limited.
    assert solve(loose, known_weights=known) == pytest.approx(solve(loose), abs=1e-6)


def test_known_optimum_of_a_looser_limit_is_a_ceiling_that_leaves_the_optimum() -> None:
    tight, loose = market_problem(0.30), market_problem(0.35)

    assert solve(tight, ceiling=solve(loose)) == pytest.approx(solve(tight), abs=1e-6)


def test_ceiling_at_the_optimum_is_the_proof() -> None:
    built = market_problem(0.35)
    optimum = highest_expected_multiple(built, highs=BudgetedHighs(600.0))
    assert optimum.weights is not None
    highs = BudgetedHighs(600.0)

    found = highest_expected_multiple(
        built,
        highs=highs,
        known_weights=optimum.weights,
        ceiling=float(optimum.weights @ built.expected_multiples()),
    )

    assert found.status == "optimal"
    assert highs.nodes == 0


def test_known_weights_that_lose_too_often_are_refused() -> None:
    # All in High loses in 120 of 400.
    with pytest.raises(UnusableStart, match=r"max_loss_probability: limit 0\.1, actual 0\.3"):
        solve(high_and_low(max_loss_probability=0.10), known_weights=np.array([1.0, 0.0]))


@pytest.mark.parametrize("limit", [0.10, 0.50])
def test_ceiling_below_an_allocation_is_refused(limit: float) -> None:
    with pytest.raises(UnusableStart, match=r"no bound on the expected multiple: 2\.5"):
        solve(high_and_low(max_loss_probability=limit), ceiling=2.5)


def test_loss_limit_costs_multiple_even_when_the_ceiling_is_the_optimum() -> None:
    built = high_and_low(max_loss_probability=0.10)

    found = highest_expected_multiple(built, highs=BudgetedHighs(600.0), ceiling=2.7225)

    assert found.loss_limit_costs_multiple


def test_known_weights_change_nothing_where_the_loss_limit_is_slack() -> None:
    built = high_and_low(max_loss_probability=0.50)
    limits = replace(built.limits, max_bucket_weight=0.5)

    assert solve(built.with_limits(limits), known_weights=HALF_AND_HALF) == pytest.approx(2.7225)
