"""Rows of the funds app for every test that needs them: ``FundFactory.create(name="Growth I")``."""

# The declarations of factory-boy carry no types.
# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from decimal import Decimal
from typing import Any

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory, Password
from factory.helpers import post_generation

from funds.loading import load_calibration
from funds.models import (
    BucketPolicy,
    CalibrationSnapshot,
    Fund,
    Membership,
    Organisation,
    Sector,
    Stage,
    Taxonomy,
    User,
)
from funds.shipped import benchmark_calibration

STAGE_KEYS = ("seed", "series_a")
SECTOR_KEYS = ("fintech", "saas")


class UserFactory(DjangoModelFactory[User]):
    """A user for ``client.force_login``; hashing takes time, so only a given password is set."""

    class Meta:
        model = User

    username = Sequence(lambda n: f"user{n}")
    password = Password(None)


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    name = Sequence(lambda n: f"Organisation {n}")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = SubFactory(UserFactory)
    organisation = SubFactory(OrganisationFactory)
    role = Membership.Role.ANALYST


class TaxonomyFactory(DjangoModelFactory[Taxonomy]):
    """Stages seed and series_a, sectors fintech and saas; not yet used by a fund."""

    class Meta:
        model = Taxonomy
        skip_postgeneration_save = True

    version = Sequence(lambda n: f"test.{n}")

    @post_generation
    def words(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create:
            for position, key in enumerate(STAGE_KEYS):
                Stage.objects.create(taxonomy=self, key=key, label=key, position=position)
            for key in SECTOR_KEYS:
                Sector.objects.create(taxonomy=self, key=key, label=key)


class CalibrationSnapshotFactory(DjangoModelFactory[CalibrationSnapshot]):
    """The shipped benchmark; the database has it once, however often this is called."""

    class Meta:
        model = CalibrationSnapshot

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> CalibrationSnapshot:
        return load_calibration({**benchmark_calibration(), **kwargs})


class BucketPolicyFactory(DjangoModelFactory[BucketPolicy]):
    """A bucket of ``fund``; name its ``stage`` and ``sector``, which must be in its taxonomy."""

    class Meta:
        model = BucketPolicy

    initial_cheque_usd = Decimal("1000000.00")
    reserve_ratio = Decimal("1")
    reference_deals = Decimal("10")
    cheque_variation = Decimal("0.35")


class FundFactory(DjangoModelFactory[Fund]):
    """A 100 million USD fund with the buckets {seed, series_a} x {fintech, saas}.

    ``FundFactory.create(buckets=False)`` makes one without buckets.
    """

    class Meta:
        model = Fund
        skip_postgeneration_save = True

    organisation = SubFactory(OrganisationFactory)
    name = Sequence(lambda n: f"Fund {n}")
    size_usd = Decimal("100000000.00")
    taxonomy = SubFactory(TaxonomyFactory)
    default_calibration = SubFactory(CalibrationSnapshotFactory)

    @post_generation
    def buckets(self: Any, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if not create or extracted is False:
            return
        for stage in self.taxonomy.stages.filter(key__in=STAGE_KEYS):
            for sector in self.taxonomy.sectors.filter(key__in=SECTOR_KEYS):
                BucketPolicyFactory.create(fund=self, stage=stage, sector=sector)
