"""The searches of a session: each in scenarios with the deals that the one before it buys. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from optimization.rounds.deal_counts import matched_deals

MOST_REPEATS = 3


class Ending(StrEnum):
    """Why there is no further search."""

    SETTLED = "settled"  # every bucket buys about as many deals as it was simulated with
    MOST_REPEATS = "most_repeats"
    TRIED_BEFORE = "tried_before"  # the numbers bought are those of an earlier search
    NEAREST = "nearest"  # no number that can be simulated is nearer to what is bought
    UNATTAINABLE = "unattainable"  # the scenario law does not exist with the numbers bought
    NO_ALLOCATION = "no_allocation"  # the last search found none, so the one before it stands
    NO_SCENARIOS = "no_scenarios"  # those of the next search could not be made


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search. Figures and ``mismatched`` are None where it found no allocation.

    ``reference_deals`` are what its scenarios were made with, by bucket key.
    """

    matrix_key: str
    was_cached: bool
    reference_deals: Mapping[str, float]
    status: str
    expected_multiple: float | None
    loss_probability: float | None
    mismatched: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """All searches of a session so far, in order, and how they ended if they have."""

    searches: tuple[Search, ...] = ()
    ending: Ending | None = None
    reason: str | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Rounds":
        if stored is None:
            return cls()
        return cls(
            searches=tuple(
                Search(**{**one, "mismatched": _optional_tuple(one["mismatched"])})
                for one in stored["searches"]
            ),
            ending=None if stored["ending"] is None else Ending(stored["ending"]),
            reason=stored["reason"],
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "searches": [asdict(search) for search in self.searches],
            "ending": self.ending,
            "reason": self.reason,
        }

    @property
    def standing(self) -> Search:
        """The search whose allocation counts: the last that found one."""
        return next(one for one in reversed(self.searches) if one.expected_multiple is not None)

    def after(self, search: Search) -> "Rounds":
        return replace(self, searches=(*self.searches, search))

    def ended(self, ending: Ending, *, reason: str | None = None) -> "Rounds":
        return replace(self, ending=ending, reason=reason)

    def next_deals(self, *, deals: Mapping[str, float]) -> dict[str, float] | Ending:
        """The reference deals to search with next; an ending if the latest search was the last.

        ``deals`` is what the allocation of the latest search buys, by bucket key.
        """
        latest = self.searches[-1]
        if not latest.mismatched:
            return Ending.SETTLED
        wanted = matched_deals(
            mismatched=latest.mismatched, deals=deals, reference_deals=latest.reference_deals
        )
        if wanted == latest.reference_deals:
            return Ending.NEAREST
        if any(wanted == earlier.reference_deals for earlier in self.searches):
            return Ending.TRIED_BEFORE
        if len(self.searches) > MOST_REPEATS:
            return Ending.MOST_REPEATS
        return wanted


def _optional_tuple(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
