import re
import uuid
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from funds.models import CalibrationSnapshot
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import CalibrationSnapshotFactory, FundFactory
from tests.funds.refusals import refused_by

pytestmark = pytest.mark.django_db

CITATION = {"claim": "Half of deals lose.", "source": "A. Author, A Study", "year": 2020}


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"version": " "}, "version_not_blank"),
        ({"label": ""}, "label_not_blank"),
        ({"method": ""}, "method_not_blank"),
        ({"kind": "benchmark"}, "kind_matches_fund"),
        ({"fund": None}, "kind_matches_fund"),
        ({"kind": "guess"}, "kind_matches_fund"),
        ({"window_start": "2014-01-01", "window_end": "2013-12-31"}, "window_ordered"),
        ({"sample_size": 0}, "sample_size_range"),
        ({"content_sha256": "A" * 64}, "content_sha256_hex"),
        ({"content_sha256": "a" * 63}, "content_sha256_hex"),
        ({"parameters": []}, "parameters_object"),
        ({"parameters": {"buckets": []}}, "parameters_without_buckets_and_seed"),
        ({"parameters": {"seed": None}}, "parameters_without_buckets_and_seed"),
        ({"citations": {}}, "citations_array"),
        ({"citations": [CITATION, {**CITATION, "year": "2020"}]}, "citations_complete"),
        ({"citations": [{"claim": "x", "year": 2020}]}, "citations_complete"),
        ({"citations": [{"source": "x", "year": 2020}]}, "citations_complete"),
        ({"citations": ["A. Author, 2020"]}, "citations_complete"),
    ],
)
def test_row_that_breaks_a_rule_is_refused(changes: dict[str, Any], constraint: str) -> None:
    fund = FundFactory.create(buckets=False)

    with refused_by(f"funds_calibrationsnapshot_{constraint}"):
        fund_calibration(fund, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"window_start": "2013-12-31", "window_end": "2013-12-31"},
        {"sample_size": 1},
        {"parameters": {}},
        {"citations": []},
        {"citations": [CITATION, {**CITATION, "url": "https://example.org/", "page": 3}]},
    ],
)
def test_row_within_the_rules_fits(changes: dict[str, Any]) -> None:
    fund_calibration(FundFactory.create(buckets=False), **changes)


def test_version_is_unique() -> None:
    fund = FundFactory.create(buckets=False)
    fund_calibration(fund, version="v1")

    with refused_by("funds_calibrationsnapshot_version_key"):
        fund_calibration(fund, version="v1")


def test_form_is_told_the_rule_of_citations() -> None:
    snapshot = fund_calibration(FundFactory.create(buckets=False))
    snapshot.citations = [{"claim": "x"}]

    with pytest.raises(ValidationError, match="Each citation needs claim, source and year"):
        snapshot.full_clean()


def columns_of_calibrations() -> list[str | None]:
    return [field.column for field in CalibrationSnapshot._meta.concrete_fields]


def test_no_column_can_be_changed() -> None:
    """Moves every column to another valid value, one by one."""
    snapshot = CalibrationSnapshotFactory.create()
    other_values = {
        "id": "id + 1",
        "version": "version || 'x'",
        "kind": "'fund'",
        "fund_id": "gen_random_uuid()",
        "label": "label || 'x'",
        "parameters": "parameters || '{\"schema\": 2}'",
        "sample_size": "sample_size + 1",
        "window_start": "window_start + 1",
        "window_end": "window_end + 1",
        "method": "method || 'x'",
        "citations": "citations - 0",
        "content_sha256": "repeat('0', 64)",
        "created_at": "created_at + interval '1 second'",
    }
    assert list(other_values) == columns_of_calibrations()
    for column, value in other_values.items():
        with (
            refused_by("funds_calibrationsnapshot_immutable"),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                f"UPDATE funds_calibrationsnapshot SET {column} = {value}"  # noqa: S608
                " WHERE id = %s",
                [snapshot.pk],
            )


def test_saving_a_calibration_unchanged_is_harmless() -> None:
    CalibrationSnapshotFactory.create().save()


def test_unused_calibration_can_be_deleted() -> None:
    CalibrationSnapshotFactory.create().delete()

    assert not CalibrationSnapshot.objects.exists()


def test_digest_survives_a_round_trip_through_the_database() -> None:
    snapshot = CalibrationSnapshotFactory.create()

    stored = CalibrationSnapshot.objects.get()

    assert re.fullmatch("[0-9a-f]{64}", stored.content_sha256)
    assert stored.computed_content_sha256() == stored.content_sha256
    assert snapshot.computed_content_sha256() == stored.content_sha256


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "v2"),
        ("kind", "fund"),
        ("fund_id", uuid.UUID(int=1)),
        ("label", "x"),
        ("parameters", {"schema": 1}),
        ("sample_size", 2),
        ("window_start", date(2001, 1, 1)),
        ("window_end", date(2020, 1, 1)),
        ("method", "x"),
        ("citations", [CITATION]),
    ],
)
def test_digest_covers_every_part_of_the_content(field: str, value: Any) -> None:
    snapshot = CalibrationSnapshotFactory.create()
    before = snapshot.computed_content_sha256()

    setattr(snapshot, field, value)

    assert snapshot.computed_content_sha256() != before
