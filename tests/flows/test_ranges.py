"""Questions of ranges, with real workers: killed in the middle, and beside busy ones."""

from collections.abc import Callable

import pytest
from django.test import Client

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.ranges.models import AskedRanges
from optimization.ranges.stages import problem_of
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.ranges.attainable_ranges import attainable_ranges
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import decode
from tests.flows.journeys import follow_to_the_end, request_optimization
from tests.flows.pipeline import Pipeline

ADDRESS = "/api/v1/attainable-ranges"
FEW = {"optimization_scenarios": 400, "validation_scenarios": 5000}
# A job that waits in Redis keeps its place in the window, and lets no other in by turns.
NEVER_SENT_AGAIN = {"OUTBOX_ENQUEUE_LEASE_SECONDS": "600"}
Status = OutboxJob.Status


def ask(client: Client, fund: Fund, *, seed: str) -> str:
    """Returns the address of the question, asked in scenarios of their own."""
    body = {"fund": str(fund.pk), "seed": seed, "optimization_scenarios": 400}
    response = client.post(ADDRESS, body, content_type="application/json")
    assert response.status_code == 202, response.content.decode()
    return response.headers["Location"]


def subject_of(kind: str, location: str) -> str:
    asked = AskedRanges.objects.get(pk=location[-36:])
    return str(asked.matrix_id if kind == "matrix_for_ranges" else asked.pk)


def ask_and_kill_the_worker(client: Client, fund: Fund, pipeline: Pipeline, *, kind: str) -> str:
    """Kill the worker in the middle of a job; one that is over too soon is let pass."""
    for seed in ("1", "2", "3", "4", "5"):
        location = ask(client, fund, seed=seed)
        jobs = OutboxJob.objects.filter(kind=kind, subject_id=subject_of(kind, location))
        started = jobs.filter(started_at__isnull=False)
        pipeline.wait_until(started.exists, "the job has started", pause_seconds=0.01)
        running = jobs.filter(status=Status.RUNNING)
        if pipeline.kill_worker_process_while(running.exists, name="ranges"):
            return location
        follow_to_the_end(client, location, pipeline=pipeline)
    raise AssertionError("every job was over too soon to be interrupted")


@pytest.mark.parametrize("kind", ["matrix_for_ranges", "attainable_ranges"])
def test_question_whose_worker_is_killed_is_answered_all_the_same(
    kind: str, analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(OUTBOX_LEASE_SECONDS="1")
    pipeline.start("ranges", "control", "beat")
    pipeline.wait_for_worker("ranges")
    location = ask_and_kill_the_worker(analyst, shipped_fund, pipeline, kind=kind)

    status = follow_to_the_end(analyst, location, pipeline=pipeline)

    assert status["status"] == "complete", status["failure_reason"]
    asked = AskedRanges.objects.get(pk=status["id"])
    matrix = ScenarioMatrix.objects.get(pk=asked.matrix_id)
    in_peace = attainable_ranges(
        problem_of(asked, matrix, decode(matrix.encoded())), highs=BudgetedHighs(60.0)
    )
    assert in_peace is not None
    assert status["ranges"] == in_peace.as_json()
    job = OutboxJob.objects.get(kind=kind, subject_id=subject_of(kind, location))
    assert (job.crashes, job.attempts) == (1, 2)


def test_question_is_answered_while_sessions_keep_their_workers_busy_and_wait(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(OUTBOX_DISPATCH_WINDOW="2", **NEVER_SENT_AGAIN)
    pipeline.start("worker", "ranges", "control", "beat")
    pipeline.wait_for_worker()
    with pipeline.worker_held():
        sessions = [
            request_optimization(analyst, shipped_fund, seed=f"busy {number}", **FEW)
            for number in range(3)
        ]
        sent = OutboxJob.objects.filter(kind="matrix_generation", status=Status.ENQUEUED)
        pipeline.wait_until(lambda: sent.count() == 2, "the window of the sessions is full")

        # The scenarios of the first are new, those of the second wait for a session's worker too.
        for seed in ("their own", "busy 2"):
            location = ask(analyst, shipped_fund, seed=seed)
            status = follow_to_the_end(analyst, location, pipeline=pipeline)
            assert status["status"] == "complete", status["failure_reason"]

        assert not OutboxJob.objects.filter(kind="matrix_generation", attempts__gt=0).exists()
        assert not OptimizationSession.objects.exclude(finished_at=None).exists()
    for location in sessions:
        ended = follow_to_the_end(analyst, location, pipeline=pipeline)
        assert ended["status"] == "COMPLETED", ended["failure_reason"]


def test_session_is_solved_while_a_crowd_of_questions_waits(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(
        OUTBOX_DISPATCH_WINDOW="2", OUTBOX_RANGES_WINDOW="2", **NEVER_SENT_AGAIN
    )
    pipeline.start("worker", "ranges", "control", "beat")
    pipeline.wait_for_worker("ranges")
    with pipeline.worker_held("ranges"):
        for number in range(5):
            ask(analyst, shipped_fund, seed=f"crowd {number}")
        # In scenarios that the crowd waits for as well.
        location = request_optimization(analyst, shipped_fund, seed="crowd 4", **FEW)

        ended = follow_to_the_end(analyst, location, pipeline=pipeline)

        assert ended["status"] == "COMPLETED", ended["failure_reason"]
        assert AskedRanges.objects.unfinished().count() == 5
        ranges_jobs = OutboxJob.objects.filter(kind="matrix_for_ranges")
        assert not ranges_jobs.filter(attempts__gt=0).exists()
