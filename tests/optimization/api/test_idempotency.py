"""The same request, sent again: by a client that heard nothing, or ten times at once."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test import Client

from funds.models import Fund, User
from optimization.models import IdempotentResponse, OptimizationSession
from outbox.models import OutboxJob
from tests.optimization.api.conftest import client_with_token, member
from tests.optimization.factories import session_at
from tests.outbox.threads import (
    another_connection_waits_for_a_lock,
    at_once,
    background,
    wait_until,
)

ADDRESS = "/api/v1/optimizations"
Status = OptimizationSession.Status


def post(client: Client, fund: Fund, *, key: str, address: str = ADDRESS, **fields: Any) -> Any:
    body = {"fund": str(fund.pk), "name": "Base case", **fields}
    return client.post(
        address, data=body, content_type="application/json", headers={"idempotency-key": key}
    )


def test_repeat_gets_the_same_answer_and_makes_no_second_session(
    analyst: Client, fund: Fund
) -> None:
    first = post(analyst, fund, key="k1")
    second = post(analyst, fund, key="k1")

    assert OptimizationSession.objects.count() == 1
    assert second.status_code == first.status_code == 202
    assert second.content == first.content
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"


def test_repeat_shows_the_first_answer_though_the_session_has_moved_on(
    analyst: Client, fund: Fund
) -> None:
    first = post(analyst, fund, key="k1")
    OptimizationSession.objects.get().cancel()

    assert post(analyst, fund, key="k1").content == first.content


def test_order_of_the_fields_and_blanks_do_not_matter(analyst: Client, fund: Fund) -> None:
    for body in (
        f'{{"name": "x", "fund": "{fund.pk}", "limits": {{"stages": {{}}, "sectors": {{}}}}}}',
        f'{{"limits":{{"sectors":{{}},"stages":{{}}}},"fund":"{fund.pk}","name":"x"}}',
    ):
        response = analyst.post(
            ADDRESS, data=body, content_type="application/json", headers={"idempotency-key": "k"}
        )
        assert response.status_code == 202

    assert OptimizationSession.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(analyst: Client, fund: Fund) -> None:
    post(analyst, fund, key="k1")

    response = post(analyst, fund, key="k1", name="Another")

    assert response.status_code == 422
    assert response.json()["code"] == "idempotency-key-reused"
    assert OptimizationSession.objects.count() == 1


def test_the_same_key_at_another_address_is_refused(analyst: Client, fund: Fund) -> None:
    failed = session_at(Status.FAILED, fund=fund)
    retry = f"{ADDRESS}/{failed.pk}/retry"
    headers = {"idempotency-key": "k1"}
    first = analyst.post(retry, data="", content_type="application/json", headers=headers)

    response = post(analyst, fund, key="k1")

    assert first.status_code == 202
    assert response.status_code == 422


def test_retry_under_a_key_is_done_once(analyst: Client, fund: Fund) -> None:
    failed = session_at(Status.FAILED, fund=fund)
    answers = [
        analyst.post(
            f"{ADDRESS}/{failed.pk}/retry",
            data="",
            content_type="application/json",
            headers={"idempotency-key": "k1"},
        )
        for _ in range(2)
    ]

    assert answers[0].content == answers[1].content
    assert OptimizationSession.objects.exclude(pk=failed.pk).count() == 1


def test_other_key_makes_another_session(analyst: Client, fund: Fund) -> None:
    post(analyst, fund, key="k1")
    post(analyst, fund, key="k2")

    assert OptimizationSession.objects.count() == 2


def test_keys_of_two_people_have_nothing_to_do_with_each_other(analyst: Client, fund: Fund) -> None:
    colleague = client_with_token(member(fund, "analyst"))

    first = post(analyst, fund, key="k1")
    second = post(colleague, fund, key="k1")

    assert first.json()["id"] != second.json()["id"]


def test_refused_request_uses_up_no_key(analyst: Client, fund: Fund) -> None:
    refused = post(analyst, fund, key="k1", name="")
    corrected = post(analyst, fund, key="k1")

    assert refused.status_code == 400
    assert corrected.status_code == 202


def test_answer_is_given_again_though_the_request_no_longer_fits_the_fund(
    analyst: Client, fund: Fund
) -> None:
    first = post(analyst, fund, key="k1", capital_usd="100000000.00")
    Fund.objects.filter(pk=fund.pk).update(size_usd="50000000.00")

    assert post(analyst, fund, key="k1", capital_usd="100000000.00").content == first.content


def test_person_who_lost_access_is_not_answered_from_memory(
    analyst: Client, analyst_user: User, fund: Fund
) -> None:
    post(analyst, fund, key="k1")
    analyst_user.memberships.all().delete()

    assert post(analyst, fund, key="k1").status_code == 404


@pytest.mark.parametrize("key", ["k", "~" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_visible_ascii_keys_are_taken(analyst: Client, fund: Fund, key: str) -> None:
    assert post(analyst, fund, key=key).status_code == 202


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "ключ", "nul\x00", "tab\t", "é"])
def test_other_keys_are_refused(analyst: Client, fund: Fund, key: str) -> None:
    response = post(analyst, fund, key=key)

    assert response.status_code == 400
    assert response.json()["code"] == "invalid-idempotency-key"
    assert [error["header"] for error in response.json()["errors"]] == ["Idempotency-Key"]
    assert not OptimizationSession.objects.exists()


def test_key_may_be_used_anew_after_a_day(analyst: Client, fund: Fund) -> None:
    first = post(analyst, fund, key="k1")
    IdempotentResponse.objects.update(created_at=Now() - timedelta(hours=24, seconds=1))

    second = post(analyst, fund, key="k1", name="Another")

    assert second.status_code == 202
    assert second.json()["id"] != first.json()["id"]


def test_answer_is_kept_for_a_day(analyst: Client, fund: Fund) -> None:
    first = post(analyst, fund, key="k1")
    IdempotentResponse.objects.update(created_at=Now() - timedelta(hours=23, minutes=59))

    assert post(analyst, fund, key="k1").content == first.content


def test_old_answers_are_deleted_when_their_user_sends_a_new_key(
    analyst: Client, fund: Fund
) -> None:
    post(analyst, fund, key="old")
    IdempotentResponse.objects.update(created_at=Now() - timedelta(hours=25))

    post(analyst, fund, key="new")

    assert [kept.key for kept in IdempotentResponse.objects.all()] == ["new"]


def test_database_refuses_a_second_answer_to_a_key(
    analyst: Client, analyst_user: User, fund: Fund
) -> None:
    post(analyst, fund, key="k1")
    stored = IdempotentResponse.objects.get()

    with pytest.raises(IntegrityError, match="one_response_per_user_and_key"), transaction.atomic():
        IdempotentResponse.objects.create(
            user=analyst_user, key="k1", target="POST /", body_sha256=stored.body_sha256, status=202
        )


def test_database_keeps_no_answer_of_a_failure(analyst_user: User) -> None:
    with pytest.raises(IntegrityError, match="only_success_is_kept"), transaction.atomic():
        IdempotentResponse.objects.create(user=analyst_user, key="k", target="POST /", status=400)


@pytest.mark.django_db(transaction=True)
def test_ten_equal_requests_at_once_make_one_session(analyst: Client, fund: Fund) -> None:
    clients = [analyst_like(analyst) for _ in range(10)]

    answers = at_once([partial(post, client, fund, key="k1") for client in clients])

    assert OptimizationSession.objects.count() == 1
    assert OutboxJob.objects.count() == 1
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None] + ["true"] * 9


@pytest.mark.django_db(transaction=True)
def test_different_bodies_at_once_under_one_key_make_one_session(
    analyst: Client, fund: Fund
) -> None:
    clients = [analyst_like(analyst) for _ in range(6)]

    answers = at_once(
        [
            partial(post, client, fund, key="k1", name=f"Case {number}")
            for number, client in enumerate(clients)
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [202] + [422] * 5
    assert OptimizationSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_repeat_waits_for_the_first_and_takes_over_when_it_is_rolled_back(
    analyst: Client, analyst_user: User, fund: Fund
) -> None:
    answers = []
    with background() as start:
        with transaction.atomic():
            hold_key(analyst_user, "k1")
            repeat = start(lambda: answers.append(post(analyst, fund, key="k1")))
            wait_until(another_connection_waits_for_a_lock)
            transaction.set_rollback(True)
        repeat.result(20)

    assert answers[0].status_code == 202
    assert "Idempotent-Replayed" not in answers[0].headers


@pytest.mark.django_db(transaction=True)
def test_repeat_that_waits_too_long_is_told_to_come_back(
    analyst: Client, analyst_user: User, fund: Fund
) -> None:
    answers = []

    def impatient_post() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        answers.append(post(analyst, fund, key="k1"))

    with transaction.atomic(), background() as start:
        hold_key(analyst_user, "k1")
        start(impatient_post).result(20)

    assert answers[0].status_code == 409
    assert answers[0].json()["code"] == "idempotency-key-in-use"
    assert answers[0].headers["Retry-After"] == "1"
    assert not OptimizationSession.objects.exists()


def analyst_like(client: Client) -> Client:
    """A client of the same person; one client is not for several threads."""
    return type(client)(headers={"authorization": client.defaults["HTTP_AUTHORIZATION"]})


def hold_key(user: User, key: str) -> None:
    """What a request with this key does first, and holds until its transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"idempotency:{user.pk}:{key}"],
        )
