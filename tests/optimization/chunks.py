"""Sessions whose validation is split: three chunks of at most 2,000 of 5,000 scenarios."""

import json
from typing import Any

from pytest_django import Settings

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.validation.chunk import ValidationChunk
from optimization.validation.metrics import validation_metrics
from outbox.models import OutboxJob
from scenarios.simulation.matrix_bytes import decode
from tests.optimization.work import CHUNK, do, matrix_of, validating

RANGES = [(0, 2000), (2000, 2000), (4000, 1000)]


def split_small(settings: Settings) -> None:
    settings.VALIDATION_SPLIT_ABOVE = 4999
    settings.VALIDATION_CHUNK_SCENARIOS = 2000


def split(fund: Fund, **fields: Any) -> OptimizationSession:
    """A session whose chunks wait, each with a job."""
    session = validating(fund, **fields)
    do(session)
    session.refresh_from_db()
    return session


def chunks_of(session: OptimizationSession) -> list[ValidationChunk]:
    return list(session.validation_chunks.order_by("first_scenario"))


def do_chunks(session: OptimizationSession) -> None:
    """All of them, the last first: their order must not matter."""
    for chunk in reversed(chunks_of(session)):
        do(chunk)


def chunk_jobs(session: OptimizationSession) -> list[str]:
    """The statuses of the jobs of all its fund's chunks, oldest first."""
    jobs = OutboxJob.objects.filter(kind=CHUNK, fund_id=session.fund_id)
    return list(jobs.order_by("id").values_list("status", flat=True))


def metrics_in_one_process(session: OptimizationSession) -> dict[str, Any]:
    """What validation stores when nothing is split, as JSON gives it back."""
    matrix = matrix_of(session)
    assert session.allocation is not None
    metrics = validation_metrics(
        problem=allocation_problem(
            session=session, matrix=matrix, multiples=decode(matrix.encoded())
        ),
        solution=session.allocation["solution"],
        config=matrix.scenario_config(),
        scenarios=session.request["validation_scenarios"],
        should_stop=lambda: False,
    )
    stored: dict[str, Any] = json.loads(json.dumps(metrics, allow_nan=False))
    return stored
