"""Why an allocation is what it is, as the pages, the API and the command show it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

ValueMethod = Literal["dual", "re-solve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitValue:
    """What one more step of a binding limit is worth; ``constraint`` is the limit's id.

    With the limit at ``loosened_to``, ``step`` beyond what was granted, an allocation exists that
    has ``multiple_gain`` more expected multiple than the first pass's, and none has more than
    ``gain_at_most``. ``dual`` is the gain per unit of the limit for small steps while the same
    scenarios lose; None for loss probability. ``method`` is ``dual`` where the limit on loss
    probability changes nothing, so that a linear program gives the gain exactly, else
    ``re-solve``. All four are None when there was no time to work them out.
    """

    constraint: str
    loosened_to: float
    step: float
    multiple_gain: float | None = None
    gain_at_most: float | None = None
    dual: float | None = None
    method: ValueMethod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketContribution:
    """What a bucket adds to the allocation's expected multiple and to its CVaR (``tail_loss``,
    negative where the bucket gains in the tail). Shares are of the total, None if that is 0.
    """

    key: str
    weight: float
    expected_multiple: float
    expected_multiple_share: float | None
    tail_loss: float
    tail_loss_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``limit_values`` in the order of the limits, ``contributions`` in that of the buckets."""

    limit_values: tuple[LimitValue, ...]
    contributions: tuple[BucketContribution, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "limit_values": [asdict(value) for value in self.limit_values],
            "contributions": [asdict(part) for part in self.contributions],
        }
