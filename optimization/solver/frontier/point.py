"""One point of a frontier: a limit, the best allocation found within it, and what is proved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from optimization.solver.exact.search_budget import Stop
from optimization.solver.frontier.grid import VariedLimit

PointStatus = Literal["optimal", "infeasible", "time_limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """Weights by bucket key that keep every limit, the varied one at ``limit``, and their figures.

    No allocation within the limits has an expected multiple above ``best_bound``; ``mip_gap`` is
    the relative distance to it. ``optimal`` says that this is the gap asked for; ``time_limit``
    that the budget ``stopped_by`` ended the search before. Without an allocation the mapping is
    empty and the figures are None; an infeasible point has no bound. ``found_at`` is the limit of
    the point for which the weights were searched: an allocation can be the best one at several.
    The last three are what the search took.
    """

    limit: float
    status: PointStatus
    weights: Mapping[str, float] = field(default_factory=dict)
    expected_multiple: float | None = None
    sample_expected_multiple: float | None = None
    best_bound: float | None = None
    mip_gap: float | None = None
    loss_probability: float | None = None
    cvar: float | None = None
    expected_winners: float | None = None
    found_at: float | None = None
    stopped_by: Stop | None = None
    seconds: float = 0.0
    nodes: int = 0
    iterations: int = 0

    @property
    def was_found(self) -> bool:
        return bool(self.weights)

    @property
    def multiple(self) -> float:
        """The expected multiple found; 0, which every allocation reaches, without one."""
        return self.expected_multiple or 0.0

    @property
    def bound(self) -> float:
        """The bound, 0 for an infeasible point."""
        return self.best_bound or 0.0

    def keeps(self, varied: VariedLimit, limit: float) -> bool:
        """Whether its weights are known to keep this value of the limit that is varied."""
        if not self.was_found:
            return False
        actual = self.loss_probability if varied == "max_loss_probability" else self.cvar
        return self.limit <= limit or (actual is not None and actual <= limit)

    def holding(self, other: "FrontierPoint") -> "FrontierPoint":
        """This point with the weights of ``other``, which keep its limit, and their figures."""
        return replace(
            self,
            weights=other.weights,
            expected_multiple=other.expected_multiple,
            sample_expected_multiple=other.sample_expected_multiple,
            loss_probability=other.loss_probability,
            cvar=other.cvar,
            expected_winners=other.expected_winners,
            found_at=other.found_at,
        )

    def bounded_by(self, bound: float, *, gap: float) -> "FrontierPoint":
        """This point with ``bound`` where that is lower, and proved if it is within ``gap``."""
        if self.status == "infeasible":
            return self
        # Two sums of one optimum differ in the last digits; the larger one bounds both.
        best_bound = max(min(bound, self.bound), self.multiple)
        reached = (best_bound - self.multiple) / self.multiple if self.multiple > 0 else 0.0
        proved = self.stopped_by is None or (self.was_found and reached <= gap)
        return replace(
            self,
            best_bound=best_bound,
            mip_gap=reached if self.was_found else None,
            status="optimal" if proved else "time_limit",
            stopped_by=None if proved else self.stopped_by,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"weights": dict(self.weights)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "FrontierPoint":
        return cls(**data)
