"""Random tiny problems against every choice of losing scenarios, and against a fine grid."""

from typing import Any

import numpy as np
import pytest

from optimization.solver.allocate import allocate
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import (
    AllocationProblem,
    CvarLimit,
    SolverSettings,
    WeightRange,
)
from tests.optimization.solver.oracles import (
    best_expected_multiple,
    smallest_distance_to_uniform,
)
from tests.optimization.solver.problems import problem

# The solver proves optima to 1e-9; the oracle's own LP tolerance is 1e-7.
SAME_OPTIMUM = 1e-6
PROVED = SolverSettings(mip_gap=0.0)


def tiny_problem(seed: int) -> AllocationProblem:
    """Two or three buckets, eight scenarios, at most two of which may lose, and every kind of
    limit; some limit sectors and winners, some know exact means.
    """
    draw = np.random.default_rng(seed)
    keys = ["seed/saas", "series_a/bio", "seed/bio"][: int(draw.integers(2, 4))]
    multiples = np.exp(draw.normal(0.3, 0.7, size=(len(keys), 8)))
    losses, tail = int(draw.integers(0, 3)), float(draw.uniform(0.1, 0.5))
    fields: list[dict[str, Any]] = [
        {
            "deal_win_probability": float(draw.uniform(0.02, 0.08)),
            "expected_multiple": float(draw.uniform(1.0, 2.0)) if draw.random() < 0.3 else None,
        }
        for _ in keys
    ]
    return problem(
        keys,
        multiples,
        settings=PROVED,
        bucket_fields=fields,
        max_loss_probability=losses / 8,
        cvar=CvarLimit(confidence=0.7, maximum=tail),
        max_bucket_weight=0.8,
        stages={"seed": WeightRange(minimum=0.2, maximum=0.9)},
        sectors={"bio": WeightRange(0.3, 0.75)} if draw.random() < 0.5 else {},
        # Fifty deals in the capital, one to four of which win.
        min_expected_winners=float(draw.uniform(1.5, 2.5)) if draw.random() < 0.4 else None,
    )


@pytest.mark.parametrize("seed", range(200))
def test_optimum_equals_the_best_choice_of_losing_scenarios(seed: int) -> None:
    tiny = tiny_problem(seed)
    best = best_expected_multiple(tiny)

    allocation = allocate(tiny)

    if best is None:
        assert allocation.status == "infeasible"
    else:
        assert allocation.status == "optimal"
        assert allocation.first_pass_expected_multiple == pytest.approx(best, abs=SAME_OPTIMUM)
        assert allocation.best_bound == pytest.approx(best, abs=SAME_OPTIMUM)


def test_the_random_problems_cover_both_outcomes() -> None:
    outcomes = {best_expected_multiple(tiny_problem(seed)) is None for seed in range(12)}

    assert outcomes == {True, False}


@pytest.mark.parametrize("seed", range(12))
def test_second_pass_is_closest_to_uniform_over_all_choices_of_losing_scenarios(seed: int) -> None:
    tiny = tiny_problem(seed)
    allocation = allocate(tiny)
    if allocation.first_pass_expected_multiple is None:
        return

    locked = allocation.first_pass_expected_multiple * (1 - tiny.settings.primary_lock_epsilon)
    distance = smallest_distance_to_uniform(tiny, minimum_expected_multiple=locked)

    assert allocation.distance_to_uniform == pytest.approx(distance, abs=SAME_OPTIMUM)


@pytest.mark.parametrize("seed", range(6))
def test_no_point_of_a_fine_grid_is_better(seed: int) -> None:
    tiny = tiny_problem(seed)
    buckets = len(tiny.buckets)
    steps = 40
    grid = [
        np.array(point) / steps
        for point in np.ndindex(*[steps + 1] * buckets)
        if sum(point) == steps
    ]
    feasible = [
        float(weights @ tiny.expected_multiples())
        for weights in grid
        if not broken_limits(problem=tiny, weights=weights.tolist())
    ]

    allocation = allocate(tiny)

    if allocation.best_bound is None:
        assert not feasible
    elif feasible:
        # Grid points may use the 1e-6 below 1 at which a scenario does not yet count as lost.
        assert max(feasible) <= allocation.best_bound + 1e-5


def test_binaries_give_the_same_optimum_on_twelve_scenarios() -> None:
    draw = np.random.default_rng(5)
    twelve = problem(
        ["seed/saas", "seed/bio", "series_a/saas"],
        np.exp(draw.normal(0.2, 0.8, size=(3, 12))),
        settings=PROVED,
        max_loss_probability=4 / 12,
    )

    allocation = allocate(twelve)

    assert allocation.first_pass_expected_multiple == pytest.approx(
        best_expected_multiple(twelve), abs=SAME_OPTIMUM
    )
