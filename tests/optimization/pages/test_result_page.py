"""The page shows the figures of the results dict, and no others."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.pages.context import result_context
from optimization.results.session_results import session_result
from tests.optimization.completed import completed_session
from tests.optimization.measured import BUCKET_FACTS, METRICS, NO_BUCKET_FACTS, NO_METRICS

LIMITS = {
    "max_loss_probability": 0.9,
    "cvar": {"confidence": 0.95, "max": 0.9},
    "min_expected_winners": 0.1,
    "max_bucket_weight": 0.5,
    "stages": {"seed": {"min": 0.2, "max": 0.6}},
    "sectors": {"saas": {"max": 0.7}},
}


@pytest.fixture
def result(fund: Fund) -> dict[str, Any]:
    session = completed_session(fund=fund, limits=LIMITS)
    return session_result(OptimizationSession.objects.get(pk=session.pk))


@pytest.fixture
def shown(analyst: Client, result: dict[str, Any]) -> str:
    """The text of the page as on a wide screen, tags replaced by single blanks."""
    return text_of(analyst.get(reverse("optimization:session", args=[result["id"]])).content)


def text_of(page: bytes) -> str:
    page_text = re.sub(r'<span class="restated">[^<]*</span>', "", page.decode())
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page_text)).split())


def test_headline_figures_are_out_of_sample_with_their_interval(
    result: dict[str, Any], shown: str
) -> None:
    risk = result["risk"]
    multiple, loss, cvar = risk["expected_multiple"], risk["loss_probability"], risk["cvar"]

    assert (
        f"Expected multiple {multiple['out_of_sample']:.2f} x 95% interval"
        f" {multiple['interval'][0]:.2f} to {multiple['interval'][1]:.2f}x"
        f" In sample {multiple['in_sample']:.2f}x Exact mean {multiple['exact']:.2f}x"
    ) in shown
    assert (
        f"Loss probability {100 * loss['out_of_sample']:.1f} % 95% interval"
        f" {100 * loss['interval'][0]:.1f} to {100 * loss['interval'][1]:.1f}%"
        f" In sample {100 * loss['in_sample']:.1f}% Limit at most 90.0%"
    ) in shown
    assert f"CVaR 95 {100 * cvar['out_of_sample']:.1f} %" in shown
    assert f"Expected winners {risk['expected_winners']['exact']:.2f} deals exact" in shown


def test_every_bucket_is_shown_with_its_weight_dollars_and_deals(
    result: dict[str, Any], shown: str
) -> None:
    for row in result["buckets"]:
        dollars = Decimal(row["dollars_usd"]) / 1_000_000
        assert f"{100 * row['weight']:.1f} {dollars:.2f} {row['deals']:.1f}" in shown


def test_dollars_are_said_to_add_up_to_the_capital(shown: str) -> None:
    assert "add up to $100,000,000.00." in shown


def test_every_note_is_shown_before_the_tables(result: dict[str, Any], shown: str) -> None:
    assert result["notes"]
    for note in result["notes"]:
        assert 0 < shown.index(note["text"]) < shown.index("Loss probability alone")


def test_every_limit_is_shown_with_what_it_came_to(result: dict[str, Any], shown: str) -> None:
    rows = {row["id"]: row for row in result["allocation"]["constraints"]}
    seed = rows["stages.seed.min"]

    assert len(rows) == 7
    assert (
        f"seed at least 20.0% at least 20.0% {100 * seed['actual']:.1f}%"
        f" {100 * seed['slack']:.1f} pt {'Binding' if seed['binding'] else 'Met'}"
    ) in shown
    assert (
        f"Expected winners at least 0.10 at least 0.10 {rows['min_expected_winners']['actual']:.2f}"
        in shown
    )


def test_the_histogram_and_its_table_agree(result: dict[str, Any], shown: str) -> None:
    bins = result["distribution"]["histogram"]

    assert f"0.9x to 1.0x {100 * bins['shares'][9]:.2f}" in shown
    assert f"5.0x or more {100 * bins['share_beyond']:.2f}" in shown
    assert f"{100 * bins['share_beyond']:.1f}% of scenarios lie beyond the axis" in shown


def test_the_independent_method_and_the_checks_are_shown(
    result: dict[str, Any], shown: str
) -> None:
    assert f"{result['validation']['greedy']['expected_multiple']:.2f}x" in shown
    for check in result["validation"]["checks"]:
        assert check["name"] in shown
        assert check["detail"] in shown


def test_what_is_needed_to_repeat_the_run_is_shown(result: dict[str, Any], shown: str) -> None:
    assert result["matrix"]["key"] in shown
    assert result["matrix"]["sha256"] in shown
    assert result["calibration"]["version"] in shown
    assert (
        f"{result['allocation']['solver']['name']} {result['allocation']['solver']['version']}"
        in shown
    )


def test_reserves_add_up_over_the_stages(result: dict[str, Any], shown: str) -> None:
    reserved = sum(Decimal(row["reserves_usd"]) for row in result["buckets"]) / 1_000_000
    called = (
        sum(Decimal(row["expected_reserve_calls_usd"]) for row in result["buckets"]) / 1_000_000
    )

    assert f"Fund 100.00 {reserved:.2f} {called:.2f}" in shown


def test_relaxed_limit_is_shown_in_words_with_what_was_requested_and_granted(
    analyst: Client, fund: Fund
) -> None:
    session = completed_session(
        fund=fund, limits={"cvar": {"confidence": 0.95, "max": 0.01}}, relax=True
    )
    (relaxation,) = session_result(session)["allocation"]["relaxations"]
    page = text_of(analyst.get(reverse("optimization:session", args=[session.pk])).content)

    granted, moved = 100 * relaxation["granted"], 100 * (relaxation["granted"] - 0.01)
    assert "Completed, 1 limit relaxed" in page
    assert "Meets every limit as granted" in page
    assert f"Limit 1.0% raised to {granted:.1f}%" in page
    assert f"CVaR: at most {granted:.1f}% instead of 1.0%, provably the least." in page
    assert f"CVaR at most 1.0% at most {granted:.1f}%" in page
    assert f"Relaxed by {moved:.1f} pt provably the least" in page


def test_value_of_a_limit_and_shares_of_buckets_are_shown(
    result: dict[str, Any], shown: str
) -> None:
    explanation = result["allocation"]["explanation"]

    assert explanation["limit_values"]
    for value in explanation["limit_values"]:
        gain = value["multiple_gain"]
        assert (f"+{gain:.3f}x per" if gain >= 0.0005 else "per 1.0 pt") in shown
    for part in explanation["contributions"]:
        shares = (part["expected_multiple_share"], part["tail_loss_share"])
        multiple, loss = (f"{100 * share:.1f}".replace("-", "\N{MINUS SIGN}") for share in shares)
        assert f" {multiple} {loss} " in shown


def test_a_result_without_limits_has_a_page(analyst: Client, fund: Fund) -> None:
    session = completed_session(fund=fund)

    page = analyst.get(reverse("optimization:session", args=[session.pk])).content.decode()

    assert "The request set no limit." in page


def test_no_inline_style_or_script_is_on_the_page(analyst: Client, result: dict[str, Any]) -> None:
    page = analyst.get(reverse("optimization:session", args=[result["id"]])).content.decode()

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


@pytest.fixture
def measured(analyst: Client, fund: Fund) -> str:
    """The text of a page with cash flows, tags replaced by single blanks."""
    session = completed_session(fund=fund, metrics=METRICS, bucket_facts=BUCKET_FACTS)
    page = analyst.get(reverse("optimization:session", args=[session.pk])).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_irr_stands_beside_the_multiple_with_its_spread(measured: str) -> None:
    minus = "\N{MINUS SIGN}"

    assert (
        f"Gross IRR, median 9.3 % a year P10 to P90 {minus}10.0 to 35.6%"
        f" Below zero 25.0% At {minus}100% 0.10%"
    ) in measured
    assert "IRR below 0% 25.00% 23.80 to 26.22%" in measured


def test_tables_beside_the_charts_hold_every_year(measured: str) -> None:
    minus = "\N{MINUS SIGN}"

    assert f"Year Called Distributed Net so far 0 50.00 0.00 {minus}50.00 1 0.00 0.00" in measured
    assert "9 0.00 80.00 100.00" in measured
    assert f"15 {minus}0.40 0.30 2.00" in measured


def test_what_moves_the_allocation_is_told_in_words_and_by_bucket(measured: str) -> None:
    assert "Half of the swings of this allocation come from the economy" in measured
    assert "This allocation 50 20 30" in measured
    assert "seed / saas 25 15 60" in measured
    assert "seed / saas 0.400000 0.200000" in measured


def test_calibration_and_source_of_the_scenarios_are_told(measured: str) -> None:
    assert "a benchmark, sample size 21,640" in measured
    assert "64 scenarios, generated for this request in" in measured


def test_result_of_an_earlier_release_has_a_page_without_cash_flows(
    analyst: Client, fund: Fund
) -> None:
    session = completed_session(fund=fund, metrics=NO_METRICS, bucket_facts=NO_BUCKET_FACTS)

    answer = analyst.get(reverse("optimization:session", args=[session.pk]))

    assertContains(answer, "Expected multiple")
    assertNotContains(answer, "IRR")
    assertNotContains(answer, "Loadings")


def test_result_of_an_earlier_release_has_a_page_without_explanations(fund: Fund) -> None:
    session = completed_session(fund=fund, limits=LIMITS)
    assert session.allocation is not None
    del session.allocation["solution"]["explanation"]
    earlier = session_result(session)
    context = {"session": earlier, **result_context(earlier)}

    assert earlier["allocation"]["explanation"] is None
    assert "Share of" not in render_to_string("optimization/_allocation.html", context)
    assert "looser" not in render_to_string("optimization/_limits.html", context)


def test_law_that_the_request_states_is_told(analyst: Client, fund: Fund) -> None:
    session = completed_session(fund=fund, scenario_law={"unspent_reserves": "idle"})

    answer = analyst.get(reverse("optimization:session", args=[session.pk]))

    assertContains(answer, "<dt>Reserves that are not called</dt><dd>lost</dd>", html=True)
    assertContains(answer, "What is not called counts as lost.")


def test_mean_with_recycling_is_called_estimated_and_recycled_money_is_explained(
    analyst: Client, fund: Fund
) -> None:
    recycling = {
        "utilization_fraction": 0.5,
        "cost_multiple": 1,
        "max_deals": 3,
        "deadline_years": 6,
    }
    session = completed_session(fund=fund, scenario_law={"recycling": recycling})

    answer = analyst.get(reverse("optimization:session", args=[session.pk]))

    assertContains(answer, "Recycled money counts as distributed and called again.")
    assertContains(answer, "what recycling adds is estimated")
    assertNotContains(answer, "Exact mean")


def test_mean_without_recycling_is_called_exact(shown: str) -> None:
    assert "Exact mean" in shown
    assert "Recycled money" not in shown
