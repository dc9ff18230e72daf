"""Who may open and send what. Objects of others are not found, whatever the role."""

import pytest
from django.test import Client
from django.urls import reverse

from funds.models import Fund
from optimization.models import OptimizationSession
from tests.optimization.factories import requested_session

Status = OptimizationSession.Status


@pytest.fixture
def session(fund: Fund) -> OptimizationSession:
    return requested_session(fund=fund)


def addresses(session: OptimizationSession) -> list[str]:
    return [
        reverse("optimization:session", args=[session.pk]),
        reverse("optimization:new") + f"?fund={session.fund_id}",
        reverse("optimization:new") + f"?from={session.pk}",
        reverse("optimization:sessions") + f"?fund={session.fund_id}",
    ]


def test_members_see_their_funds_sessions(
    analyst: Client, viewer: Client, session: OptimizationSession
) -> None:
    address = reverse("optimization:session", args=[session.pk])

    assert analyst.get(address).status_code == 200
    assert viewer.get(address).status_code == 200


def test_strangers_find_nothing(stranger: Client, session: OptimizationSession) -> None:
    assert [stranger.get(address).status_code for address in addresses(session)] == [404] * 4


def test_strangers_cannot_cancel(stranger: Client, session: OptimizationSession) -> None:
    assert stranger.post(reverse("optimization:cancel", args=[session.pk])).status_code == 404

    session.refresh_from_db()
    assert not session.is_finished


def test_anonymous_visitors_are_sent_to_the_log_in(session: OptimizationSession) -> None:
    for address in [*addresses(session), reverse("optimization:sessions")]:
        answer = Client().get(address)

        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("login"))


def test_anonymous_visitors_cannot_request_or_cancel(session: OptimizationSession) -> None:
    for name, arguments in (("new", []), ("cancel", [session.pk])):
        answer = Client().post(reverse(f"optimization:{name}", args=arguments))

        assert answer["Location"].startswith(reverse("login"))
    assert OptimizationSession.objects.get().status == session.status


def test_viewers_may_not_request(viewer: Client, fund: Fund) -> None:
    address = f"{reverse('optimization:new')}?fund={fund.pk}"

    assert viewer.get(address).status_code == 403
    assert viewer.post(address, {"name": "Mine"}).status_code == 403
    assert not OptimizationSession.objects.exists()


def test_viewers_may_not_cancel(viewer: Client, session: OptimizationSession) -> None:
    assert viewer.post(reverse("optimization:cancel", args=[session.pk])).status_code == 403

    session.refresh_from_db()
    assert not session.is_finished


def test_viewers_are_offered_nothing_they_may_not_do(
    viewer: Client, session: OptimizationSession
) -> None:
    page = viewer.get(reverse("optimization:session", args=[session.pk])).content.decode()
    listing = viewer.get(reverse("optimization:sessions")).content.decode()

    assert "Cancel optimization" not in page
    assert "New optimization" not in listing


def test_a_form_without_its_token_is_refused(analyst: Client, session: OptimizationSession) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = analyst.cookies

    answer = strict.post(reverse("optimization:cancel", args=[session.pk]))

    assert answer.status_code == 403
    assert "Nothing was stored" in answer.content.decode()


def test_pages_answer_head_requests(analyst: Client, session: OptimizationSession) -> None:
    assert [analyst.head(address).status_code for address in addresses(session)] == [200] * 4


@pytest.mark.parametrize("name", ["session", "progress"])
def test_pages_that_only_show_take_no_post(
    analyst: Client, session: OptimizationSession, name: str
) -> None:
    assert analyst.post(reverse(f"optimization:{name}", args=[session.pk])).status_code == 405


def test_cancelling_takes_a_post(analyst: Client, session: OptimizationSession) -> None:
    assert analyst.get(reverse("optimization:cancel", args=[session.pk])).status_code == 405


@pytest.mark.parametrize("query", ["fund=x", "fund=", "from=x", "from=%00", "fund=1"])
def test_a_broken_address_is_not_found(analyst: Client, query: str) -> None:
    assert analyst.get(f"{reverse('optimization:new')}?{query}").status_code == 404
