"""An analyst chooses between the benchmarks and the fund's own calibrations, and sees which."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from funds.models import CalibrationSnapshot, Fund
from optimization.models import OptimizationSession
from optimization.request.fund_facts import fund_facts
from optimization.request_form.calibrations import calibration_choices
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import FundFactory
from tests.optimization.pages.requests import VERSION

NEW = reverse("optimization:new")


@pytest.fixture
def own(fund: Fund) -> CalibrationSnapshot:
    return fund_calibration(
        fund,
        label="Own rounds of 34 companies",
        sample_size=34,
        window_start=date(2010, 3, 1),
        window_end=date(2025, 12, 31),
    )


def test_each_calibration_shows_label_sample_and_window(
    analyst: Client, own: CalibrationSnapshot
) -> None:
    page = analyst.get(NEW)

    assertContains(page, "Own rounds of 34 companies")
    assertContains(page, "The fund's own rounds: 34 companies, 1 Mar 2010 to 31 Dec 2025.")
    assertContains(page, "Benchmark: 21,640 financings, 1 Jan 2004 to 31 Dec 2013.")


def test_the_funds_default_is_marked_and_chosen(
    analyst: Client, fund: Fund, own: CalibrationSnapshot
) -> None:
    fund.default_calibration = own
    fund.save(update_fields=["default_calibration"])

    form = analyst.get(NEW).context["form"]

    assert [row.choice.is_default for row in form.calibration_rows] == [False, True]
    assert [row.radio.data["selected"] for row in form.calibration_rows] == [False, True]


def test_own_calibrations_come_after_benchmarks_latest_first(fund: Fund) -> None:
    for year in (2023, 2025, 2024):
        fund_calibration(fund, version=f"own {year}", window_end=date(year, 12, 31))

    choices = calibration_choices(fund_facts(fund))

    assert [choice.version for choice in choices] == [VERSION, "own 2025", "own 2024", "own 2023"]


def test_calibration_of_another_fund_is_not_offered(analyst: Client, fund: Fund) -> None:
    fund_calibration(FundFactory.create(), label="Secrets of others")

    assertNotContains(analyst.get(NEW), "Secrets of others")


def test_chosen_calibration_is_the_one_of_the_session(
    analyst: Client, own: CalibrationSnapshot
) -> None:
    analyst.post(NEW, {"name": "Ours", "capital_usd": "100", "calibration": own.version})

    session = OptimizationSession.objects.get()
    assert session.calibration == own
    assert session.request["calibration"] == own.version


def test_choice_stays_after_a_fault(analyst: Client, own: CalibrationSnapshot) -> None:
    answer = analyst.post(NEW, {"name": "", "calibration": own.version})

    rows = answer.context["form"].calibration_rows
    assert {row.choice.version: row.radio.data["selected"] for row in rows} == {
        VERSION: False,
        own.version: True,
    }


def test_probability_typed_beside_one_regime_never_becomes_that_of_another(
    analyst: Client, fund: Fund, own: CalibrationSnapshot
) -> None:
    bear_and_bull = [
        {"name": "bear", "probability": 0.5, "shock_min": -1.0, "shock_max": 0.0},
        {"name": "bull", "probability": 0.5, "shock_min": 0.0, "shock_max": 1.0},
    ]
    two = fund_calibration(
        fund, version="two", parameters={**own.parameters, "regimes": bear_and_bull}
    )
    typed = {
        "name": "Ours",
        "capital_usd": "100",
        "calibration": two.version,
        "regimes_of": own.version,
        "regimes-0-probability": "60",
        "regimes-1-probability": "40",
    }

    refused = analyst.post(NEW, typed)

    assertContains(refused, "Regimes</a> are other ones under the calibration chosen now")
    assertContains(refused, 'name="regimes_of" value="two"')
    assertContains(refused, "Bear, probability")
    assert not OptimizationSession.objects.exists()

    analyst.post(NEW, {**typed, "regimes_of": two.version})

    regimes = OptimizationSession.objects.get().request["regimes"]
    assert [regime["probability"] for regime in regimes] == [0.6, 0.4]


def test_forged_choice_is_a_fault_that_links_to_the_calibrations(
    analyst: Client, fund: Fund
) -> None:
    foreign = fund_calibration(FundFactory.create())

    answer = analyst.post(
        NEW, {"name": "Theirs", "capital_usd": "100", "calibration": foreign.version}
    )

    assertContains(answer, 'href="#id_calibration_0"')
    assertContains(answer, f"Must be one of {VERSION}; you entered {foreign.version}.", count=2)
    assert not OptimizationSession.objects.exists()


def test_table_of_correlations_names_every_active_bucket(analyst: Client, fund: Fund) -> None:
    fund.bucket_policies.filter(stage__key="series_a").update(is_active=False)

    answer = analyst.get(reverse("optimization:correlation-table", args=[fund.pk]))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.content.decode() == (",seed/fintech,seed/saas\nseed/fintech,1,0\nseed/saas,0,1\n")


def test_table_of_correlations_is_for_those_who_see_the_fund(
    viewer: Client, stranger: Client, client: Client, fund: Fund
) -> None:
    address = reverse("optimization:correlation-table", args=[fund.pk])

    assert viewer.get(address).status_code == 200
    assert stranger.get(address).status_code == 404
    assert client.get(address).status_code == 302
