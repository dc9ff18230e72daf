"""Pages of frontiers: the form that asks for one, its progress, its result."""

import re
from html import unescape
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from funds.models import Fund
from optimization.frontier.results import frontier_result
from optimization.models import OptimizationSession
from tests.optimization.frontier.sessions import (
    GRID,
    completed_frontier,
    do_segments,
    segments_of,
    split,
)
from tests.optimization.pages.requests import request_form, typed_request
from tests.optimization.work import do

TYPED = {
    "frontier__limit": "max_loss_probability",
    "frontier__from": "20",
    "frontier__to": "50%",
    "frontier__points": "7",
}


def page_of(session: OptimizationSession) -> str:
    return reverse("optimization:session", args=[session.pk])


def text_of(content: bytes) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content.decode())).split())


def words_beside(typed: dict[str, str], name: str) -> list[str]:
    form = request_form(typed_request(**typed))
    assert not form.is_valid()
    return [str(words) for words in form.errors.get(name, [])]


def test_section_of_the_form_states_a_frontier_that_never_relaxes() -> None:
    form = request_form(typed_request(**TYPED, relax="on"))

    assert form.is_valid(), form.errors
    assert form.as_request()["frontier"] == GRID
    assert form.parsed.relax is False


def test_form_asks_for_an_allocation_as_long_as_the_section_is_blank() -> None:
    form = request_form(typed_request())

    assert form.is_valid()
    assert form.parsed.frontier is None


def test_values_without_a_limit_to_vary_are_not_forgotten() -> None:
    assert words_beside({**TYPED, "frontier__limit": ""}, "frontier-limit") == ["Fill this in."]


def test_faults_of_the_grid_stand_beside_its_fields_in_percent() -> None:
    assert words_beside({**TYPED, "frontier__to": "20"}, "frontier-to") == [
        "Must be above from (20%) by at least 0.01% for each step; you entered 20."
    ]
    assert words_beside({**TYPED, "frontier__from": "101"}, "frontier-from") == [
        "Must be at least 0% and at most 100%; you entered 101."
    ]
    # 1,000 scenarios: the second point is at .05 %.
    assert words_beside(
        {**TYPED, "frontier__from": "0", "frontier__to": "0.3", "optimization_scenarios": "1000"},
        "frontier-from",
    ) == ["You entered 0 and makes a point at 0.05%, less than one of 1000 scenarios (0.1%)."]


def test_confidence_of_a_varied_cvar_is_the_one_entered_though_its_limit_is_blank() -> None:
    form = request_form(
        typed_request(**{**TYPED, "frontier__limit": "cvar"}, limits__cvar__confidence="90")
    )

    assert form.is_valid(), form.errors
    assert form.parsed.limits.cvar is not None
    assert form.parsed.limits.cvar.confidence == 0.9


def test_section_is_open_when_it_holds_something(analyst: Client, fund: Fund) -> None:
    session = split(fund)

    blank = analyst.get(reverse("optimization:new"), {"fund": str(fund.pk)})
    copied = analyst.get(reverse("optimization:new"), {"from": str(session.pk)})

    assertContains(blank, "<details><summary>Limit to vary")
    assertContains(copied, "<details open><summary>Limit to vary")
    assertContains(copied, '<option value="max_loss_probability" selected>')


def test_page_of_a_running_frontier_counts_its_points(analyst: Client, fund: Fund) -> None:
    session = split(fund)
    do(segments_of(session)[0])

    answer = analyst.get(page_of(session))

    assertContains(answer, "2 of 7 points of the frontier are solved.")
    assertContains(answer, "20.0% to 50.0%, 7 points")


def test_page_of_a_validating_frontier_says_what_is_measured(analyst: Client, fund: Fund) -> None:
    session = split(fund)
    do_segments(session)
    do(session)

    assertContains(analyst.get(page_of(session)), "the same ones for every point")


@pytest.fixture
def frontier(fund: Fund) -> dict[str, Any]:
    # One bucket holds at least a quarter of the fund; at 20 % nothing may keep the limit.
    session = completed_frontier(fund, limits={"max_bucket_weight": 0.5})
    return frontier_result(OptimizationSession.objects.get(pk=session.pk))


def shown(client: Client, result: dict[str, Any]) -> Any:
    return client.get(reverse("optimization:session", args=[result["id"]]))


def test_result_shows_every_point_with_its_bound_and_fresh_figures(
    analyst: Client, frontier: dict[str, Any]
) -> None:
    text = text_of(shown(analyst, frontier).content)

    for point in frontier["frontier"]["points"]:
        assert f"{100 * point['limit']:.2f}" in text
        if point["weights"]:
            assert f"{point['expected_multiple']:.4f} {point['best_bound']:.4f}" in text
            fresh = point["out_of_sample"]["loss_probability"]
            assert f"{100 * fresh['low']:.2f} to {100 * fresh['high']:.2f}" in text


def test_page_counts_the_points_that_are_above_their_limit_on_fresh_scenarios(
    analyst: Client, frontier: dict[str, Any]
) -> None:
    text = text_of(shown(analyst, frontier).content)
    points = [point for point in frontier["frontier"]["points"] if point["weights"]]
    above = sum(
        point["out_of_sample"]["loss_probability"]["value"] > point["limit"] for point in points
    )

    words = f"loss probability is above its limit at {above} of {len(points)} point"
    assert (words in text) == (above > 0)
    assert "If limits cannot all be kept" not in text


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (1, "1 point without an allocation. It is at the tight end."),
        (2, "2 points without an allocation. They are at the tight end."),
    ],
)
def test_points_without_an_allocation_are_told(
    frontier: dict[str, Any], missing: int, words: str
) -> None:
    context = {"session": frontier, "missing_points": missing, "rows": []}

    assert words in text_of(render_to_string("optimization/frontier_result.html", context).encode())


def test_chart_is_drawn_by_the_server_in_two_sizes(
    analyst: Client, frontier: dict[str, Any]
) -> None:
    answer = shown(analyst, frontier)
    found = sum(bool(point["weights"]) for point in frontier["frontier"]["points"])

    assertContains(answer, 'viewBox="0 0 830.0 320.0"')
    assertContains(answer, 'viewBox="0 0 358.0 260.0"')
    # In either size, and one in the key.
    assertContains(answer, '<circle class="accent"', count=2 * found + 1)
    assertContains(answer, '<circle class="hollow"', count=2 * found + 1)


def test_point_can_be_requested_by_those_who_may(
    analyst: Client, viewer: Client, frontier: dict[str, Any]
) -> None:
    loosest = frontier["frontier"]["points"][-1]
    address = f"{reverse('optimization:new')}?from={frontier['id']}&amp;limit={loosest['limit']}"

    assertContains(shown(analyst, frontier), address)
    assertNotContains(shown(viewer, frontier), "&amp;limit=")


def test_form_of_a_point_has_its_limit_and_asks_for_an_allocation(
    analyst: Client, frontier: dict[str, Any]
) -> None:
    answer = analyst.get(reverse("optimization:new"), {"from": frontier["id"], "limit": "0.45"})

    form = answer.context["form"]
    assert form["limits-max_loss_probability"].value() == "45"
    assert form["limits-max_bucket_weight"].value() == "50"
    assert not form.states_frontier
    assert form["name"].value() == "Base case, at most 45%"


@pytest.mark.parametrize("limit", ["0.451", "nan", "", "0.45x"])
def test_limit_that_is_no_point_of_the_frontier_is_not_found(
    analyst: Client, frontier: dict[str, Any], limit: str
) -> None:
    answer = analyst.get(reverse("optimization:new"), {"from": frontier["id"], "limit": limit})

    assert answer.status_code == 404


def test_list_names_frontiers(analyst: Client, frontier: dict[str, Any]) -> None:
    assertContains(analyst.get(reverse("optimization:sessions")), "(frontier)")


def test_stranger_sees_no_frontier(stranger: Client, frontier: dict[str, Any]) -> None:
    assert shown(stranger, frontier).status_code == 404
