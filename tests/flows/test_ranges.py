"""A question of ranges is answered though its worker is killed, as it would be in peace."""

from collections.abc import Callable

from django.test import Client

from funds.models import Fund
from optimization.ranges.models import AskedRanges
from optimization.ranges.stages import problem_of
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.ranges.attainable_ranges import attainable_ranges
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import decode
from tests.flows.journeys import follow_to_the_end
from tests.flows.pipeline import Pipeline

ADDRESS = "/api/v1/attainable-ranges"


def ask(client: Client, fund: Fund, *, seed: str) -> str:
    """Returns the address of the question, asked in scenarios of their own."""
    body = {"fund": str(fund.pk), "seed": seed, "optimization_scenarios": 400}
    response = client.post(ADDRESS, body, content_type="application/json")
    assert response.status_code == 202, response.content.decode()
    return response.headers["Location"]


def ask_and_kill_the_worker(client: Client, fund: Fund, pipeline: Pipeline) -> str:
    """Kill the worker in the middle of a search; one that is over too soon is let pass."""
    for seed in ("1", "2", "3", "4", "5"):
        location = ask(client, fund, seed=seed)
        jobs = OutboxJob.objects.filter(kind="attainable_ranges", subject_id=location[-36:])
        started = jobs.filter(started_at__isnull=False)
        pipeline.wait_until(started.exists, "the search has started", pause_seconds=0.01)
        if pipeline.kill_worker_process_while(jobs.filter(status="running").exists):
            return location
        follow_to_the_end(client, location, pipeline=pipeline)
    raise AssertionError("every search was over too soon to be interrupted")


def test_question_whose_worker_is_killed_is_answered_all_the_same(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(OUTBOX_LEASE_SECONDS="1")
    pipeline.start("worker", "control", "beat")
    pipeline.wait_for_worker()
    location = ask_and_kill_the_worker(analyst, shipped_fund, pipeline)

    status = follow_to_the_end(analyst, location, pipeline=pipeline)

    assert status["status"] == "complete", status["failure_reason"]
    asked = AskedRanges.objects.get(pk=status["id"])
    matrix = ScenarioMatrix.objects.get(pk=asked.matrix_id)
    in_peace = attainable_ranges(
        problem_of(asked, matrix, decode(matrix.encoded())), highs=BudgetedHighs(60.0)
    )
    assert in_peace is not None
    assert status["ranges"] == in_peace.as_json()
    job = OutboxJob.objects.get(kind="attainable_ranges", subject_id=str(asked.pk))
    assert (job.crashes, job.attempts) == (1, 2)
