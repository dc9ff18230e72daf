"""The least slacks of a problem whose limit on loss probability can be kept."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.least_losses import LeastLosses, least_losses
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.relaxation import class_by_class
from optimization.solver.relaxation.class_by_class import LeastSlacks, least_slacks
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, Limits, WeightRange
from tests.optimization.solver.problems import market_multiples, problem
from tests.optimization.solver.relaxation.oracle import least_relaxation

# Both sides bound a class by what they found for those before it, to 1e-9 each, and a row can be
# worth some hundred times as much to the next class.
SAME_SLACK = 1e-6


def fewest(asked: AllocationProblem) -> LeastLosses:
    alone = asked.with_limits(Limits(max_loss_probability=asked.limits.max_loss_probability))
    found = least_losses(alone, budget=SearchBudget(BudgetedHighs(60), 1_000_000))
    assert found is not None
    return found


def least(asked: AllocationProblem) -> LeastSlacks:
    known = fewest(asked)
    return least_slacks(asked, weights=known.weights, losing=known.losing, highs=BudgetedHighs(60))


def with_room_for_losses(seed: int) -> AllocationProblem:
    """One more of eight scenarios may lose than must."""
    draw = np.random.default_rng(seed)
    built = problem(
        ["seed/saas", "series_a/saas", "series_b/bio"],
        np.exp(draw.normal(0.1, 0.8, size=(3, 8))),
        cvar=CvarLimit(0.7, 0.0),
        stages={"seed": WeightRange(minimum=0.5), "series_b": WeightRange(minimum=0.3)},
        min_expected_winners=4.0,
    )
    losing = len(fewest(built).losing) + 1
    limits = replace(built.limits, max_loss_probability=losing / 8)
    return replace(built, relax=True).with_limits(limits)


@pytest.mark.parametrize("seed", range(12))
def test_least_slacks_are_those_of_the_best_choice_of_losing_scenarios(seed: int) -> None:
    asked = with_room_for_losses(seed)

    found = least(asked)

    for one, (type_, largest, _) in zip(found.classes, least_relaxation(asked).slacks, strict=True):
        unit = 4.0 if type_ == "expected_winners" else 1.0
        assert one.type == type_
        assert one.largest * unit == pytest.approx(largest, abs=SAME_SLACK)
        assert one.is_minimal
    assert len(found.losing) <= (asked.allowed_losing_scenarios() or 0)


def crowded(losing: int) -> AllocationProblem:
    built = problem(
        [f"seed/s{b}" for b in range(6)],
        market_multiples(seed=4, buckets=6, scenarios=40),
        cvar=CvarLimit(0.85, 0.0),
        max_loss_probability=losing / 40,
    )
    return replace(built, relax=True)


def least_cvar(asked: AllocationProblem, gaining: set[int]) -> float:
    """With a gain in each of these scenarios: x is w, tau, u."""
    buckets, scenarios = asked.multiples.shape
    tail = 0.15 * scenarios
    costs = np.concatenate([np.zeros(buckets), [1.0], np.full(scenarios, 1 / tail)])
    excess = np.hstack([-asked.multiples.T, -np.ones((scenarios, 1)), -np.eye(scenarios)])
    gains = np.pad(-asked.multiples.T[sorted(gaining)], ((0, 0), (0, scenarios + 1)))
    solved = linprog(
        costs,
        A_ub=np.vstack([excess, gains]),
        b_ub=-np.ones(scenarios + len(gaining)),
        A_eq=np.concatenate([np.ones(buckets), np.zeros(scenarios + 1)])[None, :],
        b_eq=[1.0],
        method="highs",
    )
    assert solved.fun is not None
    return solved.fun


def test_other_scenarios_may_lose_than_those_of_the_known_allocation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing but choices made from the bound on the slack.
    monkeypatch.setattr(class_by_class, "MAX_ITERATIONS", 0)
    must = len(fewest(crowded(0)).losing)
    asked = crowded(must + 2)
    known = fewest(asked)

    found = least(asked)

    everything = set(range(40))
    (cvar,) = found.classes
    assert len(found.losing) <= must + 2
    assert cvar.largest == pytest.approx(
        least_cvar(asked, everything - found.losing), abs=SAME_SLACK
    )
    assert cvar.largest < least_cvar(asked, everything - known.losing) - 0.01
    assert cvar.largest_proved >= least_cvar(asked, set()) - SAME_SLACK
