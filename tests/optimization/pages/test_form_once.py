"""A second click on "Run optimization" makes no second session."""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from funds.models import Fund, User
from optimization.models import IdempotentResponse, OptimizationSession
from optimization.request_form.once import new_token, session_once
from tests.optimization.factories import requested_session
from tests.optimization.pages.conftest import client_of
from tests.optimization.pages.requests import typed_request
from tests.optimization.small_fund import asked
from tests.outbox.threads import at_once

ADDRESS = reverse("optimization:new")


def token_on(page: bytes) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{32})"', page.decode())
    assert found is not None
    return found[1]


def sent(client: Client, token: str, **changes: str) -> str:
    """Where the answer to a request from the form leads to."""
    typed = typed_request(**changes) | {"form_token": token}
    answer = client.post(ADDRESS, typed)
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_the_same_form_sent_twice_leads_to_one_session(analyst: Client, fund: Fund) -> None:
    token = token_on(analyst.get(ADDRESS).content)

    assert sent(analyst, token) == sent(analyst, token)
    assert OptimizationSession.objects.count() == 1


def test_a_form_that_was_changed_meanwhile_is_another_request(analyst: Client, fund: Fund) -> None:
    token = token_on(analyst.get(ADDRESS).content)

    assert sent(analyst, token) != sent(analyst, token, capital_usd="90")
    assert OptimizationSession.objects.count() == 2


def test_the_same_request_from_a_new_form_is_another_session(analyst: Client, fund: Fund) -> None:
    first, second = (token_on(analyst.get(ADDRESS).content) for _ in range(2))

    assert sent(analyst, first) != sent(analyst, second)


def test_a_token_of_somebody_else_leads_to_no_session_of_theirs(
    analyst: Client, fund: Fund, analyst_user: User
) -> None:
    token = token_on(analyst.get(ADDRESS).content)
    colleague = User.objects.create(username="colleague")
    fund.organisation.memberships.create(user=colleague, role="analyst")

    assert sent(analyst, token) != sent(client_of(colleague), token)


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "0" * 33])
def test_a_form_without_a_proper_token_is_not_protected(
    analyst: Client, fund: Fund, token: str
) -> None:
    assert sent(analyst, token) != sent(analyst, token)
    assert not IdempotentResponse.objects.exists()


def test_a_refused_form_uses_up_no_token(analyst: Client, fund: Fund) -> None:
    token = token_on(analyst.get(ADDRESS).content)

    refused = analyst.post(ADDRESS, {"form_token": token})

    assert refused.status_code == 200
    assert token_on(refused.content) != token
    assert not IdempotentResponse.objects.exists()


def test_work_that_fails_can_be_tried_again_with_the_same_token(
    fund: Fund, analyst_user: User
) -> None:
    token, request = new_token(), asked({})

    def broken() -> OptimizationSession:
        raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError), transaction.atomic():
        session_once(user=analyst_user, token=token, request=request, work=broken)
    session = requested_session(fund=fund, user=analyst_user)

    again = session_once(user=analyst_user, token=token, request=request, work=lambda: session)

    assert again == session.pk


@pytest.mark.django_db(transaction=True)
def test_clicks_at_the_same_moment_do_the_work_once(fund: Fund, analyst_user: User) -> None:
    token, request = new_token(), asked({})
    session = requested_session(fund=fund, user=analyst_user)
    worked = []

    def work() -> OptimizationSession:
        worked.append(1)
        return session

    def click() -> None:
        session_once(user=analyst_user, token=token, request=request, work=work)

    at_once([click] * 4)

    assert len(worked) == 1
