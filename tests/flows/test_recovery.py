"""A session survives the death of its worker and the loss of all messages, with no hand's help."""

from collections.abc import Callable

from django.test import Client
from redis import Redis

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.solver.allocate import allocate
from outbox.models import OutboxJob, OutboxJobQuerySet
from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import decode
from tests.flows.journeys import follow_to_the_end, request_optimization, result_of
from tests.flows.pipeline import Pipeline
from tests.optimization.rows import history

FEW = {"optimization_scenarios": 256, "validation_scenarios": 5000}
# Without repetitions: scenarios may be simulated and searched again.
COMPLETE_HISTORY = ["REQUESTED", "MATRIX_GENERATING", "OPTIMIZING", "VALIDATING", "COMPLETED"]


def session_at(location: str) -> OptimizationSession:
    return OptimizationSession.objects.get(pk=location.rsplit("/", 1)[1])


def search_of(session: OptimizationSession) -> OutboxJobQuerySet:
    return OutboxJob.objects.filter(kind="optimization", subject_id=str(session.pk))


def undisturbed_weights(session: OptimizationSession) -> dict[str, float]:
    """What the solver gives here and now, in a process that nobody kills."""
    matrix = ScenarioMatrix.objects.get(sessions=session)
    multiples = decode(matrix.encoded())
    problem = allocation_problem(session=session, matrix=matrix, multiples=multiples)
    return dict(allocate(problem).weights)


def request_whose_worker_is_killed(client: Client, fund: Fund, pipeline: Pipeline) -> str:
    """Kill the worker in the middle of a search; one that is over too soon is let pass."""
    for seed in ("1", "2", "3", "4", "5"):
        location = request_optimization(client, fund, limits=fund.default_limits, seed=seed, **FEW)
        search = search_of(session_at(location))
        started = search.filter(started_at__isnull=False)
        pipeline.wait_until(started.exists, "the search has started", pause_seconds=0.01)
        if pipeline.kill_worker_process_while(search.filter(status="running").exists):
            return location
        follow_to_the_end(client, location, pipeline=pipeline)
    raise AssertionError("every search was over too soon to be interrupted")


def test_worker_killed_in_the_middle_of_the_search_is_replaced(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(OUTBOX_LEASE_SECONDS="1")
    pipeline.start("worker", "control", "beat")
    pipeline.wait_for_worker()
    location = request_whose_worker_is_killed(analyst, shipped_fund, pipeline)

    status = follow_to_the_end(analyst, location, pipeline=pipeline)
    assert status["status"] == "COMPLETED", status["failure_reason"]
    session = session_at(location)
    assert list(dict.fromkeys(history(session))) == COMPLETE_HISTORY
    job = search_of(session).earliest("id")
    assert (job.crashes, job.attempts) == (1, 2)
    assert result_of(analyst, location)["allocation"]["weights"] == undisturbed_weights(session)


def test_session_completes_though_redis_forgot_its_message(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline(OUTBOX_ENQUEUE_LEASE_SECONDS="1")
    # No worker yet, which could take the message before it is lost.
    pipeline.start("control", "beat")
    location = request_optimization(analyst, shipped_fund, **FEW)
    enqueued = OutboxJob.objects.filter(status=OutboxJob.Status.ENQUEUED)
    pipeline.wait_until(enqueued.exists, "the message is in Redis")
    with Redis(unix_socket_path=str(pipeline.redis_socket)) as redis:
        redis.flushall()
    pipeline.start("worker")

    status = follow_to_the_end(analyst, location, pipeline=pipeline)
    assert status["status"] == "COMPLETED", status["failure_reason"]
    assert list(dict.fromkeys(history(session_at(location)))) == COMPLETE_HISTORY
    assert OutboxJob.objects.filter(kind="matrix_generation").earliest("id").dispatches > 1
