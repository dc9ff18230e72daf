"""The answer to an allocation problem, as the pages, the API and the command show it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

from optimization.solver.explanation.explanation import Explanation
from optimization.solver.stated.single_limits import LimitType

Status = Literal["optimal", "relaxed", "infeasible", "time_limit"]
ConstraintType = LimitType


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintRow:
    """One limit and how the weights keep it.

    ``id`` is the path of the limit in the problem's limits. ``slack`` is the distance from
    ``actual`` to ``granted``, positive inside the limit. ``binding`` says that it stops
    the first or the second pass (`report.constraint_rows` says when).
    """

    id: str
    type: ConstraintType
    requested: float
    granted: float
    actual: float
    slack: float
    satisfied: bool
    relaxed: bool
    binding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A limit that is not kept as requested. ``constraint`` is its id.

    ``is_minimal`` says that less is proved not to be enough while the more protected limits are at
    what they are granted. No allocation exists with this limit tighter than ``tightest_possible``,
    or, if several limits of its kind are relaxed, with all of these tighter than that.
    """

    constraint: str
    requested: float
    granted: float
    is_minimal: bool
    tightest_possible: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverRun:
    """What solved the problem and what it took. ``seconds`` and the settings' time limit are the
    only parts of an answer that may differ between equal problems. ``first_pass`` and
    ``second_pass`` say how each ended: ``optimal``, ``infeasible``, or the budget that stopped it.
    """

    name: str
    version: str
    settings: Mapping[str, Any]
    seconds: float
    nodes: int
    iterations: int
    method: str = "exact"
    first_pass: str | None = None
    second_pass: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Weights and dollars by bucket key in the problem's order, with everything recomputed from
    the weights.

    Without an allocation (``infeasible``, or ``time_limit`` before one was found) the mappings
    and the rows are empty and the figures None; ``best_bound`` is still proved unless the problem
    is infeasible. ``expected_multiple`` uses each bucket's exact mean where it is known;
    ``sample_expected_multiple`` only the scenarios. ``infeasibility`` says why there is no
    allocation, or, of relaxed limits, that the need for it is not proved.
    """

    status: Status
    weights: Mapping[str, float] = field(default_factory=dict)
    dollars: Mapping[str, Decimal] = field(default_factory=dict)
    expected_multiple: float | None = None
    sample_expected_multiple: float | None = None
    first_pass_expected_multiple: float | None = None
    best_bound: float | None = None
    mip_gap: float | None = None
    loss_probability: float | None = None
    cvar: float | None = None
    cvar_confidence: float
    expected_winners: float | None = None
    distance_to_uniform: float | None = None
    relaxations: tuple[Relaxation, ...] = ()
    constraints: tuple[ConstraintRow, ...] = ()
    explanation: Explanation | None = None
    infeasibility: str | None = None
    solver: SolverRun

    @property
    def was_found(self) -> bool:
        return bool(self.weights)

    def as_json(self) -> dict[str, Any]:
        """The JSON object `manage.py solve_allocation` prints; dollars are decimal strings."""
        return {
            "status": self.status,
            "weights": dict(self.weights),
            "dollars": {key: str(amount) for key, amount in self.dollars.items()},
            "expected_multiple": self.expected_multiple,
            "sample_expected_multiple": self.sample_expected_multiple,
            "first_pass_expected_multiple": self.first_pass_expected_multiple,
            "best_bound": self.best_bound,
            "mip_gap": self.mip_gap,
            "loss_probability": self.loss_probability,
            "cvar": self.cvar,
            "cvar_confidence": self.cvar_confidence,
            "expected_winners": self.expected_winners,
            "distance_to_uniform": self.distance_to_uniform,
            "relaxations": [asdict(relaxation) for relaxation in self.relaxations],
            "constraints": [asdict(row) for row in self.constraints],
            "explanation": self.explanation.as_json() if self.explanation else None,
            "infeasibility": self.infeasibility,
            "solver": asdict(self.solver),
        }
