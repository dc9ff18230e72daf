"""The command that gives a user a token."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from funds.models import Fund, User

ADDRESS = "/api/v1/funds"


def issued(username: str, **options: int) -> str:
    output = StringIO()
    call_command("issue_api_token", username, stdout=output, stderr=StringIO(), **options)
    return output.getvalue().strip()


def with_token(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"})


def test_token_opens_the_api_for_its_user(analyst_user: User, fund: Fund) -> None:
    response = with_token(issued(analyst_user.username)).get(ADDRESS)

    assert [row["id"] for row in response.json()["data"]] == [str(fund.pk)]


def test_token_is_not_stored_as_it_is(analyst_user: User) -> None:
    token = issued(analyst_user.username)

    stored = AuthToken.objects.get()
    assert token not in (stored.digest, stored.token_key)


def test_token_ends_after_its_days(analyst_user: User) -> None:
    token = issued(analyst_user.username, days=7)
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))

    assert with_token(token).get(ADDRESS).status_code == 401


def test_token_lasts_as_many_days_as_asked(analyst_user: User) -> None:
    before = timezone.now()
    issued(analyst_user.username, days=7)
    after = timezone.now()

    expiry = AuthToken.objects.get().expiry
    assert before + timedelta(days=7) <= expiry <= after + timedelta(days=7)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_token_for_ever_or_for_no_time_is_refused(analyst_user: User, days: int) -> None:
    with pytest.raises(CommandError, match=f"--days is {days}"):
        issued(analyst_user.username, days=days)

    assert not AuthToken.objects.exists()


def test_user_who_does_not_exist_gets_no_token(db: None) -> None:
    with pytest.raises(CommandError, match="no active user 'nobody'"):
        issued("nobody")


def test_user_who_may_not_log_in_gets_no_token(analyst_user: User) -> None:
    User.objects.update(is_active=False)

    with pytest.raises(CommandError, match="no active user"):
        issued(analyst_user.username)
