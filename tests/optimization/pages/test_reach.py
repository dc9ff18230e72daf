"""What limits can reach, beside the fields of the request form: with JavaScript and without."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.ranges.models import AskedRanges
from tests.optimization.pages.requests import VERSION
from tests.optimization.ranges.questions import asked
from tests.optimization.work import do, fail

NEW = reverse("optimization:new")
RANGES: dict[str, Any] = {
    "scenarios": 1000,
    "loss_probability": {"found": 0.31, "certified": 0.25},
    "cvar": {"confidence": 0.95, "least": 0.528},
    "expected_winners": {"most": 1.12},
}
FINISHED = {"status": "complete", "ranges": RANGES, "finished_at": Now()}


def typed(**changes: str) -> dict[str, str]:
    return {"capital_usd": "100", "calibration": VERSION, "optimization_scenarios": "64"} | changes


def ask(client: Client, fund: Fund, **changes: str) -> Any:
    return client.post(reverse("optimization:ask-reach", args=[fund.pk]), typed(**changes))


def follow(client: Client, **typed_limits: str) -> Any:
    found = AskedRanges.objects.get()
    return client.get(reverse("optimization:follow-reach", args=[found.pk]), typed_limits)


def test_form_asks_by_itself_and_offers_a_button(analyst: Client, fund: Fund) -> None:
    page = analyst.get(NEW)

    assertContains(page, f'hx-post="{reverse("optimization:ask-reach", args=[fund.pk])}"')
    assertContains(page, "Show what can be reached")
    assert not AskedRanges.objects.exists()


def test_asking_stores_a_question_and_has_the_page_follow_it(analyst: Client, fund: Fund) -> None:
    answer = ask(analyst, fund)

    found = AskedRanges.objects.get()
    assertContains(answer, reverse("optimization:follow-reach", args=[found.pk]))
    assertContains(answer, "Working out")
    assertContains(answer, "You can go on filling in the form.")
    assert not OptimizationSession.objects.exists()


def test_page_is_left_alone_while_the_question_is_unfinished(analyst: Client, fund: Fund) -> None:
    ask(analyst, fund)

    assert follow(analyst).status_code == 204


def test_page_gets_tracks_and_a_verdict_on_each_limit(analyst: Client, fund: Fund) -> None:
    ask(analyst, fund)
    AskedRanges.objects.update(**FINISHED)

    answer = follow(
        analyst,
        **{
            "limits-max_loss_probability": "10",
            "limits-cvar-max": "60",
            "limits-min_expected_winners": "2",
        },
    )

    assertContains(answer, 'id="reach-limits-max_loss_probability" hx-swap-oob="true"')
    assertContains(answer, "every one loses in at least 250 of 1,000 simulated scenarios")
    assertContains(answer, "none has more than 1.12 expected winners")
    assertContains(answer, "Lowest reachable CVaR 95 52.8%")
    assert answer.content.decode().count("No allocation can:") == 2


def test_known_answer_is_shown_at_once(analyst: Client, fund: Fund) -> None:
    ask(analyst, fund)
    AskedRanges.objects.update(**FINISHED)

    answer = ask(analyst, fund, **{"limits-max_loss_probability": "28"})

    assertContains(answer, "No allocation is known that can, and none is ruled out")
    assertNotContains(answer, "hx-get")


def test_failure_is_said_and_not_waited_for(analyst: Client, fund: Fund) -> None:
    ask(analyst, fund)
    fail(AskedRanges.objects.get().matrix, reason="There is no paper.")

    answer = follow(analyst)

    assertContains(answer, "What can be reached is not known. There is no paper.")
    assertNotContains(answer, "hx-get")


def test_question_that_workers_do_not_answer_is_not_followed_for_ever(
    analyst: Client, fund: Fund
) -> None:
    ask(analyst, fund)
    AskedRanges.objects.update(status_since=Now() - timedelta(minutes=4))

    answer = follow(analyst)

    assertContains(answer, "have not answered for minutes")
    assertNotContains(answer, "hx-get")


def test_fault_in_what_matters_is_named_and_nothing_stored(analyst: Client, fund: Fund) -> None:
    answer = ask(analyst, fund, **{"limits-max_bucket_weight": "200"})

    assertContains(answer, "Largest bucket, at most: Must be")
    assert not AskedRanges.objects.exists()


@pytest.mark.parametrize(
    "fault", [{"name": ""}, {"mip_gap": "x"}, {"limits-max_loss_probability": "many"}]
)
def test_fault_in_what_does_not_matter_is_no_hindrance(
    analyst: Client, fund: Fund, fault: dict[str, str]
) -> None:
    assertContains(ask(analyst, fund, **fault), "Working out")


def test_without_javascript_the_form_comes_back_as_it_was_typed(
    analyst: Client, fund: Fund
) -> None:
    page = analyst.post(
        NEW,
        typed(
            show="reach",
            name="",
            seed="typed seed",
            mip_gap="x",
            **{"limits-max_loss_probability": "10"},
        ),
    )

    assertContains(page, "typed seed")
    assert page.context["form"]["mip_gap"].value() == "x"
    assert page.context["form"]["limits-max_loss_probability"].value() == "10"
    assertContains(page, "again in a few seconds")
    assertNotContains(page, "to correct")
    assert AskedRanges.objects.count() == 1
    assert not OptimizationSession.objects.exists()


def test_without_javascript_the_answer_stands_beside_the_fields(
    analyst: Client, fund: Fund
) -> None:
    sent = typed(show="reach", **{"limits-max_loss_probability": "10"})
    analyst.post(NEW, sent)
    found = AskedRanges.objects.get()
    do(found.matrix)
    do(found)
    AskedRanges.objects.update(ranges=RANGES)

    page = analyst.post(NEW, sent)

    assertContains(page, "every one loses in at least 250 of 1,000 simulated scenarios")
    assertContains(page, "Lowest reachable CVaR 95 52.8%")


def test_without_javascript_a_fault_is_listed_as_of_any_request(
    analyst: Client, fund: Fund
) -> None:
    page = analyst.post(NEW, typed(show="reach", **{"limits-max_bucket_weight": "200"}))

    assertContains(page, "1 thing")
    assertContains(page, "cannot be worked out yet")


def test_others_cannot_ask_or_follow(viewer: Client, stranger: Client, fund: Fund) -> None:
    found = asked(fund)
    address = reverse("optimization:follow-reach", args=[found.pk])

    assert ask(viewer, fund).status_code == 403
    assert ask(stranger, fund).status_code == 404
    assert viewer.get(address).status_code == 204
    assert stranger.get(address).status_code == 404


def test_log_in_that_has_ended_takes_nothing_from_the_form(fund: Fund) -> None:
    found = asked(fund)

    for answer in (
        ask(Client(), fund),
        Client().get(reverse("optimization:follow-reach", args=[found.pk])),
    ):
        assertContains(answer, "You are logged out")
