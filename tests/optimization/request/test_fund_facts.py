"""What of a fund a request is checked against: its active buckets and usable calibrations."""

from decimal import Decimal

import pytest

from funds.models import BucketPolicy, Fund
from optimization.request.fund_facts import fund_facts
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import FundFactory

pytestmark = pytest.mark.django_db


def keys(fund: Fund) -> list[str]:
    return [bucket["key"] for bucket in fund_facts(fund).buckets]


def test_buckets_are_in_the_order_of_stages_and_then_of_sectors(fund: Fund) -> None:
    assert keys(fund) == ["seed/fintech", "seed/saas", "series_a/fintech", "series_a/saas"]


def test_bucket_that_is_not_active_is_left_out(fund: Fund) -> None:
    BucketPolicy.objects.filter(fund=fund, stage__key="seed", sector__key="saas").update(
        is_active=False
    )
    assert keys(fund) == ["seed/fintech", "series_a/fintech", "series_a/saas"]


def test_buckets_of_other_funds_are_left_out(fund: Fund) -> None:
    other: Fund = FundFactory.create(buckets=False)
    assert keys(other) == []


def test_amounts_stay_exact_and_factors_become_numbers(fund: Fund) -> None:
    BucketPolicy.objects.filter(fund=fund).update(
        initial_cheque_usd=Decimal("1000000.10"), reserve_ratio=Decimal("0.8")
    )
    bucket = fund_facts(fund).buckets[0]
    # 1,000,000.10 x 1.8 = 1,800,000.18
    assert bucket["initial_cheque_usd"] == "1000000.10"
    assert bucket["all_in_cost_usd"] == "1800000.18"
    assert bucket["reserve_ratio"] == 0.8


def test_fund_may_use_benchmarks_and_its_own_calibrations_alone(fund: Fund) -> None:
    mine = fund_calibration(fund)
    fund_calibration(FundFactory.create(buckets=False))
    assert set(fund_facts(fund).calibrations) == {"v2025_industry_benchmark", mine.version}


def test_default_calibration_is_that_of_the_fund(fund: Fund) -> None:
    assert fund_facts(fund).default_calibration == "v2025_industry_benchmark"
    fund.default_calibration = None
    assert fund_facts(fund).default_calibration is None
