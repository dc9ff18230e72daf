"""Which limit a frontier varies, and over which values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from optimization.solver.stated.limits import CvarLimit, Limits
from optimization.solver.stated.problem import AllocationProblem
from scenarios.simulation.checked_input import FieldReader

VariedLimit = Literal["max_loss_probability", "cvar"]
VARIED_LIMITS: tuple[VariedLimit, ...] = ("max_loss_probability", "cvar")

FEWEST_POINTS = 3
MOST_POINTS = 41
# A hundredth of a percent; 5,000 scenarios tell loss probabilities apart that are twice as far.
SMALLEST_STEP = 1e-4
# Decimals of a grid value, so that 0.3 does not come out as 0.30000000000000004.
DECIMALS = 9
DEFAULT_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierGrid:
    """``points`` evenly spaced values of one limit, from ``first`` up to ``last``; fractions."""

    limit: VariedLimit
    first: float
    last: float
    points: int

    def values(self) -> tuple[float, ...]:
        """The limits, tightest first; both ends are exactly those that were asked for."""
        step = (self.last - self.first) / (self.points - 1)
        between = (round(self.first + step * i, DECIMALS) for i in range(1, self.points - 1))
        return (self.first, *between, self.last)

    def as_json(self) -> dict[str, Any]:
        return {"limit": self.limit, "from": self.first, "to": self.last, "points": self.points}


def read_grid(reader: FieldReader, *, scenarios: int | None) -> FrontierGrid | None:
    """The grid in ``{"limit", "from", "to", "points"}``; faults go to ``reader``, and None is
    returned with one. ``scenarios``, when known, also refuses loss probabilities too fine for them.
    """
    before = len(reader.faults)
    limit = reader.choice("limit", VARIED_LIMITS)
    first = reader.number("from", minimum=0, maximum=1)
    last = reader.number("to", minimum=0, maximum=1)
    points = reader.integer("points", minimum=FEWEST_POINTS, maximum=MOST_POINTS)
    reader.refuse_unknown_fields()
    if len(reader.faults) > before:
        return None
    grid = FrontierGrid(limit=limit, first=first, last=last, points=points)
    return None if _is_faulty(reader, grid, scenarios) else grid


def grid_of_json(data: Mapping[str, Any]) -> FrontierGrid:
    """The grid that `FrontierGrid.as_json` wrote."""
    return FrontierGrid(
        limit=data["limit"], first=data["from"], last=data["to"], points=data["points"]
    )


def limits_at(limits: Limits, *, varied: VariedLimit, value: float) -> Limits:
    """``limits`` with this value for the varied one, whatever was stated for it.

    A limit on CVaR keeps the confidence that is stated, else it has `DEFAULT_CONFIDENCE`.
    """
    if varied == "max_loss_probability":
        return replace(limits, max_loss_probability=value)
    confidence = limits.cvar.confidence if limits.cvar else DEFAULT_CONFIDENCE
    return replace(limits, cvar=CvarLimit(confidence=confidence, maximum=value))


def problem_at(
    problem: AllocationProblem, *, varied: VariedLimit, value: float
) -> AllocationProblem:
    return problem.with_limits(limits_at(problem.limits, varied=varied, value=value))


def _is_faulty(reader: FieldReader, grid: FrontierGrid, scenarios: int | None) -> bool:
    if grid.last - grid.first < SMALLEST_STEP * (grid.points - 1):
        reader.fault(
            "to",
            "STEP_TOO_SMALL",
            f"is {grid.last:g}, must be above from ({grid.first:g}) by at least"
            f" {SMALLEST_STEP:g} for each step",
        )
        return True
    smallest = min(value for value in grid.values() if value > 0)
    if grid.limit == "max_loss_probability" and scenarios and smallest * scenarios < 1 - 1e-9:
        reader.fault(
            "from",
            "FINER_THAN_ONE_SCENARIO",
            f"is {grid.first:g} and makes a point at {smallest:g}, less than one of {scenarios}"
            f" scenarios ({1 / scenarios:g})",
        )
        return True
    return False
