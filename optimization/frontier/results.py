"""Completed frontier sessions as plain dicts; page and API show these and nothing else."""

from typing import Any

from optimization.models import OptimizationSession
from optimization.results.session_results import (
    NotCompleted,
    calibration_used,
    matrix_used,
    session_result,
)
from optimization.results.session_status import session_status, timings

# What every point spends; the result has the sum.
_SPENT = ("seconds", "nodes", "iterations")


def result_of(session: OptimizationSession) -> dict[str, Any]:
    """The result of a completed session of either type; ``session_type`` tells which it is.

    :raises NotCompleted: there is no result
    """
    return frontier_result(session) if session.is_frontier else session_result(session)


def frontier_result(session: OptimizationSession) -> dict[str, Any]:
    """:raises NotCompleted: the session is unfinished, failed or cancelled"""
    stored, metrics, matrix = session.frontier, session.validation_metrics, session.matrix
    if session.status != session.Status.COMPLETED or not (stored and metrics and matrix):
        raise NotCompleted(f"session {session.pk} is {session.status}")
    solution = stored["solution"]
    return {
        **session_status(session),
        "frontier": {
            "limit": solution["limit"],
            "cvar_confidence": solution["cvar_confidence"],
            "points": [
                _point(point, fresh)
                for point, fresh in zip(solution["points"], metrics["points"], strict=True)
            ],
            "solver": {name: sum(point[name] for point in solution["points"]) for name in _SPENT},
        },
        "buckets": [_bucket(bucket) for bucket in session.buckets],
        "validation": {"scenarios": metrics["scenarios"], "checks": metrics["checks"]},
        "calibration": calibration_used(session),
        "matrix": matrix_used(session, matrix, tier=stored["matrix_tier"]),
        "timings_seconds": timings(session),
    }


def _point(point: dict[str, Any], fresh: dict[str, Any] | None) -> dict[str, Any]:
    found = {name: value for name, value in point.items() if name not in _SPENT}
    return {**found, "out_of_sample": fresh}


def _bucket(bucket: dict[str, Any]) -> dict[str, Any]:
    return {
        name: bucket[name] for name in ("key", "stage", "stage_label", "sector", "sector_label")
    }
