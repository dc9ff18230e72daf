"""A session's status moves along the documented edges only, and an ended one never changes."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Now

from optimization.models import OptimizationSession
from scenarios.models import StatusChanged
from tests.funds.factories import FundFactory, MembershipFactory, UserFactory
from tests.optimization.rows import (
    ENDED,
    UNFINISHED,
    Status,
    columns,
    force,
    history,
    insert_matrix,
    insert_session,
)

pytestmark = pytest.mark.django_db

END_AT_ANY_TIME = {Status.FAILED, Status.CANCELLED}
# A matrix that exists already lets a session skip MATRIX_GENERATING.
TARGETS: dict[str, set[str]] = {
    Status.REQUESTED: {Status.MATRIX_GENERATING, Status.OPTIMIZING} | END_AT_ANY_TIME,
    Status.MATRIX_GENERATING: {Status.OPTIMIZING} | END_AT_ANY_TIME,
    Status.OPTIMIZING: {Status.VALIDATING} | END_AT_ANY_TIME,
    Status.VALIDATING: {Status.COMPLETED} | END_AT_ANY_TIME,
    Status.COMPLETED: set(),
    Status.FAILED: set(),
    Status.CANCELLED: set(),
}


def move_to(target: str) -> dict[str, Any]:
    return {"status": target, "finished_at": Now() if target in ENDED else None}


@pytest.mark.parametrize(
    ("source", "target"), [(source, to) for source in UNFINISHED for to in sorted(TARGETS[source])]
)
def test_status_moves_along_a_documented_edge(source: str, target: str) -> None:
    session = insert_session(source)
    assert force(session, **move_to(target)) == 1
    assert columns(session)["status"] == target


@pytest.mark.parametrize("source", Status)
def test_status_moves_along_no_other_edge(source: str) -> None:
    session = insert_session(source)
    before = columns(session)
    for target in set(Status) - TARGETS[source] - {source}:
        with pytest.raises(IntegrityError, match=f"from {source} to {target}"):
            force(session, **move_to(target))
    assert columns(session) == before


def test_session_goes_back_for_scenarios_if_it_keeps_what_it_found_in_others() -> None:
    session = insert_session(Status.OPTIMIZING)
    other = insert_matrix(session.fund)
    back = {"status": Status.MATRIX_GENERATING, "matrix": other}
    for kept in (None, other):
        with pytest.raises(IntegrityError, match="from OPTIMIZING to MATRIX_GENERATING"):
            force(session, **back, allocation_matrix=kept)
    assert force(session, **back, allocation_matrix=session.matrix) == 1


def test_session_does_not_go_back_for_the_scenarios_that_it_has() -> None:
    session = insert_session(Status.OPTIMIZING)
    with pytest.raises(IntegrityError, match="from OPTIMIZING to MATRIX_GENERATING"):
        force(session, status=Status.MATRIX_GENERATING, allocation_matrix=session.matrix)


def changes_of_each_column() -> dict[str, Any]:
    """For each column a value that no row of these tests has."""
    changes: dict[str, Any] = {
        "id": uuid.uuid4(),
        "fund_id": FundFactory.create(buckets=False).pk,
        "requested_by_id": UserFactory.create().pk,
        "matrix_id": insert_matrix(FundFactory.create(buckets=False)).pk,
        "allocation_matrix_id": insert_matrix(FundFactory.create(buckets=False)).pk,
        "name": Concat(F("name"), Value("!")),
        "session_type": OptimizationSession.SessionType.FRONTIER,
        "frontier_points_done": F("frontier_points_done") + 1,
        "version": F("version") + 1,
        "validation_scenarios_done": F("validation_scenarios_done") + 1,
        "matrix_was_cached": True,
        "status": Status.OPTIMIZING,
        "calibration_id": F("calibration_id"),
    }
    by_type = {"DateTimeField": Now(), "JSONField": {"changed": True}}
    return {
        field.attname: changes.get(field.attname, by_type.get(field.get_internal_type(), "changed"))
        for field in OptimizationSession._meta.concrete_fields
    }


@pytest.mark.parametrize("status", ENDED)
def test_no_column_of_an_ended_session_changes(status: str) -> None:
    session = insert_session(status)
    before = columns(session)
    for column, value in changes_of_each_column().items():
        with pytest.raises(IntegrityError, match=f"session {session.pk}"):
            force(session, **{column: value})
    assert columns(session) == before


@pytest.mark.parametrize("status", ENDED)
def test_ended_session_cannot_be_saved_again(status: str) -> None:
    session = insert_session(status)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        session.save()


@pytest.mark.parametrize("status", UNFINISHED)
def test_unfinished_session_may_be_renamed(status: str) -> None:
    assert force(insert_session(status), name="Another name") == 1


def test_failing_of_sessions_passes_over_those_that_ended() -> None:
    ended = [insert_session(status) for status in ENDED]
    before = [columns(session) for session in ended]
    assert OptimizationSession.objects.all().fail(reason="Too late.", traceback="") == 0
    assert [columns(session) for session in ended] == before


def test_session_begins_with_one_event() -> None:
    (event,) = insert_session(Status.REQUESTED).events.all()
    assert (event.from_status, event.to_status) == ("", Status.REQUESTED)


def test_every_move_writes_one_event() -> None:
    session = insert_session(Status.OPTIMIZING)
    session.validate_allocation({"solution": {}})
    session.complete({"checks": []})
    events = session.events.order_by("pk").values_list("from_status", "to_status")
    assert list(events)[1:] == [
        (Status.OPTIMIZING, Status.VALIDATING),
        (Status.VALIDATING, Status.COMPLETED),
    ]


def test_events_follow_one_another_in_time() -> None:
    session = insert_session(Status.OPTIMIZING)
    session.validate_allocation({"solution": {}})
    session.complete({"checks": []})
    moments = list(session.events.order_by("pk").values_list("at", flat=True))
    assert moments == sorted(set(moments))


def test_update_of_many_rows_writes_an_event_for_each() -> None:
    fund = FundFactory.create(buckets=False)
    sessions = [insert_session(status, fund=fund) for status in UNFINISHED]
    OptimizationSession.objects.filter(fund=fund).fail(reason="Out of paper.", traceback="")
    assert [history(session)[-1] for session in sessions] == [Status.FAILED] * 4


def test_change_of_another_column_writes_no_event() -> None:
    session = insert_session(Status.OPTIMIZING)
    force(session, name="Another name", status=Status.OPTIMIZING)
    assert history(session) == [Status.OPTIMIZING]


def test_refused_change_writes_no_event() -> None:
    session = insert_session(Status.OPTIMIZING)
    with pytest.raises(IntegrityError):
        force(session, **move_to(Status.COMPLETED))
    assert history(session) == [Status.OPTIMIZING]


def test_session_cannot_be_validated_twice() -> None:
    session = insert_session(Status.OPTIMIZING)
    session.validate_allocation({"solution": {"weights": {"seed/saas": 1.0}}})
    before = columns(session)
    with pytest.raises(StatusChanged):
        session.validate_allocation({"solution": {}})
    assert columns(session) == before


def test_session_that_was_read_before_another_moved_it_changes_nothing() -> None:
    session = insert_session(Status.VALIDATING)
    stale = OptimizationSession.objects.get(pk=session.pk)
    session.cancel()
    with pytest.raises(StatusChanged, match="no longer VALIDATING"):
        stale.complete({"checks": []})
    assert columns(session)["status"] == Status.CANCELLED


def test_each_move_raises_the_version_and_says_when() -> None:
    session = insert_session(Status.OPTIMIZING)
    before = columns(session)
    session.validate_allocation({"solution": {}})
    assert session.version == before["version"] + 1
    assert session.updated_at > before["updated_at"]


def test_end_of_a_session_lies_after_its_request() -> None:
    session = insert_session(Status.VALIDATING)
    session.complete({"checks": []})
    assert session.finished_at is not None
    assert session.finished_at > session.requested_at


@pytest.mark.parametrize("status", Status)
def test_session_is_finished_exactly_in_the_states_that_never_change(status: str) -> None:
    assert OptimizationSession(status=status).is_finished == (status in ENDED)


def test_progress_rises_with_each_step_from_0_to_100() -> None:
    way = (*UNFINISHED, Status.COMPLETED)
    percents = [OptimizationSession(status=status).progress_percent for status in way]
    assert percents == sorted(set(percents))
    assert (percents[0], percents[-1]) == (0, 100)


def test_user_sees_the_sessions_of_their_own_funds_alone() -> None:
    mine, _others = insert_session(Status.REQUESTED), insert_session(Status.REQUESTED)
    user = MembershipFactory.create(organisation=mine.fund.organisation).user
    assert list(OptimizationSession.objects.for_user(user)) == [mine]


def validating_row(done: int, **changes: Any) -> OptimizationSession:
    return insert_session(
        Status.VALIDATING,
        request={"validation_scenarios": 1000},
        validation_scenarios_done=done,
        **changes,
    )


@pytest.mark.parametrize(("done", "percent"), [(0, 75), (1, 75), (500, 87), (1000, 99)])
def test_progress_of_a_validation_rises_with_its_scenarios(done: int, percent: int) -> None:
    # From 75 towards 99: 75 + 24 * 500 / 1000 = 87. Only a completed session shows 100.
    assert validating_row(done).progress_percent == percent


def test_progress_that_is_recorded_never_falls() -> None:
    session = validating_row(600)
    for scenarios, shown in ((700, 700), (100, 700), (800, 800)):
        assert session.record_validated(scenarios)
        session.refresh_from_db()
        assert session.validation_scenarios_done == shown


def test_recorded_progress_is_a_new_version_to_whoever_asks_for_changes() -> None:
    session = validating_row(0)
    session.record_validated(100)
    assert columns(session)["version"] == session.version + 1


@pytest.mark.parametrize("status", [Status.OPTIMIZING, *ENDED])
def test_progress_of_a_session_that_does_not_validate_is_not_recorded(status: str) -> None:
    session = insert_session(status)
    before = columns(session)
    assert not session.record_validated(100)
    assert columns(session) == before
