from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import ProtectedError

from funds.models import CalibrationSnapshot, Fund
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import (
    CalibrationSnapshotFactory,
    FundFactory,
    OrganisationFactory,
    TaxonomyFactory,
)
from tests.funds.refusals import refused_by

pytestmark = pytest.mark.django_db


def test_text_names_fund_and_organisation() -> None:
    fund = FundFactory.create(name="Growth I", organisation__name="Delta Capital")

    assert str(fund) == "Growth I (Delta Capital)"


def test_new_fund_knows_when_it_was_created_by_the_clock_of_the_database() -> None:
    before = database_clock()
    fund = FundFactory.create()

    assert before < fund.created_at < database_clock()


def database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


@pytest.mark.parametrize(
    ("field", "fits", "refused", "constraint"),
    [
        ("name", "X", "", "funds_fund_name_not_blank"),
        ("name", "X", "   ", "funds_fund_name_not_blank"),
        ("size_usd", Decimal("0.01"), Decimal(0), "funds_fund_size_usd_range"),
        ("size_usd", Decimal("999999999999999.99"), Decimal(-1), "funds_fund_size_usd_range"),
        ("default_limits", {}, [], "funds_fund_default_limits_object"),
        ("default_limits", {"max_bucket_weight": 0.2}, "x", "funds_fund_default_limits_object"),
    ],
)
def test_fields_keep_their_rules(field: str, fits: Any, refused: Any, constraint: str) -> None:
    fund = FundFactory.create(buckets=False)

    Fund.objects.filter(pk=fund.pk).update(**{field: fits})
    with refused_by(constraint):
        Fund.objects.filter(pk=fund.pk).update(**{field: refused})


def test_size_cannot_be_nan() -> None:
    fund = FundFactory.create(buckets=False)

    with refused_by("funds_fund_size_usd_range"), connection.cursor() as cursor:
        cursor.execute("UPDATE funds_fund SET size_usd = 'NaN' WHERE id = %s", [fund.pk])


def test_name_is_unique_within_the_organisation() -> None:
    fund = FundFactory.create(name="Growth I", buckets=False)
    FundFactory.create(name="Growth I", organisation=OrganisationFactory.create(), buckets=False)

    with refused_by("funds_fund_name_once"):
        FundFactory.create(name="Growth I", organisation=fund.organisation, buckets=False)


def test_fund_with_buckets_keeps_its_taxonomy() -> None:
    fund = FundFactory.create()

    with refused_by("funds_fund_keeps_taxonomy"):
        Fund.objects.filter(pk=fund.pk).update(taxonomy=TaxonomyFactory.create())


def test_fund_without_buckets_may_change_its_taxonomy() -> None:
    fund = FundFactory.create(buckets=False)
    taxonomy = TaxonomyFactory.create()

    Fund.objects.filter(pk=fund.pk).update(taxonomy=taxonomy)

    fund.refresh_from_db()
    assert fund.taxonomy == taxonomy


def test_default_calibration_is_a_benchmark_or_the_funds_own() -> None:
    fund, other = FundFactory.create(buckets=False), FundFactory.create(buckets=False)
    own, foreign = fund_calibration(fund), fund_calibration(other)

    Fund.objects.filter(pk=fund.pk).update(default_calibration=own)
    with refused_by("funds_fund_default_calibration_own"):
        Fund.objects.filter(pk=fund.pk).update(default_calibration=foreign)
    with refused_by("funds_fund_default_calibration_own"):
        FundFactory.create(default_calibration=foreign, buckets=False)


def test_form_is_told_that_a_calibration_is_another_funds() -> None:
    fund = FundFactory.create(buckets=False)
    fund.default_calibration = fund_calibration(FundFactory.create(buckets=False))

    with pytest.raises(ValidationError) as caught:
        fund.full_clean()

    assert set(caught.value.message_dict) == {"default_calibration"}


def test_calibration_that_a_fund_starts_from_cannot_be_deleted() -> None:
    calibration = CalibrationSnapshotFactory.create()
    FundFactory.create(default_calibration=calibration, buckets=False)

    with pytest.raises(ProtectedError):
        calibration.delete()
    with refused_by(calibration_foreign_key()), transaction.atomic():
        CalibrationSnapshot.objects.filter(pk=calibration.pk)._raw_delete("default")
        connection.check_constraints()


def calibration_foreign_key() -> str:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "funds_fund")
    [name] = [
        name
        for name, facts in constraints.items()
        if facts["foreign_key"] and facts["columns"] == ["default_calibration_id"]
    ]
    return name
