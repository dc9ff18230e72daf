"""What the database holds a session to: for each rule a row that fits and one that is refused."""

import pytest
from django.db.models.functions import Now

from tests.funds.factories import FundFactory
from tests.funds.refusals import refused_by
from tests.optimization.rows import ENDED, UNFINISHED, Status, insert_matrix, insert_session

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", Status)
def test_row_with_everything_fits_every_status(status: str) -> None:
    assert insert_session(status).status == status


@pytest.mark.parametrize("status", [Status.VALIDATING, Status.COMPLETED])
def test_session_without_an_allocation_is_neither_validated_nor_completed(status: str) -> None:
    with refused_by("validating_and_completed_sessions_have_what_was_asked"):
        insert_session(status, allocation=None)


@pytest.mark.parametrize("status", [*UNFINISHED[:3], Status.FAILED, Status.CANCELLED])
def test_session_needs_no_allocation_before_it_is_validated(status: str) -> None:
    session = insert_session(status, allocation=None, validation_metrics=None)
    assert session.allocation is None


def test_session_without_validation_metrics_is_not_completed() -> None:
    with refused_by("completed_sessions_have_validation_metrics"):
        insert_session(Status.COMPLETED, validation_metrics=None)


@pytest.mark.parametrize("status", [*UNFINISHED, Status.FAILED, Status.CANCELLED])
def test_session_needs_no_validation_metrics_before_it_is_completed(status: str) -> None:
    assert insert_session(status, validation_metrics=None).validation_metrics is None


@pytest.mark.parametrize("status", ENDED)
def test_session_that_has_ended_says_when(status: str) -> None:
    with refused_by("exactly_terminal_sessions_have_finished_at"):
        insert_session(status, finished_at=None)


@pytest.mark.parametrize("status", UNFINISHED)
def test_unfinished_session_has_no_end(status: str) -> None:
    with refused_by("exactly_terminal_sessions_have_finished_at"):
        insert_session(status, finished_at=Now())


def test_status_that_does_not_exist_is_refused() -> None:
    with refused_by("exactly_terminal_sessions_have_finished_at"):
        insert_session("PAUSED")


def test_failed_session_says_why() -> None:
    with refused_by("failed_sessions_say_why"):
        insert_session(Status.FAILED, failure_reason="")


@pytest.mark.parametrize("status", [*UNFINISHED, Status.COMPLETED, Status.CANCELLED])
def test_only_a_failed_session_needs_a_reason(status: str) -> None:
    assert insert_session(status, failure_reason="").failure_reason == ""


@pytest.mark.parametrize("status", [*UNFINISHED[1:], Status.COMPLETED])
def test_session_past_its_request_has_a_matrix(status: str) -> None:
    with refused_by("sessions_past_requested_have_a_matrix"):
        insert_session(status, matrix=None)


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.FAILED, Status.CANCELLED])
def test_session_that_got_nowhere_needs_no_matrix(status: str) -> None:
    assert insert_session(status, matrix=None).matrix is None


@pytest.mark.parametrize("status", [*UNFINISHED[1:3], Status.FAILED, Status.CANCELLED])
def test_session_that_searches_may_keep_what_it_found_in_another_matrix(status: str) -> None:
    fund = FundFactory.create(buckets=False)
    kept = insert_matrix(fund)
    assert insert_session(status, fund=fund, allocation_matrix=kept).allocation_matrix == kept


@pytest.mark.parametrize(
    ("status", "changes"),
    [(Status.VALIDATING, {}), (Status.COMPLETED, {}), (Status.OPTIMIZING, {"allocation": None})],
)
def test_matrix_is_kept_only_with_an_allocation_that_may_still_be_replaced(
    status: str, changes: dict[str, object]
) -> None:
    fund = FundFactory.create(buckets=False)
    with refused_by("only_searching_sessions_keep_another_matrix"):
        insert_session(status, fund=fund, allocation_matrix=insert_matrix(fund), **changes)


def test_session_is_searched_four_times_at_most() -> None:
    assert insert_session(Status.OPTIMIZING, rounds={"searches": [{}] * 4}).rounds is not None
    with refused_by("searches_of_a_session_are_bounded"):
        insert_session(Status.OPTIMIZING, rounds={"searches": [{}] * 5})
