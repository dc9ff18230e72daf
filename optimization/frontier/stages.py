"""What the workers do for a frontier: trace a segment, put all together, measure the points."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from optimization.frontier.segment import FrontierSegment
from optimization.frontier.split import complete_segment, record_progress, validate_points
from optimization.frontier.validation import frontier_metrics
from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.search_budget import Stop
from optimization.solver.frontier.grid import FrontierGrid, grid_of_json, problem_at
from optimization.solver.frontier.merge import Frontier, merged
from optimization.solver.frontier.point import FrontierPoint
from optimization.solver.frontier.trace import trace_stretch
from optimization.solver.infeasibility import explain_infeasibility
from optimization.solver.stated.problem import AllocationProblem
from optimization.stages import finish, load
from optimization.validation.progress import SessionEnded, SessionWatch
from outbox.leases import Lease
from outbox.running import PermanentFailure
from scenarios.generation import law_of
from scenarios.models import ScenarioMatrix, StatusChanged
from scenarios.regeneration import multiples_of

Status = OptimizationSession.Status


def trace_segment(lease: Lease) -> None:
    segment = (
        FrontierSegment.objects.waiting()
        .select_related("session")
        .filter(pk=lease.subject_id)
        .first()
    )
    if segment is None or segment.session.status != Status.OPTIMIZING:
        return finish(lease)
    session = segment.session
    matrix = ScenarioMatrix.objects.without_payload().get(sessions=session)
    grid = grid_of_json(session.request["frontier"])
    first = segment.first_point
    cached = multiples_of(matrix, lease=lease)
    try:
        points = trace_stretch(
            allocation_problem(session=session, matrix=matrix, multiples=cached.multiples),
            varied=grid.limit,
            limits=grid.values()[first : first + segment.points],
            should_stop=lease.is_lost,
            clock=time.monotonic,
            on_solved=_SegmentProgress(segment, lease),
        )
    except SessionEnded:
        return finish(lease)
    result = {"points": [point.as_json() for point in points], "matrix_tier": cached.tier}
    return finish(lease, lambda: complete_segment(segment, result))


def merge_frontier(lease: Lease) -> None:
    session, matrix = load(lease)
    segments = list(session.frontier_segments.order_by("first_point"))
    statuses = {segment.status for segment in segments}
    if session.status != Status.OPTIMIZING or statuses != {FrontierSegment.Status.DONE}:
        return finish(lease)
    problem, tier = _problem(session, matrix, lease)
    grid = grid_of_json(session.request["frontier"])
    frontier = merged(problem, varied=grid.limit, points=_points(segments))
    if not frontier.was_found:
        raise PermanentFailure(_nothing_found(problem, grid, frontier))
    stored = {"solution": frontier.as_json(), "matrix_tier": tier}
    return finish(lease, lambda: validate_points(session, stored))


def validate_frontier(lease: Lease, session: OptimizationSession, matrix: ScenarioMatrix) -> None:
    """The last stage of ``session``, which is a frontier's and is validating."""
    problem, _ = _problem(session, matrix, lease)
    stored: dict[str, Any] = session.frontier or {}
    try:
        metrics = frontier_metrics(
            problem=problem,
            frontier=Frontier.from_json(stored["solution"]),
            config=law_of(matrix),
            scenarios=session.request["validation_scenarios"],
            should_stop=lease.is_lost,
            progress=SessionWatch(session=session, lease=lease, of_all=True),
        )
    except SessionEnded:
        return finish(lease)
    return finish(lease, lambda: session.complete(metrics))


@dataclass(frozen=True, slots=True)
class _SegmentProgress:
    segment: FrontierSegment
    lease: Lease

    @transaction.atomic
    def __call__(self, points_done: int) -> None:
        """:raises SessionEnded: it was cancelled, or has failed
        :raises StaleLease: another has taken the job, and shows how far it is itself
        """
        self.lease.confirm()
        try:
            record_progress(self.segment, points_done)
        except StatusChanged as error:
            raise SessionEnded(str(error)) from error


def _points(segments: list[FrontierSegment]) -> Iterator[FrontierPoint]:
    for segment in segments:
        # A done segment has a result: the database sees to it.
        result: dict[str, Any] = segment.result or {}
        yield from map(FrontierPoint.from_json, result["points"])


def _problem(
    session: OptimizationSession, matrix: ScenarioMatrix, lease: Lease
) -> tuple[AllocationProblem, str]:
    cached = multiples_of(matrix, lease=lease)
    problem = allocation_problem(session=session, matrix=matrix, multiples=cached.multiples)
    return problem, cached.tier


def _nothing_found(problem: AllocationProblem, grid: FrontierGrid, frontier: Frontier) -> str:
    if frontier.points[-1].status != "infeasible":
        return _nothing_found_in_time({point.stopped_by for point in frontier.points})
    at_loosest = problem_at(problem, varied=grid.limit, value=grid.last)
    highs = BudgetedHighs(problem.settings.time_limit_seconds)
    reason = explain_infeasibility(at_loosest.in_key_order(), highs=highs)
    return (
        f"At the loosest limit of the frontier: {reason}"
        " End it at a looser limit, or loosen another one."
    )


def _nothing_found_in_time(stopped_by: set[Stop | None]) -> str:
    """Counts of steps do not rise with the time limit."""
    easier = "Use fewer optimization scenarios, or end the frontier at a looser limit"
    if "time_limit" in stopped_by:
        return (
            "No point of the frontier was found before the time limit ended the search."
            f" {easier}, or allow more time."
        )
    return (
        "No point of the frontier was found before the search's own budget of steps ended it;"
        f" more time changes nothing. {easier}."
    )
