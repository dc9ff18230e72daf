"""Solves a stretch of a frontier, each point with what the points around it have shown.

Whatever an allocation within a limit achieves can be had under every looser one, and what is
proved of a limit holds for every tighter one. So the loosest point is solved first, then the
tightest, then the one in the middle of what is open: each starts from the best allocation that is
known to keep its limit and has the bound of the next looser point as a ceiling. Where the two meet
within the gap asked for, or the optimum of a looser limit keeps a tighter one, nothing is searched.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from optimization.solver.allocate import AllocationCheckFailed
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.first_pass import OBJECTIVE_TOLERANCE, FirstPass
from optimization.solver.frontier.grid import VariedLimit, problem_at
from optimization.solver.frontier.point import FrontierPoint
from optimization.solver.report import portfolio_figures
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.rounding import exact_weights
from optimization.solver.stated.problem import AllocationProblem

# Relative; a scenario at 1 - 1e-6 counts as no loss in a figure and as one in a program, so an
# allocation that keeps a limit can be better than a proof by programs says, by about that much.
CEILING_MARGIN = 2e-6


def trace_stretch(
    problem: AllocationProblem,
    *,
    varied: VariedLimit,
    limits: Sequence[float],
    should_stop: Callable[[], bool] | None = None,
    clock: Callable[[], float] | None = None,
    on_solved: Callable[[int], None] = lambda _solved: None,
) -> tuple[FrontierPoint, ...]:
    """A point for each of ``limits``, which ascend: the highest expected multiple with that value
    of the varied limit and every other limit of ``problem`` as it is; nothing is ever relaxed.

    The settings' time limit, in seconds of ``clock`` as in `allocate`, and the budgets in
    iterations are for each point; as long as the time limit ends no search, equal calls get equal
    points. ``on_solved`` hears how many points are done. Raises `SolveInterrupted` once
    ``should_stop`` is true, and `AllocationCheckFailed` when weights break a limit or a bound.
    """
    if not limits or any(a >= b for a, b in pairwise(limits)):
        raise ValueError(f"limits must ascend: {limits}")
    stretch = _Stretch(problem.in_key_order(), varied, tuple(limits), should_stop, clock)
    for solved, index in enumerate(_order(len(limits)), start=1):
        stretch.solve(index)
        on_solved(solved)
    return tuple(stretch.points[index] for index in range(len(limits)))


def checked_weights(problem: AllocationProblem, weights: Sequence[float]) -> None:
    """Raises `AllocationCheckFailed` when ``weights`` break a limit of ``problem``."""
    broken = broken_limits(problem=problem, weights=weights)
    if broken:
        raise AllocationCheckFailed("the weights of a point of the frontier break limits", broken)


def _order(points: int) -> Iterator[int]:
    """The loosest, the tightest, then the middles of what lies between, level by level."""
    yield points - 1
    if points > 1:
        yield 0
    open_ranges = [(0, points - 1)]
    while open_ranges:
        low, high = open_ranges.pop(0)
        if high - low > 1:
            middle = (low + high) // 2
            yield middle
            open_ranges += [(low, middle), (middle, high)]


@dataclass(slots=True)
class _Stretch:
    """``problem`` has its buckets in the order of keys."""

    problem: AllocationProblem
    varied: VariedLimit
    limits: tuple[float, ...]
    should_stop: Callable[[], bool] | None
    clock: Callable[[], float] | None
    points: dict[int, FrontierPoint] = field(default_factory=dict)

    def solve(self, index: int) -> None:
        next_looser = min((i for i in self.points if i > index), default=None)
        looser = None if next_looser is None else self.points[next_looser]
        known = self._best_known(self.limits[index])
        self.points[index] = self._answered(index, looser, known) or self._searched(
            index, looser, known
        )

    def _best_known(self, limit: float) -> FrontierPoint | None:
        """The best solved point whose weights keep ``limit``."""
        keeping = [point for point in self.points.values() if point.keeps(self.varied, limit)]
        return max(keeping, key=lambda point: point.multiple, default=None)

    def _answered(
        self, index: int, looser: FrontierPoint | None, known: FrontierPoint | None
    ) -> FrontierPoint | None:
        """The point without a search of its own, where the others settle it."""
        limit = self.limits[index]
        if looser is None:
            return None
        if looser.status == "infeasible":
            return FrontierPoint(limit=limit, status="infeasible")
        if known is None:
            return None
        point = FrontierPoint(limit=limit, status="optimal", best_bound=looser.bound)
        point = point.holding(known).bounded_by(looser.bound, gap=self._gap)
        is_optimum_of_looser = known is looser and looser.status == "optimal"
        return point if is_optimum_of_looser or _within(point, self._gap) else None

    def _searched(
        self, index: int, looser: FrontierPoint | None, known: FrontierPoint | None
    ) -> FrontierPoint:
        limit = self.limits[index]
        problem = problem_at(self.problem, varied=self.varied, value=limit)
        highs = BudgetedHighs(problem.settings.time_limit_seconds, self.should_stop, self.clock)
        first = highest_expected_multiple(
            problem,
            highs=highs,
            known_weights=None if known is None else self._vector(known),
            ceiling=None if looser is None else looser.bound * (1 + CEILING_MARGIN),
        )
        point = _point(problem, limit, first, highs)
        if known is not None and point.multiple < known.multiple:
            point = point.holding(known)
        bound = point.bound if looser is None else looser.bound
        return point.bounded_by(bound, gap=self._gap)

    @property
    def _gap(self) -> float:
        return self.problem.settings.mip_gap

    def _vector(self, point: FrontierPoint) -> Floats:
        return np.array([point.weights[key] for key in self.problem.bucket_keys])


def _point(
    problem: AllocationProblem, limit: float, first: FirstPass, highs: BudgetedHighs
) -> FrontierPoint:
    spent = FrontierPoint(
        limit=limit,
        status=first.status,
        best_bound=None if first.status == "infeasible" else first.bound,
        stopped_by=first.stop,
        seconds=highs.seconds,
        nodes=highs.nodes,
        iterations=highs.iterations,
    )
    if first.weights is None:
        return spent
    weights = exact_weights(first.weights.tolist())
    checked_weights(problem, weights)
    figures = portfolio_figures(problem=problem, weights=weights)
    _check_bound(figures.expected_multiple, first.bound)
    return replace(
        spent,
        weights=dict(zip(problem.bucket_keys, weights, strict=True)),
        expected_multiple=figures.expected_multiple,
        sample_expected_multiple=figures.sample_expected_multiple,
        loss_probability=figures.loss_probability,
        cvar=figures.cvar,
        expected_winners=figures.expected_winners,
        found_at=limit,
    )


def _within(point: FrontierPoint, gap: float) -> bool:
    return point.mip_gap is not None and point.mip_gap <= gap


def _check_bound(expected_multiple: float, bound: float) -> None:
    if expected_multiple > bound + OBJECTIVE_TOLERANCE * max(1.0, expected_multiple):
        raise AllocationCheckFailed(
            f"expected multiple {expected_multiple!r} is above its proved bound {bound!r}"
        )
