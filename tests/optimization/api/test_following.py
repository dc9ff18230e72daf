"""A session from the caller's side: its status, its end, cancelling it, requesting it again."""

import uuid
from typing import Any

import pytest
from django.test import Client

from funds.models import BucketPolicy, Fund
from optimization.models import OptimizationSession
from optimization.results.session_status import session_status
from outbox.models import OutboxJob
from tests.optimization.factories import requested_session, session_at

Status = OptimizationSession.Status
UNFINISHED = [Status.MATRIX_GENERATING, Status.OPTIMIZING, Status.VALIDATING]
ENDED = [Status.COMPLETED, Status.FAILED, Status.CANCELLED]


def at(session: OptimizationSession, below: str = "") -> str:
    return f"/api/v1/optimizations/{session.pk}{below}"


def act(client: Client, session: OptimizationSession, action: str, body: str = "") -> Any:
    return client.post(at(session, action), data=body, content_type="application/json")


@pytest.mark.parametrize("status", [*UNFINISHED, *ENDED])
def test_status_is_the_one_that_pages_show(analyst: Client, fund: Fund, status: str) -> None:
    session = session_at(status, fund=fund)

    response = analyst.get(at(session))

    assert response.status_code == 200
    assert response.json() == session_status(session)
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("status", UNFINISHED)
def test_unfinished_session_says_when_to_ask_again(
    analyst: Client, fund: Fund, status: str
) -> None:
    assert analyst.get(at(session_at(status, fund=fund))).headers["Retry-After"] == "1"


@pytest.mark.parametrize("status", ENDED)
def test_ended_session_does_not(analyst: Client, fund: Fund, status: str) -> None:
    assert "Retry-After" not in analyst.get(at(session_at(status, fund=fund))).headers


def test_unchanged_session_is_not_sent_again(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)
    tag = analyst.get(at(session)).headers["ETag"]

    response = analyst.get(at(session), headers={"if-none-match": tag})

    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["ETag"] == tag
    assert response.headers["Retry-After"] == "1"


def test_changed_session_is_sent_with_a_new_tag(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)
    tag = analyst.get(at(session)).headers["ETag"]
    session.cancel()

    response = analyst.get(at(session), headers={"if-none-match": tag})

    assert response.status_code == 200
    assert response.headers["ETag"] != tag
    assert response.json()["status"] == "CANCELLED"


def test_progress_of_a_validation_is_sent_with_a_new_tag(analyst: Client, fund: Fund) -> None:
    session = session_at(Status.VALIDATING, fund=fund)
    before = analyst.get(at(session))
    session.record_validated(50_000)

    after = analyst.get(at(session), headers={"if-none-match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.json()["validation_progress"] == {"done": 50_000, "total": 100_000}
    assert after.json()["progress_percent"] > before.json()["progress_percent"]


@pytest.mark.parametrize("pattern", ["{}", 'W/"99", {}', "*", "{strong}"])
def test_tag_is_found_in_every_form_that_a_client_may_send(
    analyst: Client, fund: Fund, pattern: str
) -> None:
    session = requested_session(fund=fund)
    tag = analyst.get(at(session)).headers["ETag"]
    sent = pattern.format(tag, strong=tag.removeprefix("W/"))

    assert analyst.get(at(session), headers={"if-none-match": sent}).status_code == 304


@pytest.mark.parametrize("sent", ["", "1", '"nothing"', "W/", '"\x00"'])
def test_other_tags_match_nothing(analyst: Client, fund: Fund, sent: str) -> None:
    session = requested_session(fund=fund)

    assert analyst.get(at(session), headers={"if-none-match": sent}).status_code == 200


def test_stranger_with_the_right_tag_learns_nothing(
    analyst: Client, stranger: Client, fund: Fund
) -> None:
    session = requested_session(fund=fund)
    tag = analyst.get(at(session)).headers["ETag"]

    assert stranger.get(at(session), headers={"if-none-match": tag}).status_code == 404


def test_head_answers_like_get_without_the_body(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)

    response = analyst.head(at(session))

    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["ETag"] == analyst.get(at(session)).headers["ETag"]


@pytest.mark.parametrize("status", UNFINISHED)
def test_result_of_an_unfinished_session_is_not_ready(
    analyst: Client, fund: Fund, status: str
) -> None:
    response = analyst.get(at(session_at(status, fund=fund), "/result"))

    assert response.status_code == 409
    assert response.json()["code"] == "not-ready"
    assert response.headers["Retry-After"] == "1"


def test_result_of_a_failed_session_is_the_reason_of_its_failure(
    analyst: Client, fund: Fund
) -> None:
    session = session_at(Status.FAILED, fund=fund)

    response = analyst.get(at(session, "/result"))

    assert response.status_code == 409
    assert response.json()["code"] == "session-failed"
    assert response.json()["detail"] == session.failure_reason
    assert "Retry-After" not in response.headers


def test_result_of_a_cancelled_session_says_that_it_was_cancelled(
    analyst: Client, fund: Fund
) -> None:
    response = analyst.get(at(session_at(Status.CANCELLED, fund=fund), "/result"))

    assert response.status_code == 409
    assert response.json()["code"] == "session-cancelled"


def test_no_answer_shows_the_traceback_of_a_failure(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)
    OptimizationSession.objects.filter(pk=session.pk).fail(
        reason="The solver stopped.", traceback="File secret.py, line 1"
    )

    for address in (at(session), at(session, "/result"), "/api/v1/optimizations"):
        answer = analyst.get(address).content
        assert b"The solver stopped." in answer
        assert b"secret.py" not in answer


@pytest.mark.parametrize("status", UNFINISHED)
def test_unfinished_session_can_be_cancelled(analyst: Client, fund: Fund, status: str) -> None:
    session = session_at(status, fund=fund)

    response = act(analyst, session, "/cancel")

    assert response.status_code == 200
    assert response.json()["status"] == "CANCELLED"
    assert not OutboxJob.objects.filter(subject_id=str(session.pk)).live().exists()


def test_cancelling_twice_is_cancelling_once(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)
    first = act(analyst, session, "/cancel")

    second = act(analyst, session, "/cancel")

    assert second.status_code == 200
    assert second.json() == first.json()


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED])
def test_session_that_ended_otherwise_cannot_be_cancelled(
    analyst: Client, fund: Fund, status: str
) -> None:
    response = act(analyst, session_at(status, fund=fund), "/cancel")

    assert response.status_code == 409
    assert response.json()["code"] == "session-ended"


@pytest.mark.parametrize("status", ENDED)
def test_ended_session_can_be_requested_again(analyst: Client, fund: Fund, status: str) -> None:
    session = session_at(status, fund=fund, seed="7", limits={"max_bucket_weight": 0.4})

    response = act(analyst, session, "/retry")

    assert response.status_code == 202
    again = OptimizationSession.objects.exclude(pk=session.pk).get()
    assert response.headers["Location"] == at(again)
    assert response.headers["Retry-After"] == "1"
    assert again.request == session.request


def test_unfinished_session_cannot_be_requested_again(analyst: Client, fund: Fund) -> None:
    response = act(analyst, requested_session(fund=fund), "/retry")

    assert response.status_code == 409
    assert response.json()["code"] == "session-unfinished"
    assert OptimizationSession.objects.count() == 1


def test_request_that_no_longer_fits_its_fund_is_not_made_again(
    analyst: Client, fund: Fund
) -> None:
    session = session_at(Status.FAILED, fund=fund, limits={"sectors": {"saas": {"min": 0.2}}})
    BucketPolicy.objects.filter(fund=fund, sector__key="saas").update(is_active=False)

    response = act(analyst, session, "/retry")

    assert response.status_code == 409
    assert response.json()["code"] == "request-outdated"
    assert [error["pointer"] for error in response.json()["errors"]] == ["/limits/sectors/saas"]
    assert OptimizationSession.objects.count() == 1


@pytest.mark.parametrize("action", ["/cancel", "/retry"])
@pytest.mark.parametrize("body", ['{"force": true}', "[1]", '"now"'])
def test_actions_refuse_a_body_that_they_would_ignore(
    analyst: Client, fund: Fund, action: str, body: str
) -> None:
    session = requested_session(fund=fund)

    response = act(analyst, session, action, body)

    assert response.status_code == 400
    session.refresh_from_db()
    assert not session.is_finished


@pytest.mark.parametrize("action", ["/cancel", "/retry"])
def test_actions_take_an_empty_object(analyst: Client, fund: Fund, action: str) -> None:
    session = session_at(Status.CANCELLED, fund=fund)

    response = act(analyst, session, action, "{}")

    assert response.status_code in (200, 202)


@pytest.mark.parametrize(
    "identifier",
    ["1", "%00", "..", "x" * 5000, str(uuid.UUID(int=0)), str(uuid.UUID(int=0)).replace("-", "")],
)
@pytest.mark.parametrize("below", ["", "/result"])
def test_ids_of_nothing_are_not_found(analyst: Client, identifier: str, below: str) -> None:
    assert analyst.get(f"/api/v1/optimizations/{identifier}{below}").status_code == 404
