"""Checks weights against every limit, on its own: nothing here is shared with the model.

Each quantity is computed by another formula than in the model or the report where there is one:
CVaR by minimising Rockafellar and Uryasev's function instead of averaging a tail.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.solver.measures.risk import LOSS_THRESHOLD
from optimization.solver.stated.problem import AllocationProblem

# A hundred times the solver's feasibility tolerance: sums over many rows may add theirs up. For
# expected winners it is relative to the limit, for everything else absolute.
LIMIT_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class BrokenLimit:
    """A limit, by the id it has in the report, that weights do not keep."""

    id: str
    limit: float
    actual: float

    def __str__(self) -> str:
        return f"{self.id}: limit {self.limit:.9g}, actual {self.actual:.9g}"


def broken_limits(
    *, problem: AllocationProblem, weights: Sequence[float]
) -> tuple[BrokenLimit, ...]:
    """The limits of ``problem`` that ``weights``, one per bucket, break by more than
    `LIMIT_TOLERANCE`; empty when they are an allocation that keeps all of them. Placing all the
    capital and no negative weight count as limits, ``budget`` and ``weights``.
    """
    vector = np.array(weights, dtype=np.float64)
    if vector.shape != (len(problem.buckets),):
        raise ValueError(f"{vector.size} weights for {len(problem.buckets)} buckets")
    return tuple(
        BrokenLimit(id_, limit, actual)
        for id_, limit, actual, excess in (
            *_weight_limits(problem, vector),
            *_risk_limits(problem, vector),
        )
        if not excess <= LIMIT_TOLERANCE
    )


_Check = tuple[str, float, float, float]


def _weight_limits(problem: AllocationProblem, weights: NDArray[np.float64]) -> Iterator[_Check]:
    total = float(weights.sum())
    yield "budget", 1.0, total, abs(total - 1)
    yield "weights", 0.0, float(weights.min()), -float(weights.min())
    limits = problem.limits
    if limits.max_bucket_weight is not None:
        largest = float(weights.max())
        yield _at_most("max_bucket_weight", limits.max_bucket_weight, largest)
    for kind, ranges in (("stages", limits.stages), ("sectors", limits.sectors)):
        held: dict[str, float] = {}
        for bucket, weight in zip(problem.buckets, weights.tolist(), strict=True):
            group = bucket.stage if kind == "stages" else bucket.sector
            held[group] = held.get(group, 0.0) + weight
        for name, allowed in ranges.items():
            share = held.get(name, 0.0)
            if allowed.minimum is not None:
                yield _at_least(f"{kind}.{name}.min", allowed.minimum, share)
            if allowed.maximum is not None:
                yield _at_most(f"{kind}.{name}.max", allowed.maximum, share)


def _risk_limits(problem: AllocationProblem, weights: NDArray[np.float64]) -> Iterator[_Check]:
    limits = problem.limits
    outcome = weights @ problem.multiples
    if limits.max_loss_probability is not None:
        share_losing = float(np.mean(outcome < LOSS_THRESHOLD))
        yield _at_most("max_loss_probability", limits.max_loss_probability, share_losing)
    if limits.cvar is not None:
        tail = _smallest_tail_mean(outcome, limits.cvar.confidence)
        yield _at_most("cvar", limits.cvar.maximum, tail)
    if limits.min_expected_winners is not None:
        winners = sum(
            weight
            * float(problem.capital_usd)
            / float(bucket.all_in_cost_usd)
            * bucket.deal_win_probability
            for bucket, weight in zip(problem.buckets, weights.tolist(), strict=True)
        )
        missing = limits.min_expected_winners - winners
        scale = max(limits.min_expected_winners, 1e-300)
        yield "min_expected_winners", limits.min_expected_winners, winners, missing / scale


def _smallest_tail_mean(outcome: NDArray[np.float64], confidence: float) -> float:
    """min over t of t + E[(loss - t)+] / (1 - confidence); a minimiser is one of the losses."""
    loss = np.sort(np.where(outcome < 1, 1 - outcome, 0.0))
    above = np.append(np.cumsum(loss[::-1])[::-1], 0.0)
    count_above = np.arange(loss.size, 0, -1)
    excess = above[:-1] - count_above * loss
    return float(np.min(loss + excess / ((1 - confidence) * loss.size)))


def _at_most(id_: str, limit: float, actual: float) -> _Check:
    return id_, limit, actual, actual - limit


def _at_least(id_: str, limit: float, actual: float) -> _Check:
    return id_, limit, actual, limit - actual
