"""Which switch to decide next: the one whose two decisions together raise the count most.

Reliability branching (Achterberg, Koch & Martin, Operations Research Letters 33, 2005): the gains
of a few candidates are tried out until each has been tried often enough, then predicted from what
a unit of the switch has gained before.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimization.solver.exact.incremental_lp import Floats

Numbers = NDArray[np.intp]

CANDIDATES = 8
TRIALS_TO_TRUST = 2
# How sharply small gains are held against a switch, in units of the missing count.
STEEPNESS = 2.5
SMALLEST_DISTANCE = 1e-3


def scores(gains_of_zero: Floats, gains_of_one: Floats, *, missing: float) -> Floats:
    """Of switches with these gains; at most 0, the higher the smaller the tree is expected.

    A child that gains g of a ``missing`` count takes a tree of about exp(-g / missing) of the size.
    """
    scale = STEEPNESS / missing
    return np.asarray(-np.exp(-scale * gains_of_zero) - np.exp(-scale * gains_of_one))


@dataclass(slots=True)
class GainsPerUnit:
    """Sums and counts by decision (2) and switch."""

    sums: Floats
    trials: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.trials = np.zeros_like(self.sums)

    @classmethod
    def of(cls, switches: int) -> "GainsPerUnit":
        return cls(np.zeros((2, switches)))

    def grow_to(self, switches: int) -> None:
        """Adds switches that have not been tried."""
        missing = ((0, 0), (0, switches - self.sums.shape[1]))
        self.sums, self.trials = np.pad(self.sums, missing), np.pad(self.trials, missing)

    def record(self, switch: int, decision: int, *, gain: float, distance: float) -> None:
        self.sums[decision, switch] += gain / max(distance, SMALLEST_DISTANCE)
        self.trials[decision, switch] += 1

    def is_trusted(self, switch: int) -> bool:
        return bool(self.trials[:, switch].min() >= TRIALS_TO_TRUST)

    def expected(self, switches: Numbers, values: Floats) -> tuple[Floats, Floats]:
        """Gains of deciding 0 and 1, for switches (by number) that are at ``values``."""
        return self._rate(0, switches) * values, self._rate(1, switches) * (1 - values)

    def _rate(self, decision: int, switches: Numbers) -> Floats:
        total = self.trials[decision].sum()
        average = self.sums[decision].sum() / total if total else 1.0
        tried = self.trials[decision][switches]
        return np.where(tried > 0, self.sums[decision][switches] / np.maximum(tried, 1), average)
