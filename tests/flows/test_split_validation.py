"""A long validation over real workers, one of which is killed in the middle of a chunk."""

from collections.abc import Callable

from django.test import Client

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.validation.chunk import ValidationChunk
from outbox.models import OutboxJob
from tests.flows.journeys import follow_to_the_end, request_optimization
from tests.flows.pipeline import Pipeline
from tests.optimization.chunks import metrics_in_one_process
from tests.optimization.rows import history
from tests.optimization.work import CHUNK, MERGE, VALIDATION, jobs_of

SPLIT = {"VALIDATION_SPLIT_ABOVE": "10000", "VALIDATION_CHUNK_SCENARIOS": "4000"}
FEW = {"optimization_scenarios": 64, "validation_scenarios": 20_000}


def kill_the_worker_of_a_chunk(pipeline: Pipeline) -> OutboxJob:
    """In the middle of it; a chunk that is over too soon is let pass."""
    jobs = OutboxJob.objects.filter(kind=CHUNK)
    while True:
        running = jobs.filter(status=OutboxJob.Status.RUNNING)
        pipeline.wait_until(running.exists, "a chunk is simulated", pause_seconds=0.01)
        job = running.first()
        if job is None:
            continue
        if pipeline.kill_worker_process_while(running.filter(pk=job.pk).exists):
            return job


def test_split_validation_survives_its_worker_and_gives_the_answer_of_one_process(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(OUTBOX_LEASE_SECONDS="1", **SPLIT)
    pipeline.start("worker", "control", "beat")
    pipeline.wait_for_worker()
    location = request_optimization(analyst, shipped_fund, **FEW)
    killed = kill_the_worker_of_a_chunk(pipeline)

    status = follow_to_the_end(analyst, location, pipeline=pipeline)
    assert status["status"] == "COMPLETED", status["failure_reason"]
    session = OptimizationSession.objects.get(pk=status["id"])
    killed.refresh_from_db()
    assert (killed.crashes, killed.attempts, killed.status) == (1, 2, "done")
    assert session.validation_metrics == metrics_in_one_process(session)
    assert history(session).count("VALIDATING") == 1
    assert jobs_of(session, VALIDATION, MERGE) == ["done", "done"]
    chunk_jobs = OutboxJob.objects.filter(kind=CHUNK)
    assert list(chunk_jobs.values_list("status", flat=True)) == ["done"] * 5
    assert not ValidationChunk.objects.exists()
