"""Small allocation problems for tests, written out or drawn from a seed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimization.solver.stated.problem import AllocationProblem, Bucket, Limits, SolverSettings

CAPITAL_USD = Decimal("100000000")


def bucket(key: str, **fields: Any) -> Bucket:
    """A bucket whose stage and sector are the two halves of its key."""
    stage, sector = key.split("/")
    defaults: dict[str, Any] = {
        "all_in_cost_usd": Decimal("2000000"),
        "deal_win_probability": 0.05,
    }
    return Bucket(key=key, stage=stage, sector=sector, **(defaults | fields))


def problem(
    keys: Sequence[str],
    multiples: ArrayLike,
    *,
    settings: SolverSettings | None = None,
    bucket_fields: Sequence[dict[str, Any]] | None = None,
    capital_usd: Decimal = CAPITAL_USD,
    **limits: Any,
) -> AllocationProblem:
    """A problem over buckets with these keys; keyword arguments are limits."""
    fields = bucket_fields or [{}] * len(keys)
    return AllocationProblem(
        capital_usd=capital_usd,
        buckets=tuple(bucket(key, **extra) for key, extra in zip(keys, fields, strict=True)),
        multiples=np.array(multiples, dtype=float),
        limits=Limits(**limits),
        settings=settings or SolverSettings(),
    )


def high_and_low(**limits: Any) -> AllocationProblem:
    """Two independent buckets in 400 equally likely scenarios.

    High returns 5x with probability .7, else 0; Low 2x with probability .95, else 0.9x. Both win
    in 266 scenarios, only High in 14, only Low in 114, neither in 6.
    """
    high = [5.0] * 280 + [0.0] * 120
    low = [2.0] * 266 + [0.9] * 14 + [2.0] * 114 + [0.9] * 6
    return problem(["seed/high", "seed/low"], [high, low], **limits)


def market_multiples(*, seed: int, buckets: int, scenarios: int) -> NDArray[np.float64]:
    """(B, S) multiples of buckets of three to eight deals that share one market factor."""
    draw = np.random.default_rng(seed)
    market = draw.normal(size=scenarios)
    rows = []
    for _ in range(buckets):
        deals = int(draw.integers(3, 9))
        latent = 0.6 * market[:, None] + 0.8 * draw.normal(size=(scenarios, deals))
        outcomes = np.exp(draw.uniform(0.0, 0.4) + latent)
        outcomes[latent < draw.uniform(-0.6, 0.0)] *= 0.3
        rows.append(outcomes.mean(axis=1))
    return np.array(rows).astype(np.float32).astype(np.float64)
