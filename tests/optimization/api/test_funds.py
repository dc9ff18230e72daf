"""GET /funds: what a caller may request optimizations for, and against what they are checked."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from funds.models import BucketPolicy, Fund
from optimization.request.fund_facts import fund_facts
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import FundFactory

ADDRESS = "/api/v1/funds"


def test_funds_are_listed_by_name(analyst: Client, fund: Fund) -> None:
    Fund.objects.filter(pk=fund.pk).update(name="Middle")
    for name in ("Zenith", "Alpha"):
        FundFactory.create(organisation=fund.organisation, name=name)

    names = [row["name"] for row in analyst.get(ADDRESS).json()["data"]]

    assert names == ["Alpha", "Middle", "Zenith"]


def test_funds_come_in_pages(analyst: Client, fund: Fund) -> None:
    for number in range(4):
        FundFactory.create(organisation=fund.organisation, name=f"More {number}")
    whole = [row["id"] for row in analyst.get(ADDRESS).json()["data"]]

    first = analyst.get(f"{ADDRESS}?limit=3").json()
    second = analyst.get(first["next"]).json()
    back = analyst.get(second["previous"]).json()

    assert [row["id"] for row in first["data"] + second["data"]] == whole
    assert back["data"] == first["data"]


def test_fund_in_the_list_says_what_it_is(analyst: Client, fund: Fund) -> None:
    (row,) = analyst.get(ADDRESS).json()["data"]

    assert row == {
        "id": str(fund.pk),
        "name": fund.name,
        "organisation": {"id": str(fund.organisation.pk), "name": fund.organisation.name},
        "is_sample": False,
        "size_usd": "100000000.00",
        "taxonomy": fund.taxonomy.version,
        "default_calibration": "v2025_industry_benchmark",
        "may_request": True,
    }


def test_viewer_is_told_that_they_may_not_request(viewer: Client, fund: Fund) -> None:
    (row,) = viewer.get(ADDRESS).json()["data"]

    assert row["may_request"] is False


def test_fund_shows_the_facts_that_requests_are_checked_against(
    analyst: Client, fund: Fund
) -> None:
    shown = analyst.get(f"{ADDRESS}/{fund.pk}").json()

    assert shown["buckets"] == [dict(bucket) for bucket in fund_facts(fund).buckets]
    assert shown["stages"] == ["seed", "series_a"]
    assert shown["sectors"] == ["fintech", "saas"]
    assert shown["default_limits"] == fund.default_limits


def test_all_in_cost_is_shown_exactly(analyst: Client, fund: Fund) -> None:
    BucketPolicy.objects.filter(fund=fund).update(
        initial_cheque_usd=Decimal("1000000.01"), reserve_ratio=Decimal("0.5")
    )

    buckets = analyst.get(f"{ADDRESS}/{fund.pk}").json()["buckets"]

    # 1,000,000.01 x 1.5 = 1,500,000.015, a tie that goes to the even cent.
    assert {bucket["all_in_cost_usd"] for bucket in buckets} == {"1500000.02"}


def test_calibrations_are_the_benchmarks_and_the_funds_own(analyst: Client, fund: Fund) -> None:
    own = fund_calibration(fund)
    fund_calibration(FundFactory.create())

    shown = analyst.get(f"{ADDRESS}/{fund.pk}").json()["calibrations"]

    assert [(entry["version"], entry["kind"]) for entry in shown] == [
        (own.version, "fund"),
        ("v2025_industry_benchmark", "benchmark"),
    ]


def test_calibration_shows_what_it_rests_on(analyst: Client, fund: Fund) -> None:
    own = fund_calibration(
        fund,
        label="Own rounds of 34 companies",
        sample_size=34,
        window_start=date(2010, 3, 1),
        window_end=date(2025, 12, 31),
    )

    (shown, _benchmark) = analyst.get(f"{ADDRESS}/{fund.pk}").json()["calibrations"]

    assert shown == {
        "version": own.version,
        "label": "Own rounds of 34 companies",
        "kind": "fund",
        "sample_size": 34,
        "window_start": "2010-03-01",
        "window_end": "2025-12-31",
    }


def test_bucket_that_is_not_active_is_not_shown(analyst: Client, fund: Fund) -> None:
    BucketPolicy.objects.filter(fund=fund, sector__key="saas").update(is_active=False)

    shown = analyst.get(f"{ADDRESS}/{fund.pk}").json()

    assert shown["sectors"] == ["fintech"]


def test_fund_without_calibration_says_so(analyst: Client, fund: Fund) -> None:
    Fund.objects.filter(pk=fund.pk).update(default_calibration=None)

    assert analyst.get(f"{ADDRESS}/{fund.pk}").json()["default_calibration"] is None


@pytest.mark.parametrize("query", ["limit=0", "cursor=x", "status=FAILED"])
def test_query_that_breaks_a_rule_is_refused(analyst: Client, query: str) -> None:
    assert analyst.get(f"{ADDRESS}?{query}").status_code == 400
