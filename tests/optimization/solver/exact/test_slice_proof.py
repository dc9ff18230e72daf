"""In what order slices are shown empty, and what that costs."""

from dataclasses import replace

import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact import exact_pass, slice_proof
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.losing_sets import LosingSetSearch
from optimization.solver.exact.slice_proof import LONGEST_STRETCH, SliceProof, next_step
from optimization.solver.first_pass import FirstPass
from optimization.solver.stated.problem import AllocationProblem, SolverSettings
from tests.optimization.solver.problems import market_multiples, problem

KEYS = [f"{stage}/{sector}" for stage in ("seed", "series_a") for sector in ("bio", "saas", "ai")]


def market_problem(seed: int, *, scenarios: int = 120) -> AllocationProblem:
    """Six buckets; two scenarios fewer may lose than do at the optimum without that limit."""
    free = problem(
        KEYS,
        market_multiples(seed=seed, buckets=6, scenarios=scenarios),
        settings=SolverSettings(mip_gap=1e-6),
        max_bucket_weight=0.5,
    )
    allowed = len(solve(free).losing) - 2
    limits = replace(free.limits, max_loss_probability=allowed / scenarios)
    return free.with_limits(limits)


def solve(built: AllocationProblem) -> FirstPass:
    return highest_expected_multiple(built, highs=BudgetedHighs(600.0))


@pytest.mark.parametrize("seed", range(4))
def test_slices_from_above_and_the_last_one_alone_prove_the_same(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = market_problem(seed)
    at_once = solve(built)

    monkeypatch.setattr(SliceProof, "at_once", lambda *_, **__: None)
    from_above = solve(built)

    assert at_once.loss_limit_costs_multiple
    assert from_above.status == at_once.status == "optimal"
    # Both are within the gap asked for.
    assert from_above.bound == pytest.approx(at_once.bound, rel=3e-6)


def test_last_slice_that_takes_too_long_is_left_for_higher_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    optimum = solve(market_problem(0))

    monkeypatch.setattr(exact_pass, "LONG_ATTEMPT", 1)
    found = solve(market_problem(0))

    assert found.status == "optimal"
    assert found.bound == pytest.approx(optimum.bound, rel=3e-6)


def test_slice_that_takes_too_long_is_left_for_thinner_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    optimum = solve(market_problem(0))

    monkeypatch.setattr(SliceProof, "at_once", lambda *_, **__: None)
    # After one simplex iteration: only slices that need no branching are shown empty.
    monkeypatch.setattr(slice_proof, "FEW_BRANCHINGS", 1)
    monkeypatch.setattr(slice_proof, "MOST_GROWTH", 1)
    stopped = highest_expected_multiple(
        market_problem(0), highs=BudgetedHighs(600.0), max_iterations=40_000, last_nodes=0
    )

    assert stopped.weights is not None
    assert stopped.bound >= float(stopped.weights @ market_problem(0).expected_multiples())
    assert stopped.bound >= optimum.bound * (1 - 3e-6)


def test_few_scenarios_are_proved_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(LosingSetSearch, "improve", never)

    assert solve(market_problem(1, scenarios=48)).loss_limit_costs_multiple


def test_step_grows_as_long_as_slices_stay_cheap() -> None:
    assert next_step(1.0, effort=900, before=1000) == LONGEST_STRETCH


def test_step_shrinks_when_a_slice_took_many_times_as_long_as_the_last() -> None:
    # 1000 -> 9000 over a step of 1: a factor of 3 every half step.
    assert next_step(1.0, effort=9000, before=1000) == pytest.approx(0.5)


def test_first_slice_says_nothing_of_the_growth() -> None:
    assert next_step(1.0, effort=9000, before=0) == 1.0
