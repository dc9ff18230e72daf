"""Puts shipped taxonomies, calibrations and funds into the database, once and unaltered."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from funds.models import BucketPolicy, CalibrationSnapshot, Fund, Organisation, Taxonomy

RATIO_FIELDS = (
    "reserve_ratio",
    "reference_deals",
    "cheque_variation",
    "risk_multiplier",
    "return_multiplier",
)


class ContentDiffers(ValueError):
    """A version is in the database already, with other content than the one to load."""


@transaction.atomic
def load_taxonomy(content: Mapping[str, Any]) -> Taxonomy:
    """:raises ContentDiffers: if the version exists with other stages or sectors"""
    taxonomy, created = Taxonomy.objects.get_or_create(version=content["version"])
    if created:
        for position, stage in enumerate(content["stages"]):
            taxonomy.stages.create(key=stage["key"], label=stage["label"], position=position)
        for sector in content["sectors"]:
            taxonomy.sectors.create(key=sector["key"], label=sector["label"])
    elif not _has_words(taxonomy, content):
        raise ContentDiffers(
            f"Taxonomy {taxonomy} is in the database with other stages or sectors than those to"
            " load. A version never changes its content: load the new words as a new version."
        )
    return taxonomy


@transaction.atomic
def load_calibration(
    content: Mapping[str, Any], *, fund: Fund | None = None
) -> CalibrationSnapshot:
    """The snapshot of that version, made from ``content`` if there is none; a fund's names it.

    :raises ContentDiffers: if the version exists with other content
    """
    snapshot = CalibrationSnapshot(
        version=content["version"],
        kind=content["kind"],
        fund=fund,
        label=content["label"],
        parameters=content["parameters"],
        sample_size=content["sample_size"],
        window_start=date.fromisoformat(content["window_start"]),
        window_end=date.fromisoformat(content["window_end"]),
        method=content["method"],
        citations=content["citations"],
    )
    snapshot.content_sha256 = snapshot.computed_content_sha256()
    existing = CalibrationSnapshot.objects.filter(version=snapshot.version).first()
    if existing is None:
        snapshot.save()
        return snapshot
    if existing.computed_content_sha256() != snapshot.content_sha256:
        raise ContentDiffers(
            f"Calibration {existing} is in the database with other content than the one to load"
            f" (SHA-256 {existing.computed_content_sha256()}, to load {snapshot.content_sha256})."
            " A version never changes its content: load the new content as a new version."
        )
    return existing


@transaction.atomic
def load_fund(content: Mapping[str, Any], *, organisation: Organisation) -> Fund:
    """The fund of that name, made from ``content`` if the organisation has none.

    A fund is its users' to edit, so one that exists is left as it is.
    """
    existing = organisation.funds.filter(name=content["name"]).first()
    if existing is not None:
        return existing
    taxonomy = Taxonomy.objects.get(version=content["taxonomy"])
    fund = organisation.funds.create(
        name=content["name"],
        size_usd=Decimal(content["size_usd"]),
        taxonomy=taxonomy,
        is_sample=content["is_sample"],
        default_limits=content["default_limits"],
        default_calibration=CalibrationSnapshot.objects.get(version=content["default_calibration"]),
    )
    stages = {stage.key: stage for stage in taxonomy.stages.all()}
    sectors = {sector.key: sector for sector in taxonomy.sectors.all()}
    BucketPolicy.objects.bulk_create(
        BucketPolicy(
            fund=fund,
            stage=stages[bucket["stage"]],
            sector=sectors[bucket["sector"]],
            initial_cheque_usd=Decimal(bucket["initial_cheque_usd"]),
            # str() of a float is its shortest exact form: 0.35 becomes Decimal("0.35").
            **{name: Decimal(str(bucket[name])) for name in RATIO_FIELDS},
        )
        for bucket in content["buckets"]
    )
    return fund


def _has_words(taxonomy: Taxonomy, content: Mapping[str, Any]) -> bool:
    stages = list(taxonomy.stages.order_by("position").values("key", "label"))
    sectors = list(taxonomy.sectors.order_by("id").values("key", "label"))
    return bool(stages == content["stages"] and sectors == content["sectors"])
