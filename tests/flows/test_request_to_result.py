"""A request goes through web, outbox, broker and workers to a result, all of them real."""

import json
from collections.abc import Callable

from django.test import Client

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.results.session_results import session_result
from outbox.models import OutboxJob
from tests.flows.journeys import follow_to_the_end, request_optimization, result_of
from tests.flows.pipeline import Pipeline
from tests.optimization.rows import history


def test_request_completes_and_an_equal_one_gets_the_same_answer_from_the_cache(
    analyst: Client, shipped_fund: Fund, start_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline = start_pipeline()
    pipeline.start("worker", "control", "beat")
    locations = []
    for _ in range(2):
        location = request_optimization(
            analyst,
            shipped_fund,
            limits=shipped_fund.default_limits,
            validation_scenarios=20_000,
        )
        status = follow_to_the_end(analyst, location, pipeline=pipeline)
        assert status["status"] == "COMPLETED", status["failure_reason"]
        locations.append(location)
    first, second = (result_of(analyst, location) for location in locations)

    for result in (first, second):
        session = OptimizationSession.objects.get(pk=result["id"])
        assert result == session_result(session)
        passed = list(dict.fromkeys(history(session)))
        assert passed[-3:] == ["OPTIMIZING", "VALIDATING", "COMPLETED"]
    assert (first["matrix"]["was_cached"], second["matrix"]["was_cached"]) == (False, True)
    assert second["matrix"]["tier"] == "redis"
    assert second["timings_seconds"]["matrix"] is None

    for name in ("weights", "dollars"):
        shown = [json.dumps(result["allocation"][name]) for result in (first, second)]
        assert shown[0] == shown[1]
    for name in ("buckets", "risk", "distribution", "validation"):
        assert first[name] == second[name]
    assert not OutboxJob.objects.live().exists()
