from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from funds.models import Fund, Sector, Stage, Taxonomy
from tests.funds.factories import (
    BucketPolicyFactory,
    FundFactory,
    OrganisationFactory,
    TaxonomyFactory,
)
from tests.funds.refusals import refused_by

FROZEN = "funds_taxonomy_frozen_once_used"


@pytest.fixture
def taxonomy(db: None) -> Taxonomy:
    return TaxonomyFactory.create()


@pytest.fixture
def used_taxonomy(taxonomy: Taxonomy) -> Taxonomy:
    FundFactory.create(taxonomy=taxonomy, buckets=False)
    return taxonomy


def test_words_are_told_apart_by_their_taxonomy(taxonomy: Taxonomy) -> None:
    assert str(taxonomy.stages.get(key="seed")) == f"seed ({taxonomy.version})"
    assert str(taxonomy.sectors.get(key="saas")) == f"saas ({taxonomy.version})"


def test_version_is_unique_and_not_blank(taxonomy: Taxonomy) -> None:
    with refused_by("funds_taxonomy_version_key"):
        Taxonomy.objects.create(version=taxonomy.version)
    with refused_by("funds_taxonomy_version_not_blank"):
        Taxonomy.objects.create(version=" ")


@pytest.mark.parametrize("key", list(Stage.Key))
def test_every_stage_of_the_vocabulary_fits(db: None, key: str) -> None:
    Stage.objects.create(
        taxonomy=Taxonomy.objects.create(version="v"), key=key, label="x", position=0
    )


def test_stage_outside_the_vocabulary_is_refused(taxonomy: Taxonomy) -> None:
    with refused_by("funds_stage_key_known"):
        Stage.objects.create(taxonomy=taxonomy, key="series_d", label="D", position=9)


def test_stage_has_one_place_in_its_taxonomy(taxonomy: Taxonomy) -> None:
    with refused_by("funds_stage_key_once"):
        Stage.objects.create(taxonomy=taxonomy, key="seed", label="x", position=9)
    with refused_by("funds_stage_position_once"):
        Stage.objects.create(taxonomy=taxonomy, key="late", label="x", position=0)
    with refused_by("funds_stage_position_check"):
        Stage.objects.create(taxonomy=taxonomy, key="late", label="x", position=-1)
    with refused_by("funds_stage_label_not_blank"):
        Stage.objects.create(taxonomy=taxonomy, key="late", label=" ", position=9)


@pytest.mark.parametrize("key", ["a", "2d_3d", "x" * 80])
def test_normalized_sector_key_fits(taxonomy: Taxonomy, key: str) -> None:
    Sector.objects.create(taxonomy=taxonomy, key=key, label="x")


@pytest.mark.parametrize("key", ["SaaS", "café", "a b", "a__b", "_a", "a_", "a&b", "生物"])
def test_sector_key_that_is_not_normalized_is_refused(taxonomy: Taxonomy, key: str) -> None:
    with refused_by("funds_sector_key_normalized"):
        Sector.objects.create(taxonomy=taxonomy, key=key, label="x")


def test_sector_needs_key_and_label_and_is_in_a_taxonomy_once(taxonomy: Taxonomy) -> None:
    with refused_by("funds_sector_key_not_blank"):
        Sector.objects.create(taxonomy=taxonomy, key="", label="x")
    with refused_by("funds_sector_label_not_blank"):
        Sector.objects.create(taxonomy=taxonomy, key="x", label="")
    with refused_by("funds_sector_key_once"):
        Sector.objects.create(taxonomy=taxonomy, key="saas", label="x")


def test_form_is_told_the_rule_of_a_sector_key(taxonomy: Taxonomy) -> None:
    with pytest.raises(ValidationError, match="lower-case ASCII letters and digits"):
        Sector(taxonomy=taxonomy, key="Deep Tech", label="Deep tech").full_clean()
    Sector(taxonomy=taxonomy, key="deep_tech", label="Deep tech").full_clean()


def test_unused_taxonomy_may_change_and_go(taxonomy: Taxonomy) -> None:
    taxonomy.sectors.filter(key="saas").update(label="Software")
    taxonomy.sectors.create(key="climate", label="Climate")
    taxonomy.stages.get(key="seed").delete()
    Taxonomy.objects.filter(pk=taxonomy.pk).update(version="renamed")

    taxonomy.delete()

    assert not Stage.objects.exists()
    assert not Sector.objects.exists()


def test_used_taxonomy_is_frozen(used_taxonomy: Taxonomy) -> None:
    with refused_by(FROZEN):
        Taxonomy.objects.filter(pk=used_taxonomy.pk).update(version="renamed")
    with refused_by(FROZEN):
        used_taxonomy.sectors.create(key="climate", label="Climate")
    with refused_by(FROZEN):
        used_taxonomy.sectors.filter(key="saas").update(label="Software")
    with refused_by(FROZEN):
        used_taxonomy.sectors.get(key="saas").delete()
    with refused_by(FROZEN):
        used_taxonomy.stages.create(key="late", label="Late", position=9)
    with refused_by(FROZEN):
        used_taxonomy.stages.filter(key="seed").update(position=7)
    with refused_by(FROZEN):
        used_taxonomy.stages.get(key="seed").delete()


def test_word_cannot_move_into_or_out_of_a_used_taxonomy(used_taxonomy: Taxonomy) -> None:
    unused = Taxonomy.objects.create(version="unused")
    unused.sectors.create(key="climate", label="Climate")

    with refused_by(FROZEN):
        used_taxonomy.sectors.filter(key="saas").update(taxonomy=unused)
    with refused_by(FROZEN):
        unused.sectors.filter(key="climate").update(taxonomy=used_taxonomy)


def test_saving_a_used_taxonomy_unchanged_is_harmless(used_taxonomy: Taxonomy) -> None:
    used_taxonomy.save()
    used_taxonomy.stages.get(key="seed").save()


def test_form_is_told_that_a_used_taxonomy_takes_no_words(used_taxonomy: Taxonomy) -> None:
    with pytest.raises(ValidationError, match="add words to a new version"):
        Sector(taxonomy=used_taxonomy, key="climate", label="Climate").full_clean()
    with pytest.raises(ValidationError, match="add words to a new version"):
        Stage(taxonomy=used_taxonomy, key="late", label="Late", position=9).full_clean()


@pytest.fixture
def other_connection(transactional_db: None) -> Iterator[BaseDatabaseWrapper]:
    """A second session of the database with an open transaction."""
    other = connection.copy()
    other.set_autocommit(False)
    yield other
    other.rollback()
    other.close()


@contextmanager
def short_patience() -> Iterator[None]:
    """A transaction in which a statement that has to wait for another transaction fails."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield


def test_fund_waits_for_a_word_that_is_being_added(other_connection: BaseDatabaseWrapper) -> None:
    taxonomy = TaxonomyFactory.create()
    organisation = OrganisationFactory.create()
    with other_connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO funds_sector (taxonomy_id, key, label) VALUES (%s, 'new', 'New')",
            [taxonomy.pk],
        )

    with pytest.raises(OperationalError, match="lock timeout"), short_patience():
        Fund.objects.create(organisation=organisation, name="Late", size_usd=1, taxonomy=taxonomy)


def test_word_waits_for_a_fund_that_is_being_added(other_connection: BaseDatabaseWrapper) -> None:
    taxonomy = TaxonomyFactory.create()
    organisation = OrganisationFactory.create()
    with other_connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO funds_fund (id, organisation_id, name, size_usd, taxonomy_id, is_sample,"
            " default_limits) VALUES (gen_random_uuid(), %s, 'New', 1, %s, false, '{}')",
            [organisation.pk, taxonomy.pk],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(OperationalError, match="lock timeout"), short_patience():
        Sector.objects.create(taxonomy=taxonomy, key="new", label="New")


def test_taxonomy_of_a_fund_waits_for_a_bucket_that_is_being_added(
    other_connection: BaseDatabaseWrapper,
) -> None:
    fund = FundFactory.create(buckets=False)
    policy = BucketPolicyFactory.build(
        fund=fund, stage=fund.taxonomy.stages.first(), sector=fund.taxonomy.sectors.first()
    )
    with other_connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO funds_bucketpolicy (fund_id, stage_id, sector_id, initial_cheque_usd,"
            " reserve_ratio, reference_deals, cheque_variation, risk_multiplier,"
            " return_multiplier, is_active) VALUES (%s, %s, %s, 1, 1, 1, 0, 1, 1, true)",
            [policy.fund_id, policy.stage_id, policy.sector_id],
        )
    other_taxonomy = TaxonomyFactory.create()

    with pytest.raises(OperationalError, match="lock timeout"), short_patience():
        Fund.objects.filter(pk=fund.pk).update(taxonomy=other_taxonomy)
