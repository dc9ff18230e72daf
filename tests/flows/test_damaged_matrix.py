"""Stored scenarios that are damaged or gone cost a session some time, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from redis import Redis

from funds.models import Fund
from scenarios.models import MatrixIncident, ScenarioMatrix
from tests.flows.journeys import follow_to_the_end, request_optimization, result_of
from tests.flows.pipeline import Pipeline

FEW = {"optimization_scenarios": 256, "validation_scenarios": 5000}
Outcome = MatrixIncident.Outcome


def flip_a_bit() -> None:
    matrix = ScenarioMatrix.objects.get()
    payload = bytearray(matrix.payload or b"")
    payload[len(payload) // 2] ^= 1
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(payload=bytes(payload))


def evict() -> None:
    ScenarioMatrix.objects.get().evict()


@pytest.mark.parametrize(
    ("spoil", "was_cached", "tier", "incidents"),
    [
        # The job that searches finds the damage.
        (flip_a_bit, True, "regenerated", [Outcome.REGENERATED]),
        # The request finds the numbers gone.
        (evict, False, "postgresql", []),
    ],
)
def test_equal_request_gets_the_same_answer_from_numbers_made_again(
    spoil: Callable[[], None],
    was_cached: bool,
    tier: str,
    incidents: list[str],
    analyst: Client,
    shipped_fund: Fund,
    start_pipeline: Callable[..., Pipeline],
) -> None:
    pipeline = start_pipeline()
    pipeline.start("worker", "control", "beat")

    def answer() -> dict[str, Any]:
        location = request_optimization(
            analyst, shipped_fund, limits=shipped_fund.default_limits, **FEW
        )
        status = follow_to_the_end(analyst, location, pipeline=pipeline)
        assert status["status"] == "COMPLETED", status["failure_reason"]
        return result_of(analyst, location)

    first = answer()
    with Redis(unix_socket_path=str(pipeline.redis_socket)) as redis:
        redis.flushall()
    spoil()
    second = answer()
    for name in ("weights", "dollars"):
        assert second["allocation"][name] == first["allocation"][name]
    for name in ("risk", "distribution"):
        assert second[name] == first[name]
    assert second["matrix"]["sha256"] == first["matrix"]["sha256"]
    assert (second["matrix"]["was_cached"], second["matrix"]["tier"]) == (was_cached, tier)
    assert list(MatrixIncident.objects.values_list("outcome", flat=True)) == incidents
    matrix = ScenarioMatrix.objects.get()
    assert (matrix.status, matrix.generation) == (ScenarioMatrix.Status.COMPLETE, 2)
