"""Both methods, through both passes, on mid-size problems with every kind of limit at once."""

import numpy as np
import pytest

from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import market_multiples, problem

STAGES = ("seed", "series_a", "series_b")
SECTORS = ("saas", "bio", "fintech", "health")


def mid_size_problem(seed: int) -> AllocationProblem:
    """Twelve buckets in forty scenarios. The limits on loss probability and winners lie between
    what the uniform allocation has and what is surely out of reach or no limit.
    """
    draw = np.random.default_rng([seed, 12, 40])
    keys = [f"{stage}/{sector}" for stage in STAGES for sector in SECTORS]
    multiples = market_multiples(seed=seed, buckets=12, scenarios=40)
    losses = int(np.count_nonzero(multiples.mean(axis=0) < 1))
    wins = draw.uniform(0.02, 0.08, size=12)
    return problem(
        keys,
        multiples,
        bucket_fields=[
            {"deal_win_probability": win, "expected_multiple": mean}
            for win, mean in zip(wins.tolist(), multiples.mean(axis=1).tolist(), strict=True)
        ],
        max_loss_probability=max(0, losses + int(draw.integers(-2, 3))) / 40,
        cvar=CvarLimit(confidence=0.9, maximum=float(draw.uniform(0.7, 0.9))),
        # Fifty deals of every bucket could be bought.
        min_expected_winners=float(50 * wins.mean() * draw.uniform(0.8, 1.2)),
        max_bucket_weight=0.3,
        stages={"seed": WeightRange(minimum=0.1, maximum=0.6), "series_b": WeightRange(0.15)},
        sectors={"bio": WeightRange(maximum=0.45), "saas": WeightRange(minimum=0.1)},
    )


def check(solved: Allocation, stated: AllocationProblem) -> None:
    if solved.was_found:
        assert broken_limits(problem=stated, weights=list(solved.weights.values())) == ()


@pytest.mark.parametrize("seed", range(12))
def test_exact_method_and_reference_agree_within_the_gap(seed: int) -> None:
    stated = mid_size_problem(seed)

    exact, reference = allocate(stated), allocate(stated, method="reference")

    assert exact.status == reference.status
    check(exact, stated)
    check(reference, stated)
    if exact.first_pass_expected_multiple is not None:
        # Each is within 1e-4 of the optimum, from below; bounds from above.
        assert reference.first_pass_expected_multiple is not None
        gap = stated.settings.mip_gap * exact.first_pass_expected_multiple
        assert exact.first_pass_expected_multiple == pytest.approx(
            reference.first_pass_expected_multiple, abs=gap
        )
        assert exact.best_bound is not None
        assert exact.best_bound >= reference.first_pass_expected_multiple - 1e-9


def test_loss_limit_matters_in_some_of_the_problems() -> None:
    rows = [
        row
        for seed in range(6)
        for row in allocate(mid_size_problem(seed)).constraints
        if row.id == "max_loss_probability"
    ]

    assert {row.binding for row in rows} == {True, False}
