"""What an allocation does in a range of scenarios, in a form whose ranges can be put together.

A range keeps 8 bytes a scenario: the portfolio's multiple. Nothing in it depends on how the
scenarios were cut, so ranges from anywhere give the bytes of one range over all of them.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimization.solver.measures import risk


class RangesDoNotFit(ValueError):
    """The ranges are not one after the other, of other buckets, or not all of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """The scenarios ``first_scenario`` to ``first_scenario + scenarios - 1``.

    ``portfolio_multiples`` float64 (scenarios,), in scenario order; ``losing_alone`` int64 (B,):
    in how many of these scenarios each bucket, held alone, loses.
    """

    first_scenario: int
    portfolio_multiples: NDArray[np.float64]
    losing_alone: NDArray[np.int64]

    @property
    def scenarios(self) -> int:
        return self.portfolio_multiples.size


def outcomes(
    *, weights: NDArray[np.float64], multiples: NDArray[np.floating], first_scenario: int
) -> Outcomes:
    """The outcomes of weights (B,) in the scenarios of multiples (B, s)."""
    return Outcomes(
        first_scenario=first_scenario,
        portfolio_multiples=risk.portfolio_multiples(weights=weights, multiples=multiples),
        losing_alone=np.count_nonzero(multiples < risk.LOSS_THRESHOLD, axis=1).astype(np.int64),
    )


@dataclass(slots=True, kw_only=True)
class Gathering:
    """Puts ranges together in scenario order, in memory taken once.

    Starts empty at ``first_scenario``, for ``scenarios`` of them and this number of buckets.
    """

    first_scenario: int
    scenarios: int
    buckets: int
    gathered: int = field(default=0, init=False)
    _portfolio_multiples: NDArray[np.float64] = field(init=False)
    _losing_alone: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self._portfolio_multiples = np.empty(self.scenarios)
        self._losing_alone = np.zeros(self.buckets, dtype=np.int64)

    def add(self, part: Outcomes) -> None:
        """:raises RangesDoNotFit: it is not the next range, of other buckets, or too long"""
        expected = self.first_scenario + self.gathered
        if part.first_scenario != expected:
            raise RangesDoNotFit(f"got scenarios from {part.first_scenario}, expected {expected}")
        if part.losing_alone.size != self.buckets:
            raise RangesDoNotFit(f"got {part.losing_alone.size} buckets, expected {self.buckets}")
        end = self.gathered + part.scenarios
        if end > self.scenarios:
            raise RangesDoNotFit(f"got {end} scenarios, expected {self.scenarios}")
        self._portfolio_multiples[self.gathered : end] = part.portfolio_multiples
        self._losing_alone += part.losing_alone
        self.gathered = end

    def complete(self) -> Outcomes:
        """:raises RangesDoNotFit: scenarios are missing at the end"""
        if self.gathered != self.scenarios:
            raise RangesDoNotFit(f"got {self.gathered} scenarios, expected {self.scenarios}")
        return Outcomes(
            first_scenario=self.first_scenario,
            portfolio_multiples=self._portfolio_multiples,
            losing_alone=self._losing_alone,
        )
