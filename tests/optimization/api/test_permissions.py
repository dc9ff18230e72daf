"""Who gets what at every address: {anonymous, stranger, viewer, analyst}."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from funds.models import Fund, User
from optimization.models import OptimizationSession
from tests.optimization.factories import session_at
from tests.optimization.ranges.questions import asked

Person = Callable[[str], Client]
Status = OptimizationSession.Status
PEOPLE = ("anonymous", "stranger", "viewer", "analyst")

# What (method, name of the address) answers to each of PEOPLE. The session is a failed one.
ANSWERS: dict[tuple[str, str], tuple[int, int, int, int]] = {
    ("get", "optimization-list"): (401, 200, 200, 200),
    ("post", "optimization-list"): (401, 404, 403, 202),
    ("get", "optimization-detail"): (401, 404, 200, 200),
    ("get", "optimization-result"): (401, 404, 409, 409),
    ("post", "optimization-cancel"): (401, 404, 403, 409),
    ("post", "optimization-retry"): (401, 404, 403, 202),
    ("post", "attainable-ranges-list"): (401, 404, 403, 202),
    ("get", "attainable-ranges"): (401, 404, 200, 200),
    ("get", "fund-list"): (401, 200, 200, 200),
    ("get", "fund-detail"): (401, 404, 200, 200),
    ("get", "scenario-matrix"): (401, 404, 200, 200),
    ("get", "schema"): (200, 200, 200, 200),
    ("get", "schema-without-slash"): (200, 200, 200, 200),
    ("get", "no-such-address"): (404, 404, 404, 404),
    ("post", "no-such-address"): (404, 404, 404, 404),
}


def patterns(urls: Sequence[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for entry in urls:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns)
        else:
            yield entry


def api_patterns() -> list[URLPattern]:
    """Every address below /api/, found the way Django finds it."""
    below_api = [
        entry
        for entry in get_resolver().url_patterns
        if isinstance(entry, URLResolver) and str(entry.pattern).startswith("api/")
    ]
    return list(patterns(below_api))


def methods_of(pattern: URLPattern) -> set[str]:
    view = getattr(pattern.callback, "view_class", None)
    if view is None:
        return {"get", "post"}
    return {name for name in view.http_method_names if hasattr(view, name) and name != "head"}


@pytest.fixture
def failed(fund: Fund) -> OptimizationSession:
    return session_at(Status.FAILED, fund=fund)


def address(name: str, session: OptimizationSession) -> str:
    arguments: dict[str, dict[str, Any]] = {
        "optimization-detail": {"session_id": session.pk},
        "optimization-result": {"session_id": session.pk},
        "optimization-cancel": {"session_id": session.pk},
        "optimization-retry": {"session_id": session.pk},
        "attainable-ranges": {"ranges_id": asked(session.fund).pk}
        if name == "attainable-ranges"
        else {},
        "fund-detail": {"fund_id": session.fund_id},
        "scenario-matrix": {"matrix_key": session.matrix.matrix_key if session.matrix else ""},
    }
    if name == "no-such-address":
        return "/api/v1/nothing"
    return reverse(f"api:{name}", kwargs=arguments.get(name, {}))


def test_every_address_below_the_api_has_a_row_in_the_table() -> None:
    found = {(method, p.name) for p in api_patterns() for method in methods_of(p)}

    assert found == set(ANSWERS)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(("method", "name"), ANSWERS)
def test_each_person_gets_the_answer_of_the_table(
    person: Person, who: str, method: str, name: str, failed: OptimizationSession
) -> None:
    client = person(who)
    expected = ANSWERS[method, name][PEOPLE.index(who)]
    is_request = name in ("optimization-list", "attainable-ranges-list")
    body = {"fund": str(failed.fund_id), "name": "Mine"} if is_request else {}
    arguments = {"data": body, "content_type": "application/json"} if method == "post" else {}

    response = getattr(client, method)(address(name, failed), **arguments)

    assert response.status_code == expected, response.content


@pytest.mark.parametrize("who", ["anonymous", "stranger", "viewer"])
@pytest.mark.parametrize("name", ["optimization-list", "optimization-cancel", "optimization-retry"])
def test_refused_post_changes_nothing(
    person: Person, who: str, name: str, failed: OptimizationSession
) -> None:
    body = {"fund": str(failed.fund_id), "name": "Mine"}

    person(who).post(address(name, failed), data=body, content_type="application/json")

    assert OptimizationSession.objects.count() == 1
    failed.refresh_from_db()
    assert failed.status == Status.FAILED


@pytest.mark.parametrize("name", ["optimization-list", "fund-list"])
def test_lists_show_a_stranger_nothing_of_others(
    stranger: Client, failed: OptimizationSession, name: str
) -> None:
    shown = stranger.get(address(name, failed)).json()["data"]

    assert str(failed.pk) not in {row["id"] for row in shown}
    assert str(failed.fund_id) not in {row["id"] for row in shown}


def test_filter_by_a_foreign_fund_shows_nothing(
    stranger: Client, failed: OptimizationSession
) -> None:
    response = stranger.get(f"/api/v1/optimizations?fund={failed.fund_id}")

    assert response.json() == {"data": [], "next": None, "previous": None}


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "optimization-detail"),
        ("get", "optimization-result"),
        ("post", "optimization-cancel"),
        ("post", "optimization-retry"),
        ("get", "attainable-ranges"),
        ("get", "fund-detail"),
        ("get", "scenario-matrix"),
    ],
)
def test_foreign_and_absent_objects_cannot_be_told_apart(
    stranger: Client, method: str, name: str, failed: OptimizationSession
) -> None:
    there = address(name, failed)
    identifier = re.compile("[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}")
    absent = identifier.sub(lambda match: re.sub("[0-9a-f]", "0", match.group()), there)
    assert absent != there

    foreign = getattr(stranger, method)(there).json()
    missing = getattr(stranger, method)(absent).json()

    varying = {"instance", "request_id"}
    assert {k: v for k, v in foreign.items() if k not in varying} == {
        k: v for k, v in missing.items() if k not in varying
    }


def test_posting_for_a_foreign_fund_and_for_none_cannot_be_told_apart(
    stranger: Client, fund: Fund
) -> None:
    answers = [
        stranger.post(
            "/api/v1/optimizations",
            data={"fund": fund_id, "name": "Mine"},
            content_type="application/json",
        ).json()["detail"]
        for fund_id in (str(fund.pk), "00000000-0000-4000-8000-000000000000")
    ]

    assert answers[0] == answers[1]


def test_staff_without_membership_see_no_more_than_others(
    newcomer: Client, failed: OptimizationSession
) -> None:
    User.objects.update(is_staff=True, is_superuser=True)

    assert newcomer.get(address("optimization-detail", failed)).status_code == 404
    assert newcomer.get(address("fund-list", failed)).json()["data"] == []
