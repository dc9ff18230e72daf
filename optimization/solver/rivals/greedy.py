"""A greedy allocation in whole cents, independent of the optimiser: a plain answer to beat.

Candidates are ranked by score (higher first), then name (letter case ignored), then id. Minimums
of groups are served first, then one pass in rank order gives each candidate all that its caps and
the capital still allow. A candidate is skipped, not stopped at, when that is less than its
smallest cheque. Loss probability, CVaR and expected winners are not looked at.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from optimization.solver.stated.problem import AllocationProblem, WeightRange

_CENTS_PER_DOLLAR = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that can be funded; ``groups`` name the caps and minimums it counts towards."""

    id: str
    name: str
    score: float
    smallest_cheque_cents: int = 0
    maximum_cents: int | None = None
    groups: tuple[str, ...] = ()


@dataclass(slots=True)
class GreedyAmounts:
    """Cents by candidate id, in rank order, and what is left; together they are the capital."""

    unallocated_cents: int
    cents: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GreedyAllocation:
    """The greedy answer to an allocation problem; ``weights`` and ``dollars`` by bucket key, in
    the problem's order. Weights sum to 1 only when ``unallocated_usd`` is 0.
    """

    dollars: Mapping[str, Decimal]
    weights: Mapping[str, float]
    unallocated_usd: Decimal


def greedy_allocation(problem: AllocationProblem) -> GreedyAllocation:
    """Buckets by expected multiple; the smallest cheque is one deal's all-in cost."""
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
        **{f"stages.{name}": stated for name, stated in limits.stages.items()},
        **{f"sectors.{name}": stated for name, stated in limits.sectors.items()},
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


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Higher score first, then by name without letter case, then by id."""
    return sorted(candidates, key=lambda one: (-one.score, one.name.casefold(), one.id))


def allocate_greedily(
    candidates: Sequence[Candidate],
    *,
    available_cents: int,
    group_maximums: Mapping[str, int],
    group_minimums: Mapping[str, int],
) -> GreedyAmounts:
    """Amounts by the rule of this module; groups without an entry have no cap or minimum.

    Minimums are served in the order given, each from the group's candidates in rank order, by no
    more than is missing, or one smallest cheque where less is missing. Candidate ids are unique.
    """
    order = ranked(candidates)
    room = _Room(order, available_cents, dict(group_maximums))
    for group, minimum in group_minimums.items():
        for candidate in order:
            if group in candidate.groups:
                missing = minimum - room.held_by_group.get(group, 0)
                room.give(candidate, at_most=max(missing, room.cheque_to_open(candidate, missing)))
    for candidate in order:
        room.give(candidate, at_most=room.left_cents)
    return GreedyAmounts(
        unallocated_cents=room.left_cents,
        cents={one.id: room.held[one.id] for one in order if room.held[one.id]},
    )


class _Room:
    """What is left of the capital and of every cap while candidates are being funded."""

    def __init__(
        self, candidates: Sequence[Candidate], available_cents: int, group_maximums: dict[str, int]
    ) -> None:
        self.left_cents = available_cents
        self.held = {candidate.id: 0 for candidate in candidates}
        self.held_by_group: dict[str, int] = {}
        self._group_maximums = group_maximums

    def cheque_to_open(self, candidate: Candidate, missing: int) -> int:
        """The smallest cheque if something is missing and the candidate holds nothing yet."""
        if missing <= 0 or self.held[candidate.id]:
            return 0
        return candidate.smallest_cheque_cents

    def give(self, candidate: Candidate, *, at_most: int) -> None:
        amount = min(at_most, self.left_cents, *self._caps(candidate))
        opens_too_small = self.held[candidate.id] + amount < candidate.smallest_cheque_cents
        if amount <= 0 or opens_too_small:
            return
        self.left_cents -= amount
        self.held[candidate.id] += amount
        for group in candidate.groups:
            self.held_by_group[group] = self.held_by_group.get(group, 0) + amount

    def _caps(self, candidate: Candidate) -> Iterable[int]:
        if candidate.maximum_cents is not None:
            yield candidate.maximum_cents - self.held[candidate.id]
        for group in candidate.groups:
            if group in self._group_maximums:
                yield self._group_maximums[group] - self.held_by_group.get(group, 0)


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
