"""A fund and what it plans to do in each bucket (one stage x one sector)."""

import uuid
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from funds.models.calibration import CalibrationSnapshot
from funds.models.checks import in_range, json_type, not_blank
from funds.models.people import Membership, Organisation, User
from funds.models.taxonomy import Sector, Stage, Taxonomy

CENT = Decimal("0.01")
LARGEST_AMOUNT_USD = Decimal("999999999999999.99")


class FundQuerySet(models.QuerySet["Fund"]):
    def for_user(self, user: User | AnonymousUser) -> Self:
        """Funds the user may see. Being staff opens the admin, not other people's funds."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(organisation__memberships__user=user)

    def requestable_by(self, user: User | AnonymousUser) -> Self:
        """Funds for which the user may request an optimization."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__role__in=Membership.ROLES_THAT_MAY_REQUEST,
        )


class Fund(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="funds")
    name = models.CharField(max_length=100)
    size_usd = models.DecimalField("size (USD)", max_digits=17, decimal_places=2)
    taxonomy = models.ForeignKey(Taxonomy, on_delete=models.PROTECT, related_name="funds")
    is_sample = models.BooleanField(
        default=False, help_text="Made-up data for demonstration, not a real fund."
    )
    default_limits = models.JSONField(
        default=dict, blank=True, help_text="Limits a new request starts from."
    )
    default_calibration = models.ForeignKey(
        CalibrationSnapshot,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="default_for_funds",
        help_text="A benchmark, or a calibration of this very fund.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = FundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="%(app_label)s_%(class)s_name_once"
            ),
            not_blank("name"),
            in_range("size_usd", above=0, most=LARGEST_AMOUNT_USD),
            json_type("default_limits", "object"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.organisation})"

    def clean(self) -> None:
        calibration = self.default_calibration
        if calibration and calibration.fund_id not in (None, self.pk):
            raise ValidationError(
                {"default_calibration": f"{calibration} was made for another fund."}
            )


class BucketPolicyQuerySet(models.QuerySet["BucketPolicy"]):
    def for_user(self, user: User | AnonymousUser) -> Self:
        return self.filter(fund__in=Fund.objects.for_user(user))


class BucketPolicy(models.Model):
    """How the fund would invest in one bucket, and how that bucket differs from its stage."""

    fund = models.ForeignKey(Fund, on_delete=models.CASCADE, related_name="bucket_policies")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    sector = models.ForeignKey(Sector, on_delete=models.PROTECT, related_name="+")
    initial_cheque_usd = models.DecimalField(
        "initial cheque (USD)", max_digits=17, decimal_places=2
    )
    reserve_ratio = models.DecimalField(
        max_digits=8, decimal_places=6, help_text="Follow-on dollars kept per initial dollar."
    )
    reference_deals = models.DecimalField(
        max_digits=10, decimal_places=6, help_text="Number of deals the bucket is simulated with."
    )
    cheque_variation = models.DecimalField(
        max_digits=8,
        decimal_places=6,
        help_text="Standard deviation of cheque sizes divided by their mean.",
    )
    risk_multiplier = models.DecimalField(
        max_digits=8, decimal_places=6, default=Decimal(1), help_text="Scales failure rates."
    )
    return_multiplier = models.DecimalField(
        max_digits=8, decimal_places=6, default=Decimal(1), help_text="Scales exit multiples."
    )
    is_active = models.BooleanField(default=True)

    objects = BucketPolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "bucket policies"
        constraints = [
            models.UniqueConstraint(
                fields=["fund", "stage", "sector"], name="%(app_label)s_%(class)s_bucket_once"
            ),
            in_range("initial_cheque_usd", above=0, most=LARGEST_AMOUNT_USD),
            in_range("reserve_ratio", least=0, most=5),
            in_range("reference_deals", least=1, most=1000),
            in_range("cheque_variation", least=0, most=5),
            in_range("risk_multiplier", least=Decimal("0.01"), most=20),
            in_range("return_multiplier", least=Decimal("0.01"), most=20),
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.fund}"

    def clean(self) -> None:
        if None in (self.fund_id, self.stage_id, self.sector_id):
            return  # The missing field is reported already.
        for field, chosen in (("stage", self.stage), ("sector", self.sector)):
            if chosen.taxonomy_id != self.fund.taxonomy_id:
                raise ValidationError({field: f"{chosen} is not in taxonomy {self.fund.taxonomy}."})

    @property
    def key(self) -> str:
        return f"{self.stage.key}/{self.sector.key}"

    @property
    def all_in_cost_usd(self) -> Decimal:
        """Initial cheque plus full reserves, to the cent (half to even)."""
        return (self.initial_cheque_usd * (1 + self.reserve_ratio)).quantize(
            CENT, rounding=ROUND_HALF_EVEN
        )
