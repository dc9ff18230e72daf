"""The member ``frontier`` of a request, and what it does to the others."""

from typing import Any

import pytest

from optimization.request.checked_request import complete, parse_request
from optimization.solver.frontier.grid import FrontierGrid
from scenarios.simulation.checked_input import InvalidInput
from tests.optimization.small_fund import small_facts

GRID = {"limit": "cvar", "from": 0.2, "to": 0.4, "points": 5}


def asked(**fields: Any) -> Any:
    return parse_request({"name": "Base case", **fields}, fund=small_facts())


def codes(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        asked(**fields)
    return [(fault.path, fault.code) for fault in refused.value.faults]


def test_frontier_makes_the_session_one_that_never_relaxes() -> None:
    request = asked(frontier=GRID)

    assert request.frontier == FrontierGrid(limit="cvar", first=0.2, last=0.4, points=5)
    assert (request.session_type, request.relax) == ("frontier", False)
    assert (asked().session_type, asked().relax) == ("allocation", True)


def test_request_that_is_stored_reads_as_the_same_request() -> None:
    request = asked(frontier=GRID)

    assert parse_request(request.as_json(), fund=small_facts()) == request


def test_stored_request_of_an_earlier_release_asked_for_an_allocation() -> None:
    stored = asked().as_json()
    del stored["frontier"]

    assert complete(stored)["frontier"] is None


def test_relaxing_along_a_frontier_is_refused() -> None:
    assert codes(frontier=GRID, relax=True) == [("relax", "NEVER_FOR_FRONTIER")]


def test_faults_of_the_grid_are_told_with_all_others() -> None:
    assert codes(frontier={**GRID, "points": 1}, mip_gap=1) == [
        ("frontier.points", "OUT_OF_RANGE"),
        ("mip_gap", "OUT_OF_RANGE"),
    ]


@pytest.mark.parametrize("frontier", [[], 7, "cvar", True])
def test_frontier_that_is_no_object_is_one_fault(frontier: Any) -> None:
    assert codes(frontier=frontier) == [("frontier", "NOT_AN_OBJECT")]


def test_more_fresh_scenarios_than_a_frontier_takes_are_refused() -> None:
    assert codes(frontier=GRID, validation_scenarios=200_001) == [
        ("validation_scenarios", "TOO_MANY_FOR_FRONTIER")
    ]
    assert asked(frontier=GRID, validation_scenarios=200_000).validation_scenarios == 200_000
