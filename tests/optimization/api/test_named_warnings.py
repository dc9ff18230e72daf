"""Warnings about a scenario law: nothing is refused, but whoever reads the result is told."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from funds.models import Fund, User
from funds.shipped import benchmark_calibration
from optimization.models import OptimizationSession
from tests.funds.calibrations import fund_calibration
from tests.optimization.completed import SMALL, complete
from tests.scenarios.simulation.sample_config import bucket_data, config_data

BENCHMARK = benchmark_calibration()["parameters"]
# Shares of series A bought at a fifth of the seed valuation earn several times what first cheques
# of series A do, though both are the same shares on the same day.
CHEAP_FOLLOW_ONS = {"step_up": 0.2}
SEED = {**BENCHMARK["stages"]["seed"], **CHEAP_FOLLOW_ONS}


@pytest.fixture
def mispriced(analyst: Client, fund: Fund) -> OptimizationSession:
    """A completed session under a calibration whose follow-ons are far too cheap."""
    parameters = {**BENCHMARK, "stages": {**BENCHMARK["stages"], "seed": SEED}}
    version = fund_calibration(fund, parameters=parameters).version
    body = {"fund": str(fund.pk), "name": "Cheap follow-ons", "calibration": version, **SMALL}
    response = analyst.post("/api/v1/optimizations", data=body, content_type="application/json")
    assert response.status_code == 202
    session = OptimizationSession.objects.get()
    complete(session)
    session.refresh_from_db()
    return session


def warning_of(warnings: list[dict[str, Any]]) -> str:
    (message,) = (w["message"] for w in warnings if w["code"] == "FOLLOW_ON_PRICING")
    return str(message)


def test_mispriced_follow_ons_are_warned_of_in_result_and_matrix(
    analyst: Client, analyst_user: User, mispriced: OptimizationSession
) -> None:
    result = analyst.get(f"/api/v1/optimizations/{mispriced.pk}/result").json()

    message = warning_of(result["matrix"]["warnings"])
    assert message.startswith("Follow-ons of seed return ")
    assert "first cheques of series_a" in message
    assert any(
        note["level"] == "warning" and message in note["text"] for note in result["notes"]
    ), result["notes"]
    matrix = analyst.get(f"/api/v1/scenario-matrices/{result['matrix']['key']}").json()
    assert warning_of(matrix["warnings"]) == message


def test_mispriced_follow_ons_are_warned_of_by_the_command(tmp_path: Path) -> None:
    config = config_data(buckets=[bucket_data("seed"), bucket_data("series_a")])
    config["stages"]["seed"] |= CHEAP_FOLLOW_ONS
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    output = io.StringIO()

    call_command(
        "simulate_matrix",
        *(str(path), "--scenarios", "64", "--sample", "optimization"),
        *("--out", str(tmp_path / "m.npy")),
        stdout=output,
    )

    assert warning_of(json.loads(output.getvalue())["warnings"]).startswith("Follow-ons of seed")


def test_deals_bought_unlike_those_simulated_are_warned_of(analyst: Client, fund: Fund) -> None:
    # A hundred reference deals in a fund that can buy fifty of all buckets together.
    fund.bucket_policies.update(reference_deals=100)
    body = {"fund": str(fund.pk), "name": "Few deals", **SMALL}
    analyst.post("/api/v1/optimizations", data=body, content_type="application/json")
    session = OptimizationSession.objects.get()
    complete(session)

    notes = analyst.get(f"/api/v1/optimizations/{session.pk}/result").json()["notes"]

    titles = [note["title"] for note in notes if note["level"] == "warning"]
    assert "Some buckets buy a different number of deals than they were simulated with." in titles
