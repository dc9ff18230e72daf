"""Questions what limits can be met, each asked once of a matrix, and their answers."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from funds.models import Fund, User
from scenarios.models import ScenarioMatrix, StatusChanged


class AskedRangesQuerySet(models.QuerySet["AskedRanges"]):
    def for_user(self, user: User) -> "AskedRangesQuerySet":
        return self.filter(fund__in=Fund.objects.for_user(user))

    def unfinished(self) -> "AskedRangesQuerySet":
        return self.filter(status__in=AskedRanges.UNFINISHED)

    def loaded(self) -> "AskedRangesQuerySet":
        """With all that is shown of a question, without the heavy matrix."""
        return self.select_related("fund", "matrix").defer("matrix__payload")

    def note_asked(self) -> None:
        """Remember, to the hour, that somebody wanted to know."""
        self.filter(last_asked_at__lt=Now() - timedelta(hours=1)).update(last_asked_at=Now())

    def fail(self, *, reason: str) -> int:
        """End the unfinished questions of this queryset without an answer; returns how many."""
        return self.unfinished().update(
            status=AskedRanges.Status.FAILED, failure_reason=reason, finished_at=Now()
        )


class AskedRanges(models.Model):
    """What can be reached under the policy limits in the scenarios of one matrix."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Generating scenarios"
        WORKING = "working", "Searching"
        COMPLETE = "complete", "Complete"
        FAILED = "failed", "Failed"

    UNFINISHED = (Status.WAITING, Status.WORKING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="asked_ranges")
    matrix = models.ForeignKey(
        ScenarioMatrix, on_delete=models.PROTECT, related_name="asked_ranges"
    )
    # optimization.ranges.question.RangesQuestion: its policy and that policy's digest.
    policy = models.JSONField()
    digest = models.CharField(max_length=64)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    # As optimization.solver.ranges.attainable_ranges gives them.
    ranges = models.JSONField(null=True)
    failure_reason = models.CharField(max_length=4000, blank=True)

    asked_at = models.DateTimeField(db_default=Now())
    last_asked_at = models.DateTimeField(db_default=Now())
    # When it began to wait for what it waits for now.
    status_since = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = AskedRangesQuerySet.as_manager()

    class Meta:
        db_table = "optimization_asked_ranges"
        verbose_name_plural = "asked ranges"
        constraints = [
            models.UniqueConstraint(
                fields=["matrix", "digest"], name="one_question_of_ranges_per_matrix_and_policy"
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="ranges_digest_is_sha256_hex"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["waiting", "working"],
                    ranges__isnull=True,
                    finished_at__isnull=True,
                    failure_reason="",
                )
                | Q(
                    status="complete",
                    ranges__isnull=False,
                    finished_at__isnull=False,
                    failure_reason="",
                )
                | Q(status="failed", ranges__isnull=True, finished_at__isnull=False)
                & ~Q(failure_reason=""),
                name="exactly_complete_ranges_have_an_answer",
            ),
        ]
        indexes = [
            # The end of a matrix wakes or fails those that wait for it.
            models.Index(fields=["matrix"], condition=Q(status="waiting"), name="ranges_waiting"),
            # The pruner's search.
            models.Index(fields=["last_asked_at"], name="ranges_last_asked"),
        ]

    def __str__(self) -> str:
        return f"ranges {self.digest[:12]} of {self.fund_id} ({self.status})"

    @property
    def is_finished(self) -> bool:
        return self.status not in self.UNFINISHED

    def complete(self, ranges: dict[str, Any]) -> None:
        """:raises StatusChanged: the caller's transaction must roll back"""
        working = AskedRanges.objects.filter(pk=self.pk, status=self.Status.WORKING)
        if not working.update(
            status=self.Status.COMPLETE, ranges=ranges, finished_at=Now(), status_since=Now()
        ):
            raise StatusChanged(f"{self} is no longer working")
