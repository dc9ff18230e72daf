"""A client's way from a request to its result, through the addresses of the API alone."""

import json
from typing import Any

from django.test import Client

from funds.models import Fund
from tests.flows.pipeline import Pipeline


def request_optimization(client: Client, fund: Fund, **fields: Any) -> str:
    """Post a request that must be accepted; returns the address of its session."""
    body = {"fund": str(fund.pk), "name": "Base case", **fields}
    response = client.post("/api/v1/optimizations", body, content_type="application/json")
    assert response.status_code == 202, response.content.decode()
    return response.headers["Location"]


def follow_to_the_end(client: Client, location: str, *, pipeline: Pipeline) -> dict[str, Any]:
    """Ask for the status until the session has ended; returns its last status."""
    status: dict[str, Any] = {}

    def has_ended() -> bool:
        status.update(client.get(location).json())
        return bool(status["is_finished"])

    pipeline.wait_until(has_ended, "the session has ended")
    return status


def result_of(client: Client, location: str) -> dict[str, Any]:
    response = client.get(f"{location}/result")
    assert response.status_code == 200, response.content.decode()
    result: dict[str, Any] = json.loads(response.content)
    return result
