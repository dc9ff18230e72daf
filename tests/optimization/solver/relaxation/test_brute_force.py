"""Random tiny problems against every choice of losing scenarios."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import (
    AllocationProblem,
    CvarLimit,
    SolverSettings,
    WeightRange,
)
from optimization.solver.stated.single_limits import with_values
from scenarios.simulation.checked_input import InvalidInput
from tests.optimization.solver.problems import problem
from tests.optimization.solver.relaxation.oracle import least_relaxation

# Both sides bound a class by what they found for those before it, to 1e-9 each, and a row can be
# worth some hundred times as much to the next class.
SAME_SLACK = 1e-6
SCENARIOS = 6
KEYS = ["seed/saas", "series_a/bio", "seed/bio", "series_a/saas"]
SEEDS = range(30)


def tiny_problem(seed: int) -> AllocationProblem | None:
    """Two to four buckets and any limits; None where these contradict one another on sight."""
    draw = np.random.default_rng(seed)
    keys = KEYS[: int(draw.integers(2, 5))]
    limits: dict[str, Any] = {}
    if draw.random() < 0.7:
        limits["max_loss_probability"] = int(draw.integers(0, 3)) / SCENARIOS
    if draw.random() < 0.7:
        confidence = float(draw.choice([0.5, 0.7, 0.9]))
        limits["cvar"] = CvarLimit(confidence, round(float(draw.uniform(0, 0.3)), 2))
    if draw.random() < 0.6:
        limits["min_expected_winners"] = round(float(draw.uniform(1, 6)), 1)
    if draw.random() < 0.6:
        limits["max_bucket_weight"] = round(float(draw.uniform(1 / len(keys) + 0.01, 0.9)), 2)
    limits["stages"] = _ranges(draw, ["seed", "series_a"])
    limits["sectors"] = _ranges(draw, sorted({key.split("/")[1] for key in keys}))
    try:
        built = problem(
            keys,
            np.exp(draw.normal(0.1, 0.8, size=(len(keys), SCENARIOS))),
            settings=SolverSettings(mip_gap=0.0),
            bucket_fields=[{"deal_win_probability": float(draw.uniform(0.02, 0.1))} for _ in keys],
            **limits,
        )
    except InvalidInput:
        return None
    return replace(built, relax=True)


def _ranges(draw: np.random.Generator, names: list[str]) -> dict[str, WeightRange]:
    ranges = {}
    for name in names:
        low, high = sorted(round(float(share), 2) for share in draw.uniform(0, 0.9, size=2))
        sides = draw.random(2) < 0.4
        ranges[name] = WeightRange(low if sides[0] else None, high if sides[1] else None)
    return ranges


@cache
def answer(seed: int) -> Allocation | None:
    tiny = tiny_problem(seed)
    return None if tiny is None else allocate(tiny)


def slacks_of(allocation: Allocation, type_: str) -> tuple[float, float]:
    """The largest slack granted in a class, and the sum."""
    granted = [
        abs(row.granted - row.requested) for row in allocation.constraints if row.type == type_
    ]
    return max(granted), sum(granted)


@pytest.mark.parametrize("seed", SEEDS)
def test_relaxations_are_the_lexicographic_minimum_over_all_choices(seed: int) -> None:
    tiny, allocation = tiny_problem(seed), answer(seed)
    if tiny is None or allocation is None:
        return
    least = least_relaxation(tiny)

    for type_, largest, total in least.slacks:
        largest_granted, total_granted = slacks_of(allocation, type_)
        assert largest_granted == pytest.approx(largest, abs=SAME_SLACK)
        assert total_granted == pytest.approx(total, abs=SAME_SLACK)
    if least.losses is not None:
        assert _allowed_losses(allocation) == least.losses
    assert all(given.is_minimal for given in allocation.relaxations)


def _allowed_losses(allocation: Allocation) -> int:
    (row,) = [row for row in allocation.constraints if row.type == "loss_probability"]
    return round(row.granted * SCENARIOS)


@pytest.mark.parametrize("seed", SEEDS)
def test_relaxed_allocation_keeps_every_limit_as_granted(seed: int) -> None:
    tiny, allocation = tiny_problem(seed), answer(seed)
    if tiny is None or allocation is None:
        return
    granted = {given.constraint: given.granted for given in allocation.relaxations}
    relaxed = tiny.with_limits(with_values(tiny.limits, granted))

    assert broken_limits(problem=relaxed, weights=list(allocation.weights.values())) == ()
    assert (allocation.status == "relaxed") == bool(granted)


def test_the_random_problems_relax_every_class() -> None:
    answers = [allocation for seed in SEEDS if (allocation := answer(seed)) is not None]
    relaxed = {row.type for found in answers for row in found.constraints if row.relaxed}

    assert relaxed == {
        "loss_probability",
        "cvar",
        "stage_minimum",
        "stage_maximum",
        "sector_minimum",
        "sector_maximum",
        "bucket_maximum",
        "expected_winners",
    }
