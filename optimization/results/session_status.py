"""Where a session stands, as a plain dict: its steps, progress and times."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from optimization.models import OptimizationSession

Status = OptimizationSession.Status

CURRENT_STEP = {
    Status.REQUESTED: "Request stored",
    Status.MATRIX_GENERATING: "Simulating the scenarios of every bucket",
    Status.OPTIMIZING: "Searching for the allocation with the highest expected multiple",
    Status.VALIDATING: "Checking the allocation on fresh scenarios",
    Status.COMPLETED: "Done",
    Status.FAILED: "Stopped by a failure",
    Status.CANCELLED: "Cancelled",
}
FRONTIER_STEP = {
    Status.OPTIMIZING: "Tracing the frontier, from loose limits to tight ones",
    Status.VALIDATING: "Measuring every point on the same fresh scenarios",
}
REPEATED_STEP = {
    Status.MATRIX_GENERATING: "Simulating the scenarios again with the deals that were bought",
    Status.OPTIMIZING: "Searching again in scenarios with the deals that were bought",
}
STEPS = (
    Status.REQUESTED,
    Status.MATRIX_GENERATING,
    Status.OPTIMIZING,
    Status.VALIDATING,
    Status.COMPLETED,
)


def session_status(session: OptimizationSession) -> dict[str, Any]:
    """Where the session stands; needs ``fund`` and ``requested_by`` loaded for no extra query."""
    status = Status(session.status)
    return {
        "id": str(session.pk),
        "session_type": session.session_type,
        "name": session.name,
        "fund": {
            "id": str(session.fund_id),
            "name": session.fund.name,
            "is_sample": session.fund.is_sample,
        },
        "status": status.value,
        "status_label": status.label,
        "progress_percent": session.progress_percent,
        "frontier_progress": _frontier_progress(session),
        "validation_progress": _validation_progress(session),
        "current_step": _current_step(session),
        "searches_done": session.searches_done,
        "requested_by": session.requested_by.display_name,
        "requested_at": _iso(session.requested_at),
        "finished_at": _iso(session.finished_at),
        "version": session.version,
        "is_finished": session.is_finished,
        "failure_reason": session.failure_reason or None,
        "steps": _steps(session),
        # What requests of earlier releases could not state.
        "request": {"scenario_law": None, "frontier": None, "relax": None, **session.request},
    }


def _current_step(session: OptimizationSession) -> str:
    status = Status(session.status)
    if session.is_frontier and status in FRONTIER_STEP:
        return FRONTIER_STEP[status]
    if session.searches_done and status in REPEATED_STEP:
        return f"{REPEATED_STEP[status]} (search {1 + session.searches_done})"
    return CURRENT_STEP[status]


def _frontier_progress(session: OptimizationSession) -> dict[str, int] | None:
    """How many points of how many are solved; None for sessions that trace none."""
    if not session.is_frontier:
        return None
    return {"done": session.frontier_points_done, "total": session.request["frontier"]["points"]}


def _validation_progress(session: OptimizationSession) -> dict[str, int] | None:
    """How many fresh scenarios of how many are done; None while there is nothing to count."""
    done = session.validation_scenarios_done
    if session.status != Status.VALIDATING or not done:
        return None
    return {"done": done, "total": session.request["validation_scenarios"]}


def _steps(session: OptimizationSession) -> list[dict[str, Any]]:
    """When each step last began and how long it took in all, unless it is in progress; a step
    that was skipped has no time."""
    events = sorted(session.events.all(), key=lambda event: (event.at, event.pk))
    began = {event.to_status: event.at for event in events}
    took: dict[str, timedelta] = {}
    for event, later in pairwise(events):
        took[event.to_status] = took.get(event.to_status, timedelta()) + (later.at - event.at)
    return [
        {
            "status": step.value,
            "label": step.label,
            "at": _iso(began.get(step)),
            "seconds": None if step == session.status else _seconds(took.get(step)),
        }
        for step in STEPS
    ]


def timings(session: OptimizationSession) -> dict[str, float | None]:
    seconds = {step["status"]: step["seconds"] for step in _steps(session)}
    return {
        "matrix": seconds[Status.MATRIX_GENERATING],
        "optimization": seconds[Status.OPTIMIZING],
        "validation": seconds[Status.VALIDATING],
        "total": _seconds(
            None if session.finished_at is None else session.finished_at - session.requested_at
        ),
    }


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 3)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
