"""Problems whose frontiers are known, or small enough to be worked out another way."""

import numpy as np

from optimization.solver.frontier.grid import VariedLimit, problem_at
from optimization.solver.stated.problem import (
    AllocationProblem,
    CvarLimit,
    SolverSettings,
    WeightRange,
)
from tests.optimization.solver.oracles import best_expected_multiple
from tests.optimization.solver.problems import market_multiples, problem

PROVED = SolverSettings(mip_gap=0.0)


def tiny_problem(seed: int, *, settings: SolverSettings = PROVED) -> AllocationProblem:
    """Three buckets in eight scenarios, of which two may lose, with limits of every kind."""
    draw = np.random.default_rng(seed)
    return problem(
        ["seed/saas", "series_a/bio", "seed/bio"],
        np.exp(draw.normal(0.3, 0.7, size=(3, 8))),
        settings=settings,
        max_loss_probability=2 / 8,
        cvar=CvarLimit(confidence=0.7, maximum=0.5),
        max_bucket_weight=0.8,
        stages={"seed": WeightRange(minimum=0.2, maximum=0.9)},
    )


def market_problem(*, settings: SolverSettings) -> AllocationProblem:
    """Eight buckets in 60 scenarios that share a market; some sixth of them has to lose."""
    keys = [f"{stage}/{sector}" for stage in ("seed", "a", "b", "c") for sector in ("it", "bio")]
    return problem(
        keys,
        market_multiples(seed=2, buckets=8, scenarios=60),
        settings=settings,
        max_bucket_weight=0.5,
    )


def optimum_by_enumeration(
    problem: AllocationProblem, *, varied: VariedLimit, limit: float
) -> float | None:
    return best_expected_multiple(problem_at(problem, varied=varied, value=limit))
