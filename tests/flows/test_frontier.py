"""A frontier over real workers: one is killed in the middle of a segment, one is told to stop."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from funds.models import Fund
from optimization.frontier.segment import FrontierSegment
from optimization.models import OptimizationSession
from outbox.models import OutboxJob
from tests.flows.journeys import follow_to_the_end, request_optimization, result_of
from tests.flows.pipeline import Pipeline
from tests.optimization.rows import history
from tests.optimization.work import FRONTIER_MERGE, OPTIMIZATION, SEGMENT, VALIDATION, jobs_of

GRID = {"limit": "max_loss_probability", "from": 0.36, "to": 0.48, "points": 7}
# Enough scenarios for a segment to take long enough to be met in the middle.
FIELDS: dict[str, Any] = {
    "frontier": GRID,
    "limits": {"max_bucket_weight": 0.2},
    "optimization_scenarios": 500,
    "validation_scenarios": 5000,
    "time_limit_seconds": 240,
}


def kill_the_worker_of_a_segment(pipeline: Pipeline) -> OutboxJob:
    """In the middle of it; a segment that is over too soon is let pass."""
    while True:
        running = OutboxJob.objects.filter(kind=SEGMENT, status=OutboxJob.Status.RUNNING)
        pipeline.wait_until(running.exists, "a segment is traced", pause_seconds=0.01)
        job = running.first()
        if job is None:
            continue
        if pipeline.kill_worker_process_while(running.filter(pk=job.pk).exists):
            return job


def points_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = result["frontier"]["points"]
    return points


def test_frontier_survives_its_worker_and_is_the_same_again(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(OUTBOX_LEASE_SECONDS="1")
    pipeline.start("worker", "control", "beat")
    pipeline.wait_for_worker()
    location = request_optimization(analyst, shipped_fund, **FIELDS)
    killed = kill_the_worker_of_a_segment(pipeline)

    status = follow_to_the_end(analyst, location, pipeline=pipeline)
    assert status["status"] == "COMPLETED", status["failure_reason"]
    assert status["frontier_progress"] == {"done": 7, "total": 7}
    session = OptimizationSession.objects.get(pk=status["id"])
    killed.refresh_from_db()
    assert (killed.crashes, killed.attempts, killed.status) == (1, 2, "done")
    assert history(session).count("VALIDATING") == 1
    assert jobs_of(session, OPTIMIZATION, FRONTIER_MERGE, VALIDATION) == ["done"] * 3
    # 240 seconds a point leave room for two points in a segment.
    segment_jobs = OutboxJob.objects.filter(kind=SEGMENT)
    assert list(segment_jobs.values_list("status", flat=True)) == ["done"] * 4
    assert not FrontierSegment.objects.exists()

    again = request_optimization(analyst, shipped_fund, **FIELDS)
    assert follow_to_the_end(analyst, again, pipeline=pipeline)["status"] == "COMPLETED"
    assert points_of(result_of(analyst, again)) == points_of(result_of(analyst, location))


def test_cancelled_frontier_ends_all_of_its_segments(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline()
    pipeline.start("worker", "control", "beat")
    pipeline.wait_for_worker()
    location = request_optimization(analyst, shipped_fund, **FIELDS)
    running = OutboxJob.objects.filter(kind=SEGMENT, status=OutboxJob.Status.RUNNING)
    pipeline.wait_until(running.exists, "a segment is traced", pause_seconds=0.01)

    response = analyst.post(f"{location}/cancel", content_type="application/json")

    assert response.status_code == 200
    assert response.json()["status"] == "CANCELLED"
    pipeline.wait_until(
        lambda: not OutboxJob.objects.live().exists(), "no job is left of the frontier"
    )
    assert not FrontierSegment.objects.exists()
    assert not OutboxJob.objects.filter(kind=FRONTIER_MERGE).exists()
