"""The greedy allocation of a problem, independent of the optimiser: a plain answer to beat.

Loss probability, CVaR and expected winners are not looked at.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from optimization.solver.rivals.greedy_core import Candidate, allocate_greedily
from optimization.solver.stated.problem import AllocationProblem, WeightRange

_CENTS_PER_DOLLAR = 100


@dataclass(frozen=True, slots=True)
class GreedyAllocation:
    """The greedy answer to an allocation problem; ``weights`` and ``dollars`` by bucket key, in
    the problem's order. Weights sum to 1 only when ``unallocated_usd`` is 0.
    """

    dollars: Mapping[str, Decimal]
    weights: Mapping[str, float]
    unallocated_usd: Decimal


def greedy_allocation(problem: AllocationProblem) -> GreedyAllocation:
    """Buckets by expected multiple; the smallest cheque is one deal's all-in cost.

    Minimums of stages come before those of sectors, each kind by name.
    """
    capital_cents = _cents(problem.capital_usd)
    limits = problem.limits
    bucket_maximum = limits.max_bucket_weight
    scores = problem.expected_multiples().tolist()
    candidates = [
        Candidate(
            id=bucket.key,
            name=bucket.key,
            score=score,
            smallest_cheque_cents=_cents(bucket.all_in_cost_usd),
            maximum_cents=None if bucket_maximum is None else _floor(bucket_maximum, capital_cents),
            groups=(f"stages.{bucket.stage}", f"sectors.{bucket.sector}"),
        )
        for bucket, score in zip(problem.buckets, scores, strict=True)
    ]
    ranges = {
        **{f"stages.{name}": stated for name, stated in sorted(limits.stages.items())},
        **{f"sectors.{name}": stated for name, stated in sorted(limits.sectors.items())},
    }
    amounts = allocate_greedily(
        candidates,
        available_cents=capital_cents,
        group_maximums=_maximums(ranges, capital_cents),
        group_minimums=_minimums(ranges, capital_cents),
    )
    cents = {bucket.key: amounts.cents.get(bucket.key, 0) for bucket in problem.buckets}
    return GreedyAllocation(
        dollars={key: _dollars(amount) for key, amount in cents.items()},
        weights={key: amount / capital_cents for key, amount in cents.items()},
        unallocated_usd=_dollars(amounts.unallocated_cents),
    )


def _maximums(ranges: Mapping[str, WeightRange], capital_cents: int) -> dict[str, int]:
    return {
        name: _floor(stated.maximum, capital_cents)
        for name, stated in ranges.items()
        if stated.maximum is not None
    }


def _minimums(ranges: Mapping[str, WeightRange], capital_cents: int) -> dict[str, int]:
    return {
        name: math.ceil(_exactly(stated.minimum) * capital_cents)
        for name, stated in ranges.items()
        if stated.minimum is not None
    }


def _floor(fraction: float, cents: int) -> int:
    return math.floor(_exactly(fraction) * cents)


def _exactly(fraction: float) -> Decimal:
    """The decimal that was written, so that .15 of a round sum is a whole number of cents."""
    return Decimal(repr(float(fraction)))


def _cents(dollars: Decimal) -> int:
    return int(dollars * _CENTS_PER_DOLLAR)


def _dollars(cents: int) -> Decimal:
    return Decimal(cents) / _CENTS_PER_DOLLAR
