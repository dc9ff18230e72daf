"""Gives out whole cents greedily, to whatever can be funded: buckets or companies.

Candidates are ranked by score (higher first), then name (letter case ignored), then id. Minimums
of groups are served first, then one pass in rank order gives each candidate all that its caps and
the capital still allow. A candidate is skipped, not stopped at, when that is less than its
smallest cheque.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that can be funded; ``groups`` name the caps and minimums it counts towards."""

    id: str
    name: str
    score: float
    smallest_cheque_cents: int = 0
    maximum_cents: int | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GreedyAmounts:
    """Cents by candidate id, in rank order, and what is left; together they are the capital."""

    unallocated_cents: int
    cents: Mapping[str, int]


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
