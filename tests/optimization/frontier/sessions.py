"""Frontier sessions: seven points in segments of three, two and two."""

import json
from typing import Any

from funds.models import Fund
from optimization.frontier.segment import FrontierSegment
from optimization.frontier.validation import frontier_metrics
from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.solver.frontier.grid import grid_of_json
from optimization.solver.frontier.merge import Frontier, merged
from optimization.solver.frontier.trace import trace_stretch
from outbox.models import OutboxJob
from scenarios.simulation.matrix_bytes import decode
from tests.optimization.work import SEGMENT, do, matrix_of, optimizing

GRID = {"limit": "max_loss_probability", "from": 0.2, "to": 0.5, "points": 7}
# A time limit of 150 seconds leaves room for three points in a segment.
ASKED: dict[str, Any] = {"frontier": GRID, "time_limit_seconds": 150.0}
RANGES = [(0, 2), (2, 2), (4, 3)]


def split(fund: Fund, **fields: Any) -> OptimizationSession:
    """A session whose segments wait, each with a job."""
    session = optimizing(fund, **{**ASKED, **fields})
    do(session)
    session.refresh_from_db()
    return session


def segments_of(session: OptimizationSession) -> list[FrontierSegment]:
    return list(session.frontier_segments.order_by("first_point"))


def do_segments(session: OptimizationSession) -> None:
    """All of them, the last first: their order must not matter."""
    for segment in reversed(segments_of(session)):
        do(segment)


def traced(fund: Fund, **fields: Any) -> OptimizationSession:
    """A session that has its frontier and is to be validated."""
    session = split(fund, **fields)
    do_segments(session)
    do(session)
    session.refresh_from_db()
    return session


def completed_frontier(fund: Fund, **fields: Any) -> OptimizationSession:
    session = traced(fund, **fields)
    do(session)
    session.refresh_from_db()
    return session


def segment_jobs(session: OptimizationSession) -> list[str]:
    """The statuses of the jobs of all its fund's segments, oldest first."""
    jobs = OutboxJob.objects.filter(kind=SEGMENT, fund_id=session.fund_id)
    return list(jobs.order_by("id").values_list("status", flat=True))


def frontier_in_one_process(session: OptimizationSession) -> tuple[Frontier, dict[str, Any]]:
    """What the session comes to when one process does all of its segments, one after another."""
    matrix = matrix_of(session)
    problem = allocation_problem(session=session, matrix=matrix, multiples=decode(matrix.encoded()))
    grid = grid_of_json(session.request["frontier"])
    points = [
        point
        for first, count in RANGES
        for point in trace_stretch(
            problem, varied=grid.limit, limits=grid.values()[first : first + count]
        )
    ]
    frontier = merged(problem, varied=grid.limit, points=points)
    metrics = frontier_metrics(
        problem=problem,
        frontier=frontier,
        config=matrix.scenario_config(),
        scenarios=session.request["validation_scenarios"],
        should_stop=lambda: False,
    )
    stored: dict[str, Any] = json.loads(json.dumps(metrics, allow_nan=False))
    return frontier, stored


def without_seconds(frontier: dict[str, Any]) -> dict[str, Any]:
    """All of a frontier but what differs from run to run."""
    points = [{**point, "seconds": 0.0} for point in frontier["points"]]
    return {**frontier, "points": points}
