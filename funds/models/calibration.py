"""Versioned statistics a simulation rests on. A row never changes: triggers refuse it."""

import hashlib
from typing import TYPE_CHECKING, Self

import rfc8785
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from funds.models.checks import in_range, json_type, not_blank

if TYPE_CHECKING:
    from funds.models.people import User

CITATION_WITHOUT_ITS_PARTS = (
    '$[*] ? (!(@.claim.type() == "string" && @.source.type() == "string"'
    ' && @.year.type() == "number"))'
)


class CalibrationSnapshotQuerySet(models.QuerySet["CalibrationSnapshot"]):
    def for_user(self, user: "User | AnonymousUser") -> Self:
        """Benchmarks are everybody's; the others belong to their fund."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            Q(kind=CalibrationSnapshot.Kind.BENCHMARK)
            | Q(fund__organisation__memberships__user=user)
        )


class CalibrationSnapshot(models.Model):
    class Kind(models.TextChoices):
        BENCHMARK = "benchmark"
        FUND = "fund"

    version = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    fund = models.ForeignKey(
        "funds.Fund",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calibrations",
    )
    label = models.CharField(max_length=200)
    parameters = models.JSONField(
        help_text="A scenario configuration without its buckets and seed."
    )
    sample_size = models.PositiveIntegerField()
    window_start = models.DateField()
    window_end = models.DateField()
    method = models.TextField()
    citations = models.JSONField(
        default=list, help_text="A list of objects with claim, source, year and sometimes url."
    )
    content_sha256 = models.CharField("content SHA-256", max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CalibrationSnapshotQuerySet.as_manager()

    class Meta:
        constraints = [
            not_blank("version"),
            not_blank("label"),
            not_blank("method"),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_kind_matches_fund",
                condition=Q(kind="benchmark", fund=None) | Q(kind="fund", fund__isnull=False),
                violation_error_message="Exactly the calibrations of kind fund name a fund.",
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_window_ordered",
                condition=Q(window_start__lte=F("window_end")),
                violation_error_message="The window ends before it starts.",
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_content_sha256_hex",
                condition=Q(content_sha256__regex="^[0-9a-f]{64}$"),
            ),
            in_range("sample_size", least=1, most=2**31 - 1),
            json_type("parameters", "object"),
            json_type("citations", "array"),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_citations_complete",
                condition=~Q(
                    Func(
                        F("citations"),
                        Value(CITATION_WITHOUT_ITS_PARTS),
                        function="jsonb_path_exists",
                        output_field=models.BooleanField(),
                    )
                ),
                violation_error_message="Each citation needs claim, source and year.",
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_parameters_without_buckets_and_seed",
                condition=~Q(parameters__has_any_keys=["buckets", "seed"]),
                violation_error_message="Buckets and seed come from the fund and the request.",
            ),
        ]

    def __str__(self) -> str:
        return self.version

    def computed_content_sha256(self) -> str:
        """SHA-256 of the canonical JSON (RFC 8785) of everything the row states."""
        content = {
            "version": self.version,
            "kind": str(self.kind),
            "fund": None if self.fund_id is None else str(self.fund_id),
            "label": self.label,
            "parameters": self.parameters,
            "sample_size": self.sample_size,
            "window_start": self.window_start.isoformat(),
            "window_end": self.window_end.isoformat(),
            "method": self.method,
            "citations": self.citations,
        }
        return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
