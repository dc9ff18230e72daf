"""Frontiers through the API: asked for, followed, read, refused."""

import json
from typing import Any

import pytest
from django.test import Client

from funds.models import Fund
from optimization.frontier.results import frontier_result
from optimization.models import OptimizationSession
from tests.optimization.completed import SMALL
from tests.optimization.factories import requested_session
from tests.optimization.frontier.sessions import ASKED, GRID, completed_frontier

SESSIONS = "/api/v1/optimizations"
FEW: dict[str, Any] = dict(SMALL)


def ask(analyst: Client, fund: Fund, **fields: Any) -> Any:
    body = {"fund": str(fund.pk), "name": "What loss is worth", **fields}
    return analyst.post(SESSIONS, body, content_type="application/json")


def test_request_with_a_frontier_is_a_frontier_session(analyst: Client, fund: Fund) -> None:
    response = ask(analyst, fund, frontier=GRID)

    assert response.status_code == 202
    accepted = response.json()
    assert accepted["session_type"] == "frontier"
    assert accepted["frontier_progress"] == {"done": 0, "total": 7}
    assert accepted["request"]["frontier"] == GRID
    assert accepted["request"]["relax"] is False


def test_request_without_one_is_an_allocation(analyst: Client, fund: Fund) -> None:
    accepted = ask(analyst, fund, frontier=None).json()

    assert accepted["session_type"] == "allocation"
    assert accepted["frontier_progress"] is None


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"frontier": {**GRID, "points": 2}}, "/frontier/points"),
        ({"frontier": {**GRID, "limit": "relax"}}, "/frontier/limit"),
        ({"frontier": {**GRID, "to": 0.1}}, "/frontier/to"),
        ({"frontier": GRID, "relax": True}, "/relax"),
        ({"frontier": GRID, "validation_scenarios": 200_001}, "/validation_scenarios"),
        # The second point allows .0005 of 1,000 scenarios: half of one.
        ({"frontier": {**GRID, "from": 0, "to": 0.003}}, "/frontier/from"),
    ],
)
def test_frontier_that_cannot_be_traced_is_refused(
    analyst: Client, fund: Fund, fields: dict[str, Any], pointer: str
) -> None:
    response = ask(analyst, fund, optimization_scenarios=1000, **fields)

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not OptimizationSession.objects.exists()


def test_result_has_a_point_for_every_limit_and_is_the_one_that_pages_show(
    analyst: Client, fund: Fund
) -> None:
    session = completed_frontier(fund)

    response = analyst.get(f"{SESSIONS}/{session.pk}/result")

    assert response.status_code == 200
    result = response.json()
    stored = OptimizationSession.objects.get(pk=session.pk)
    assert result == json.loads(json.dumps(frontier_result(stored)))
    limits = [point["limit"] for point in result["frontier"]["points"]]
    assert limits == [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
    found = [point for point in result["frontier"]["points"] if point["weights"]]
    assert found
    for point in found:
        assert sum(point["weights"].values()) == pytest.approx(1, abs=1e-9)
        assert set(point["weights"]) == {bucket["key"] for bucket in result["buckets"]}
        assert point["out_of_sample"]["loss_probability"]["value"] >= 0


def test_frontier_that_is_not_ready_says_so(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund, **FEW, **ASKED)

    assert analyst.get(f"{SESSIONS}/{session.pk}/result").status_code == 409


def test_list_shows_and_filters_the_type(analyst: Client, fund: Fund) -> None:
    requested_session(fund=fund, **FEW, **ASKED)
    requested_session(fund=fund, **FEW)

    every = analyst.get(SESSIONS).json()["data"]
    frontiers = analyst.get(f"{SESSIONS}?session_type=frontier").json()["data"]

    assert {session["session_type"] for session in every} == {"allocation", "frontier"}
    assert [session["session_type"] for session in frontiers] == ["frontier"]
