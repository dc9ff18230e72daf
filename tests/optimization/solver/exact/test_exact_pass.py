"""The exact method against the original formulation, and against what its own parts cannot know."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact import slice_proof
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.losing_sets import Incumbent, LosingSetSearch
from optimization.solver.exact.multiple_slice import MultipleSlice
from optimization.solver.first_pass import FirstPass
from optimization.solver.mip_pass import optimum_above, reference_optimum
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import (
    AllocationProblem,
    CvarLimit,
    SolverSettings,
    WeightRange,
)
from tests.optimization.solver.problems import market_multiples, problem

GAP = 1e-6
# Both sides may be off by the gap; CVaR and the multiples are kept to 1e-8 or better.
SAME_OPTIMUM = 3e-6


def market_problem(seed: int, *, buckets: int = 8, scenarios: int = 30) -> AllocationProblem:
    """Every kind of limit that the exact method treats on its own. From one to five scenarios
    fewer may lose than at the optimum without that limit, so it always matters.
    """
    draw = np.random.default_rng([seed, buckets, scenarios])
    stages = ["seed", "series_a", "series_b", "series_c"]
    keys = [f"{stages[b % 4]}/{'abcde'[b // 4]}" for b in range(buckets)]
    cvar = CvarLimit(confidence=0.9, maximum=float(draw.uniform(0.75, 0.95)))
    free = problem(
        keys,
        market_multiples(seed=seed, buckets=buckets, scenarios=scenarios),
        settings=SolverSettings(mip_gap=GAP),
        cvar=cvar if draw.random() < 0.7 else None,
        max_bucket_weight=float(draw.uniform(0.3, 0.8)),
        stages={"seed": WeightRange(minimum=0.1, maximum=0.8)},
    )
    top = highest_expected_multiple(free, highs=BudgetedHighs(600.0))
    allowed = max(0, len(top.losing) - int(draw.integers(1, 6)))
    return free.with_limits(replace(free.limits, max_loss_probability=allowed / scenarios))


def multiple_of(built: AllocationProblem, found: FirstPass) -> float:
    assert found.weights is not None
    return float(found.weights @ built.expected_multiples())


def check_against_the_reference(built: AllocationProblem) -> None:
    exact = highest_expected_multiple(built, highs=BudgetedHighs(600.0))
    reference = reference_optimum(built, highs=BudgetedHighs(600.0))

    assert exact.status == reference.status
    if exact.weights is not None:
        best = multiple_of(built, reference)
        assert multiple_of(built, exact) == pytest.approx(best, abs=SAME_OPTIMUM)
        assert exact.bound >= best - SAME_OPTIMUM
        assert broken_limits(problem=built, weights=exact.weights.tolist()) == ()


@pytest.mark.parametrize("seed", range(100))
def test_optimum_equals_that_of_the_original_formulation(seed: int) -> None:
    check_against_the_reference(market_problem(seed))


@pytest.mark.parametrize("seed", range(3))
def test_optimum_equals_that_of_the_original_formulation_with_more_buckets(seed: int) -> None:
    check_against_the_reference(market_problem(seed, buckets=20, scenarios=60))


def test_most_of_the_random_problems_need_the_proof() -> None:
    found = [
        highest_expected_multiple(market_problem(seed), highs=BudgetedHighs(600.0))
        for seed in range(12)
    ]

    assert {run.status for run in found} == {"optimal", "infeasible"}
    assert sum(run.loss_limit_costs_multiple for run in found) >= 6


@pytest.mark.parametrize("seed", range(6))
def test_proof_finds_the_optimum_when_the_search_finds_nothing(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever the search contributes, the tree alone has to get there.
    monkeypatch.setattr(LosingSetSearch, "greedy", lambda _: None)
    monkeypatch.setattr(
        "optimization.solver.exact.loss_removal.LossRemoval.small_enough", lambda *_, **__: None
    )

    check_against_the_reference(market_problem(seed))


@pytest.mark.parametrize("seed", range(6))
def test_scenarios_the_slice_did_not_look_at_are_found_to_lose_on_the_way(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep_nothing_near(self: slice_proof.SliceProof, minimum: float) -> MultipleSlice:
        return MultipleSlice(self._problem, minimum=minimum, cuts=(), near=(), budget=self._budget)

    monkeypatch.setattr(slice_proof.SliceProof, "_slice", keep_nothing_near)

    check_against_the_reference(market_problem(seed))


@pytest.mark.parametrize("seed", range(8))
def test_highs_on_the_reduced_model_agrees(seed: int) -> None:
    built = market_problem(seed, scenarios=60)
    exact = highest_expected_multiple(built, highs=BudgetedHighs(600.0))
    if exact.weights is None:
        return
    start = Incumbent(exact.weights, exact.losing, multiple_of(built, exact))

    reduced = optimum_above(start, built, ceiling=10.0, highs=BudgetedHighs(600.0))

    assert multiple_of(built, reduced) == pytest.approx(start.expected_multiple, abs=SAME_OPTIMUM)
    assert reduced.bound == pytest.approx(exact.bound, abs=SAME_OPTIMUM)


@pytest.mark.parametrize("seed", range(3))
def test_looser_limits_never_lower_the_optimum(seed: int) -> None:
    tight = market_problem(seed, scenarios=60)
    limits = tight.limits
    loosened = [
        replace(limits, max_loss_probability=(limits.max_loss_probability or 0) + 0.05),
        replace(limits, cvar=CvarLimit(confidence=0.9, maximum=0.9)),
        replace(limits, max_bucket_weight=1.0),
        replace(limits, stages={"seed": WeightRange(minimum=0.05, maximum=0.85)}),
    ]
    before = highest_expected_multiple(tight, highs=BudgetedHighs(600.0))

    for limits in loosened:
        loose = tight.with_limits(limits)
        after = highest_expected_multiple(loose, highs=BudgetedHighs(600.0))
        if before.weights is not None:
            assert multiple_of(loose, after) >= multiple_of(tight, before) - SAME_OPTIMUM
