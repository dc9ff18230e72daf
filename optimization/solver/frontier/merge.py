"""Puts stretches of a frontier together: what each has shown holds for the others too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimization.solver.frontier.grid import VariedLimit, problem_at
from optimization.solver.frontier.point import FrontierPoint
from optimization.solver.frontier.trace import checked_weights
from optimization.solver.report import cvar_confidence
from optimization.solver.stated.problem import AllocationProblem

# Relative: what two programs over different scenario rows may disagree by on one optimum.
DISAGREEMENT = 2e-6


class FrontierContradicted(ArithmeticError):
    """Points of one frontier cannot all be true; none is returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Points from the tightest limit to the loosest; multiples and bounds never fall."""

    varied: VariedLimit
    cvar_confidence: float
    points: tuple[FrontierPoint, ...]

    @property
    def was_found(self) -> bool:
        return any(point.was_found for point in self.points)

    def as_json(self) -> dict[str, Any]:
        return {
            "limit": self.varied,
            "cvar_confidence": self.cvar_confidence,
            "points": [point.as_json() for point in self.points],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Frontier":
        return cls(
            varied=data["limit"],
            cvar_confidence=data["cvar_confidence"],
            points=tuple(FrontierPoint.from_json(point) for point in data["points"]),
        )


def merged(
    problem: AllocationProblem, *, varied: VariedLimit, points: Iterable[FrontierPoint]
) -> Frontier:
    """The frontier through ``points``, those of all its stretches in any order.

    A point gets the best allocation that any point has within its limit, and the least bound that
    is proved for its limit or a looser one. The weights of every point are held against all limits
    of ``problem`` once more. Raises `FrontierContradicted` or `AllocationCheckFailed` when a proof
    and an allocation contradict each other, or weights break a limit.
    """
    ascending = sorted(points, key=lambda point: point.limit)
    best = [_with_best(point, ascending, varied) for point in ascending]
    bounded = _bounded(best, gap=problem.settings.mip_gap)
    ordered = problem.in_key_order()
    for point in bounded:
        if point.was_found:
            at_limit = problem_at(ordered, varied=varied, value=point.limit)
            checked_weights(at_limit, [point.weights[key] for key in at_limit.bucket_keys])
    loosest = problem_at(ordered, varied=varied, value=ascending[-1].limit)
    return Frontier(varied=varied, cvar_confidence=cvar_confidence(loosest), points=tuple(bounded))


def _with_best(
    point: FrontierPoint, points: Sequence[FrontierPoint], varied: VariedLimit
) -> FrontierPoint:
    best = point
    for other in points:
        if other.keeps(varied, point.limit) and (
            not best.was_found or other.multiple > best.multiple
        ):
            best = other
    if best is not point and point.status == "infeasible":
        raise FrontierContradicted(
            f"no allocation keeps {point.limit!r}, and one was found for {best.limit!r} that does"
        )
    return point if best is point else point.holding(best)


def _bounded(ascending: Sequence[FrontierPoint], *, gap: float) -> list[FrontierPoint]:
    bounded: list[FrontierPoint] = []
    for point in reversed(ascending):
        looser = bounded[-1] if bounded else point
        bounded.append(_below(point, looser, gap=gap))
    return bounded[::-1]


def _below(point: FrontierPoint, looser: FrontierPoint, *, gap: float) -> FrontierPoint:
    """``point`` with what the next ``looser`` one proves of it."""
    if looser.status == "infeasible" and point.status != "infeasible":
        if point.was_found:
            raise FrontierContradicted(
                f"no allocation keeps {looser.limit!r}, and one was found for {point.limit!r}"
            )
        return FrontierPoint(limit=point.limit, status="infeasible")
    bound = min(point.bound, looser.bound)
    if point.multiple > bound + DISAGREEMENT * max(1.0, bound):
        raise FrontierContradicted(
            f"the allocation for {point.limit!r} has expected multiple {point.multiple!r},"
            f" above the bound {bound!r}"
        )
    return point.bounded_by(bound, gap=gap)
