"""The nearly best allocation that is closest to uniform, found with and without a search."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.solver import second_pass
from optimization.solver.allocate import allocate
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.losing_sets import LosingSetSearch
from optimization.solver.first_pass import FirstPass
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.rounding import exact_weights
from optimization.solver.second_pass import SecondPass, closest_to_uniform
from optimization.solver.stated.problem import AllocationProblem, SolverSettings
from tests.optimization.solver.oracles import smallest_distance_to_uniform
from tests.optimization.solver.problems import market_multiples, problem

KEYS = ["seed/saas", "seed/bio", "series_a/saas", "series_a/bio"]


def with_loss_limit(seed: int, *, max_loss_probability: float) -> AllocationProblem:
    draw = np.random.default_rng(seed)
    multiples = np.exp(draw.normal(0.15, 0.7, size=(4, 40)))
    return problem(
        KEYS, multiples, max_loss_probability=max_loss_probability, max_bucket_weight=0.6
    )


def nearly_best(stated: AllocationProblem) -> tuple[FirstPass, float]:
    """The first pass, and what the second may lower the expected multiple to."""
    first = highest_expected_multiple(stated, highs=BudgetedHighs(60.0))
    assert first.weights is not None
    best = float(first.weights @ stated.expected_multiples())
    return first, best * (1 - stated.settings.primary_lock_epsilon)


def evened_out(stated: AllocationProblem, first: FirstPass, minimum: float) -> SecondPass:
    assert first.weights is not None
    return closest_to_uniform(
        stated,
        minimum_expected_multiple=minimum,
        first_weights=first.weights,
        losing=first.losing,
        highs=BudgetedHighs(60.0),
    )


@pytest.mark.parametrize("seed", range(6))
def test_loss_limit_that_does_not_matter_needs_no_search(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_pass, "LosingSetSearch", pytest.fail)
    allocation = allocate(with_loss_limit(seed, max_loss_probability=0.9))
    assert allocation.solver.second_pass == "optimal"


@pytest.mark.parametrize("seed", range(4))
def test_no_choice_of_losing_scenarios_comes_closer(seed: int) -> None:
    draw = np.random.default_rng(seed)
    stated = problem(
        KEYS,
        np.exp(draw.normal(0.1, 0.7, size=(4, 10))),
        settings=SolverSettings(primary_lock_epsilon=0.05),
        max_loss_probability=0.3,
        max_bucket_weight=0.6,
    )
    first, minimum = nearly_best(stated)
    expected = smallest_distance_to_uniform(stated, minimum_expected_multiple=minimum)

    found = evened_out(stated, first, minimum)

    assert found.search == "optimal"
    # The relative gap is 1e-4.
    assert found.distance == pytest.approx(expected, rel=1.1e-4, abs=1e-7)
    distance = np.abs(found.weights - 1 / 4).sum()
    assert distance == pytest.approx(found.distance, abs=1e-7)


def test_search_that_runs_out_of_iterations_says_so_and_keeps_the_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(second_pass, "FEWEST_ITERATIONS", 1)
    stated = with_loss_limit(1, max_loss_probability=0.25)
    first, minimum = nearly_best(stated)

    found = evened_out(stated, first, minimum)

    assert found.search == "iteration_limit"
    assert broken_limits(problem=stated, weights=exact_weights(found.weights.tolist())) == ()
    assert found.weights @ stated.expected_multiples() >= minimum - 1e-9


def losing_in_two_fewer(seed: int, *, mip_gap: float) -> tuple[AllocationProblem, SecondPass]:
    """Two scenarios fewer may lose than where the nearly best allocation closest to uniform does
    without the limit, which is the second of the two.
    """
    multiples = market_multiples(seed=seed, buckets=12, scenarios=80)
    settings = SolverSettings(mip_gap=mip_gap, primary_lock_epsilon=0.05)
    keys = [f"seed/s{b:02}" for b in range(12)]
    free = problem(keys, multiples, max_bucket_weight=0.3, settings=settings)
    unlimited = evened_out(free, *nearly_best(free))
    allowed = len(unlimited.losing) - 2
    limits = replace(free.limits, max_loss_probability=allowed / 80)
    return free.with_limits(limits), unlimited


def test_allocation_within_the_gap_of_what_no_limit_on_losses_allows_needs_no_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(second_pass, "CloserAllocation", pytest.fail)
    limited, unlimited = losing_in_two_fewer(0, mip_gap=0.1)
    first, minimum = nearly_best(limited)

    found = evened_out(limited, first, minimum)

    assert found.search == "optimal"
    assert found.distance <= unlimited.distance / (1 - 0.1) + 1e-7
    assert len(found.losing) <= (limited.allowed_losing_scenarios() or 0)


def test_short_search_starts_from_what_is_closest_without_the_limit_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Neither trades of scenarios nor a proof.
    monkeypatch.setattr(second_pass, "SEARCHES", 0)
    monkeypatch.setattr(second_pass, "FEWEST_ITERATIONS", 1)
    asked = [losing_in_two_fewer(seed, mip_gap=0.0)[0] for seed in range(4)]
    passes = [(one, *nearly_best(one)) for one in asked]

    found = [evened_out(*one).distance for one in passes]
    monkeypatch.setattr(LosingSetSearch, "greedy", lambda _search: None)
    from_first = [evened_out(*one).distance for one in passes]

    closer = np.array(from_first) - np.array(found)
    assert closer.min() >= -1e-9
    assert closer.max() > 0.01


def test_loss_limit_that_matters_is_kept() -> None:
    excess = []
    for seed in range(6):
        free = allocate(with_loss_limit(seed, max_loss_probability=0.9))
        assert free.loss_probability is not None
        # One scenario fewer than lose without the limit.
        limit = free.loss_probability - 1 / 40
        tight = allocate(with_loss_limit(seed, max_loss_probability=limit))
        if tight.loss_probability is not None:
            excess.append(tight.loss_probability - limit)
    assert len(excess) >= 3
    assert max(excess) <= 1e-9
