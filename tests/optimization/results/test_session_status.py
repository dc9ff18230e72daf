"""What is shown of a session at any moment: who asked, how far it is, and why it failed."""

import json

import pytest
from pytest_django import DjangoAssertNumQueries

from optimization.models import OptimizationSession
from optimization.results.session_status import session_status
from tests.optimization.one_result import at
from tests.optimization.rows import Status, insert_session

pytestmark = pytest.mark.django_db


def test_status_says_who_asked_for_which_fund() -> None:
    stored = insert_session(Status.OPTIMIZING)
    shown = session_status(stored)
    assert shown["requested_by"] == stored.requested_by.display_name
    assert shown["fund"] == {
        "id": str(stored.fund_id),
        "name": stored.fund.name,
        "is_sample": False,
    }


def test_failed_session_says_why_and_shows_no_traceback() -> None:
    stored = insert_session(Status.FAILED, failure_traceback="Traceback (most recent call last)")
    shown = session_status(stored)
    assert shown["failure_reason"] == "No allocation meets every limit."
    assert "Traceback" not in json.dumps(shown)


def test_session_that_did_not_fail_has_no_reason() -> None:
    stored = insert_session(Status.OPTIMIZING, failure_reason="")
    assert session_status(stored)["failure_reason"] is None


def test_step_that_is_under_way_has_begun_and_not_ended() -> None:
    stored = insert_session(Status.OPTIMIZING)
    stored.validate_allocation({"solution": {}})
    by_status = {step["status"]: step for step in session_status(stored)["steps"]}
    assert by_status["VALIDATING"]["at"] is not None
    assert by_status["VALIDATING"]["seconds"] is None
    assert by_status["COMPLETED"]["at"] is None


def test_validation_tells_how_many_scenarios_are_done() -> None:
    stored = insert_session(
        Status.VALIDATING,
        request={"validation_scenarios": 5_000_000},
        validation_scenarios_done=1_250_000,
    )
    shown = session_status(stored)
    assert shown["validation_progress"] == {"done": 1_250_000, "total": 5_000_000}


@pytest.mark.parametrize(
    ("status", "done"), [(Status.VALIDATING, 0), (Status.COMPLETED, 5000), (Status.CANCELLED, 7)]
)
def test_nothing_is_counted_before_the_first_scenario_and_after_the_end(
    status: str, done: int
) -> None:
    stored = insert_session(status, validation_scenarios_done=done)
    assert session_status(stored)["validation_progress"] is None


def test_moments_are_in_utc() -> None:
    for moment in (at("requested_at"), at("finished_at"), at("steps.0.at")):
        assert moment.endswith("Z")


def test_status_of_a_loaded_session_needs_no_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    insert_session(Status.OPTIMIZING)
    loaded = OptimizationSession.objects.select_related("fund", "requested_by")
    (stored,) = loaded.prefetch_related("events")
    with django_assert_num_queries(0):
        session_status(stored)
