"""How the deals pooled in one matrix entry are weighted."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DealWeights:
    """``equal_count`` deals of ``equal_weight`` and one of ``last_weight``, which is no larger."""

    equal_count: int
    equal_weight: float
    last_weight: float

    @property
    def deals(self) -> int:
        return self.equal_count + 1


def effective_deals(*, reference_deals: float, cheque_variation: float) -> float:
    """The number of equal deals with the same diversification as deals with varying cheques."""
    return max(1.0, reference_deals / (1.0 + cheque_variation * cheque_variation))


def deal_weights(*, effective: float) -> DealWeights:
    """Weights that sum to 1 and whose squares sum to 1 / ``effective`` (at least 1, any real).

    With k = ceil(effective) - 1 equal weights a and the last b = 1 - k a, the sum of squares
    k a^2 + (1 - k a)^2 = 1 / effective has the root below that gives b <= a.
    """
    equal_count = math.ceil(effective) - 1
    if equal_count == 0:
        return DealWeights(equal_count=0, equal_weight=0.0, last_weight=1.0)
    # In (0, 1] up to rounding, which can push it below 0 by 1e-16 at a whole number of deals.
    root_of = max(0.0, 1.0 - (equal_count + 1) / equal_count * (1.0 - 1.0 / effective))
    equal_weight = (1.0 + math.sqrt(root_of)) / (equal_count + 1)
    return DealWeights(
        equal_count=equal_count,
        equal_weight=equal_weight,
        # At 9.000000000000002 effective deals the difference can come out as -1e-16.
        last_weight=max(0.0, 1.0 - equal_count * equal_weight),
    )
