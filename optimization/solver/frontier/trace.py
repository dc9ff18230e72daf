"""Solves a stretch of a frontier from its loosest limit down, each point after a looser one.

What is proved of a limit holds for every tighter one, so the bound of the looser neighbour is a
ceiling for a point: the proof begins there and not at the bound of a program without the limit on
loss probability. Where the neighbour's optimum keeps the tighter limit too, or its limit is one
that nothing keeps, nothing is searched.

Where a search within a limit on loss probability finds nothing, how seldom an allocation can lose
is looked for by itself, once: it decides most of the tighter limits, and the rest stay open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from optimization.solver.allocate import AllocationCheckFailed
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.least_losses import LeastLosses, least_losses
from optimization.solver.exact.search_budget import SearchBudget
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
    stretch = _Stretch(problem.in_key_order(), varied, should_stop, clock)
    points: list[FrontierPoint] = []
    for limit in reversed(limits):
        points.append(stretch.point(limit, looser=points[-1] if points else None))
        on_solved(len(points))
    return tuple(reversed(points))


def checked_weights(problem: AllocationProblem, weights: Sequence[float]) -> None:
    """Raises `AllocationCheckFailed` when ``weights`` break a limit of ``problem``."""
    broken = broken_limits(problem=problem, weights=weights)
    if broken:
        raise AllocationCheckFailed("the weights of a point of the frontier break limits", broken)


@dataclass(slots=True)
class _Stretch:
    """``problem`` has its buckets in the order of keys. ``fewest`` is looked for once a search
    within a loss limit has found nothing.
    """

    problem: AllocationProblem
    varied: VariedLimit
    should_stop: Callable[[], bool] | None
    clock: Callable[[], float] | None
    fewest: LeastLosses | None = None

    def point(self, limit: float, *, looser: FrontierPoint | None) -> FrontierPoint:
        if looser is None:
            return self._searched(limit, ceiling=None, known=None)
        if looser.status == "infeasible":
            return FrontierPoint(limit=limit, status="infeasible")
        keeps = looser.keeps(self.varied, limit)
        if keeps and looser.status == "optimal":
            point = FrontierPoint(limit=limit, status="optimal", best_bound=looser.best_bound)
            return point.holding(looser).bounded_by(looser.bound, gap=self._gap)
        if self.fewest is not None and not looser.was_found:
            return self._not_found(limit, looser, self.fewest)
        return self._searched(limit, ceiling=looser.bound, known=looser if keeps else None)

    def _not_found(self, limit: float, looser: FrontierPoint, fewest: LeastLosses) -> FrontierPoint:
        """Without a search: the one within the looser limit ended with nothing."""
        problem = problem_at(self.problem, varied=self.varied, value=limit)
        if _allowed(problem) < fewest.certified:
            return FrontierPoint(limit=limit, status="infeasible")
        return FrontierPoint(
            limit=limit,
            status="time_limit",
            best_bound=looser.best_bound,
            stopped_by=looser.stopped_by,
        )

    def _searched(
        self, limit: float, *, ceiling: float | None, known: FrontierPoint | None
    ) -> FrontierPoint:
        problem = problem_at(self.problem, varied=self.varied, value=limit)
        highs = BudgetedHighs(problem.settings.time_limit_seconds, self.should_stop, self.clock)
        weights = None if known is None else self._vector(known)
        first = _first_pass(problem, highs, ceiling=ceiling, known_weights=weights)
        if first.weights is None and first.stop is not None:
            first = self._second_try(problem, highs, first, ceiling=ceiling)
        point = _point(problem, limit, first, highs)
        if known is not None and point.multiple < known.multiple:
            point = point.holding(known)
        return point.bounded_by(point.bound if ceiling is None else ceiling, gap=self._gap)

    def _second_try(
        self,
        problem: AllocationProblem,
        highs: BudgetedHighs,
        first: FirstPass,
        *,
        ceiling: float | None,
    ) -> FirstPass:
        """What the fewest possible losses say of a limit on them within which nothing was found."""
        if self.varied != "max_loss_probability" or first.stop == "time_limit":
            return first
        self.fewest = least_losses(problem, budget=SearchBudget(highs))
        if self.fewest is None:
            return first
        if _allowed(problem) < self.fewest.certified:
            return FirstPass(first.bound)
        if _allowed(problem) < len(self.fewest.losing):
            return first
        return _first_pass(problem, highs, ceiling=ceiling, known_weights=self.fewest.weights)

    @property
    def _gap(self) -> float:
        return self.problem.settings.mip_gap

    def _vector(self, point: FrontierPoint) -> Floats:
        return np.array([point.weights[key] for key in self.problem.bucket_keys])


def _first_pass(
    problem: AllocationProblem,
    highs: BudgetedHighs,
    *,
    ceiling: float | None,
    known_weights: Floats | None,
) -> FirstPass:
    return highest_expected_multiple(
        problem,
        highs=highs,
        known_weights=known_weights,
        ceiling=None if ceiling is None else ceiling * (1 + CEILING_MARGIN),
    )


def _allowed(problem: AllocationProblem) -> int:
    """Losing scenarios within a limit on loss probability that is stated."""
    return problem.allowed_losing_scenarios() or 0


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


def _check_bound(expected_multiple: float, bound: float) -> None:
    if expected_multiple > bound + OBJECTIVE_TOLERANCE * max(1.0, expected_multiple):
        raise AllocationCheckFailed(
            f"expected multiple {expected_multiple!r} is above its proved bound {bound!r}"
        )
