"""Pages of sessions: their order, their filters, and what stays put while rows come and go."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from funds.models import Fund
from optimization.models import OptimizationSession
from tests.funds.factories import FundFactory
from tests.optimization.factories import requested_session, session_at

ADDRESS = "/api/v1/optimizations"
Status = OptimizationSession.Status
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def sessions_of(fund: Fund, count: int, *, same_moment: bool = False) -> list[str]:
    """The ids of new sessions of ``fund``, newest first."""
    made = [requested_session(fund=fund) for _ in range(count)]
    for minutes, session in enumerate(made):
        moment = NOON if same_moment else NOON + timedelta(minutes=minutes)
        OptimizationSession.objects.filter(pk=session.pk).update(requested_at=moment)
    ordered = OptimizationSession.objects.filter(fund=fund).order_by("-requested_at", "-pk")
    return [str(pk) for pk in ordered.values_list("pk", flat=True)]


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["data"]]


def pages(client: Client, start: str) -> list[list[str]]:
    """The ids on each page from ``start`` to the end."""
    found = []
    address: str | None = start
    while address:
        page = client.get(address).json()
        found.append(ids(page))
        address = page["next"]
    return found


def encoded(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def test_newest_session_comes_first(analyst: Client, fund: Fund) -> None:
    newest_first = sessions_of(fund, 3)

    assert ids(analyst.get(ADDRESS).json()) == newest_first


def test_empty_list_has_no_other_page(analyst: Client) -> None:
    assert analyst.get(ADDRESS).json() == {"data": [], "next": None, "previous": None}


@pytest.mark.parametrize("same_moment", [False, True], ids=["apart", "at the same moment"])
@pytest.mark.parametrize(("limit", "sizes"), [(2, [2, 2, 1]), (5, [5]), (4, [4, 1]), (1, [1] * 5)])
def test_pages_show_every_session_once(
    analyst: Client, fund: Fund, limit: int, sizes: list[int], same_moment: bool
) -> None:
    newest_first = sessions_of(fund, 5, same_moment=same_moment)

    found = pages(analyst, f"{ADDRESS}?limit={limit}")

    assert [len(page) for page in found] == sizes
    assert list(chain(*found)) == newest_first


@pytest.mark.parametrize("same_moment", [False, True], ids=["apart", "at the same moment"])
def test_way_back_shows_the_same_pages(analyst: Client, fund: Fund, same_moment: bool) -> None:
    newest_first = sessions_of(fund, 5, same_moment=same_moment)
    first = analyst.get(f"{ADDRESS}?limit=2").json()
    second = analyst.get(first["next"]).json()
    third = analyst.get(second["next"]).json()

    back_to_second = analyst.get(third["previous"]).json()
    back_to_first = analyst.get(back_to_second["previous"]).json()

    assert ids(third) == newest_first[4:]
    assert third["next"] is None
    assert back_to_second["data"] == second["data"]
    assert back_to_first["data"] == first["data"]
    assert back_to_first["previous"] is None
    assert ids(analyst.get(back_to_first["next"]).json()) == ids(second)


def test_session_that_comes_meanwhile_moves_no_other(analyst: Client, fund: Fund) -> None:
    newest_first = sessions_of(fund, 4)
    first = analyst.get(f"{ADDRESS}?limit=2").json()

    newcomer = requested_session(fund=fund)

    assert ids(analyst.get(first["next"]).json()) == newest_first[2:]
    assert ids(analyst.get(ADDRESS).json())[0] == str(newcomer.pk)


def test_session_that_goes_meanwhile_hides_no_other(analyst: Client, fund: Fund) -> None:
    newest_first = sessions_of(fund, 4)
    first = analyst.get(f"{ADDRESS}?limit=2").json()

    OptimizationSession.objects.filter(pk=newest_first[1]).delete()

    assert ids(analyst.get(first["next"]).json()) == newest_first[2:]


def test_filters_and_limit_stay_on_the_next_page(analyst: Client, fund: Fund) -> None:
    for _ in range(3):
        session_at(Status.CANCELLED, fund=fund)
    requested_session(fund=fund)

    found = pages(analyst, f"{ADDRESS}?limit=2&status=CANCELLED&fund={fund.pk}")

    assert [len(page) for page in found] == [2, 1]


@pytest.mark.parametrize("status", [Status.MATRIX_GENERATING, Status.FAILED])
def test_status_filter_shows_that_status_alone(analyst: Client, fund: Fund, status: str) -> None:
    wanted = session_at(status, fund=fund)
    session_at(Status.CANCELLED, fund=fund)

    assert ids(analyst.get(f"{ADDRESS}?status={status}").json()) == [str(wanted.pk)]


def test_fund_filter_shows_that_fund_alone(analyst: Client, fund: Fund) -> None:
    other = FundFactory.create(organisation=fund.organisation)
    wanted = requested_session(fund=other)
    requested_session(fund=fund)

    assert ids(analyst.get(f"{ADDRESS}?fund={other.pk}").json()) == [str(wanted.pk)]


@pytest.mark.parametrize(
    ("query", "parameter", "rule"),
    [
        ("stats=FAILED", "stats", "is not a field"),
        ("status=failed", "status", "must be one of"),
        ("status=", "status", "must be one of"),
        ("status=%00", "status", "must be one of"),
        ("status=FAILED&status=CANCELLED", "status", "more than once"),
        ("fund=1", "fund", "must be a UUID"),
        ("fund=%00", "fund", "control characters"),
        ("limit=0", "limit", "from 1 to 100"),
        ("limit=101", "limit", "from 1 to 100"),
        ("limit=-1", "limit", "from 1 to 100"),
        ("limit=ten", "limit", "from 1 to 100"),
        ("limit=1e1", "limit", "from 1 to 100"),
        ("limit=%D9%A3", "limit", "from 1 to 100"),
        (f"limit={'9' * 5000}", "limit", "from 1 to 100"),
        ("cursor=", "cursor", "not a cursor"),
        ("cursor=abc", "cursor", "not a cursor"),
        ("cursor=%00", "cursor", "not a cursor"),
        ("cursor=%C3%A9", "cursor", "not a cursor"),
        ("format=xml", "format", "is not a field"),
    ],
)
def test_query_that_breaks_a_rule_is_refused_instead_of_showing_more(
    analyst: Client, query: str, parameter: str, rule: str
) -> None:
    response = analyst.get(f"{ADDRESS}?{query}")

    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["parameter"] == parameter
    assert rule in error["detail"]


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("after", NOON.isoformat()),
        ("after", NOON.isoformat(), "not an id"),
        ("after", "2026-01-01T12:00:00", "00000000-0000-4000-8000-000000000000"),
        ("after", "0001-01-01T00:00:00+23:59", "00000000-0000-4000-8000-000000000000"),
        ("sideways", NOON.isoformat(), "00000000-0000-4000-8000-000000000000"),
        ("after", 5, "00000000-0000-4000-8000-000000000000"),
        ("after", "\x00", "00000000-0000-4000-8000-000000000000"),
        ({"after": [[[]]]},),
    ],
)
def test_forged_cursor_is_refused(analyst: Client, parts: tuple[object, ...]) -> None:
    assert analyst.get(f"{ADDRESS}?cursor={encoded(*parts)}").status_code == 400


def test_cursor_of_another_list_is_refused(analyst: Client, fund: Fund) -> None:
    FundFactory.create(organisation=fund.organisation)
    following = analyst.get("/api/v1/funds?limit=1").json()["next"]

    response = analyst.get(following.replace("/funds", "/optimizations"))

    assert response.status_code == 400


def test_several_faults_of_a_query_are_listed_together(analyst: Client) -> None:
    response = analyst.get(f"{ADDRESS}?limit=0&cursor=x&status=y&z=1")

    assert {error["parameter"] for error in response.json()["errors"]} == {
        "limit", "cursor", "status", "z",
    }  # fmt: skip


def test_number_of_queries_does_not_grow_with_the_page(
    analyst: Client, fund: Fund, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sessions_of(fund, 6)

    # Token, other tokens of its user (for expiry), sessions with fund and person, their events.
    with django_assert_num_queries(4):
        analyst.get(f"{ADDRESS}?limit=1")
    with django_assert_num_queries(4):
        analyst.get(f"{ADDRESS}?limit=6")
