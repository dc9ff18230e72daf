"""A frontier's stretches of limits: one row each, from the split until they are merged."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now

from scenarios.models import StatusChanged


class FrontierSegmentQuerySet(models.QuerySet["FrontierSegment"]):
    def waiting(self) -> "FrontierSegmentQuerySet":
        return self.filter(status=FrontierSegment.Status.WAITING)

    def points_solved(self) -> int:
        return int(self.aggregate(total=models.Sum("points_done", default=0))["total"])


class FrontierSegment(models.Model):
    """The points ``first_point`` to ``first_point + points - 1`` of one session's frontier.

    Whoever writes segments has locked the session first. They are deleted when the frontier is
    put together, or the session ends.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        "optimization.OptimizationSession",
        on_delete=models.CASCADE,
        related_name="frontier_segments",
    )
    first_point = models.PositiveSmallIntegerField()
    points = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.WAITING)
    # Never falls, though a worker that takes over begins at the first point again.
    points_done = models.PositiveSmallIntegerField(default=0, db_default=0)
    # FrontierPoint.as_json() of each point, tightest first, and where the scenarios came from.
    result = models.JSONField(null=True)

    created_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    objects = FrontierSegmentQuerySet.as_manager()

    class Meta:
        db_table = "optimization_frontier_segment"
        constraints = [
            models.UniqueConstraint(
                fields=["session", "first_point"], name="one_frontier_segment_per_range"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=1, points_done__lte=F("points")),
                name="frontier_segments_have_points",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="done",
                    result__isnull=False,
                    done_at__isnull=False,
                    points_done=F("points"),
                )
                | Q(status="waiting", result__isnull=True, done_at__isnull=True),
                name="exactly_done_frontier_segments_have_a_result",
            ),
        ]

    def __str__(self) -> str:
        last = self.first_point + self.points - 1
        return f"points {self.first_point} to {last} of {self.session_id} ({self.status})"

    def record(self, points_done: int) -> None:
        """Show that so many points are solved."""
        self._waiting().update(points_done=Greatest(F("points_done"), points_done))

    def complete(self, result: dict[str, object]) -> None:
        """:raises StatusChanged: another worker has done this segment, or its session has ended"""
        done = self._waiting().update(
            status=self.Status.DONE, result=result, points_done=F("points"), done_at=Now()
        )
        if not done:
            raise StatusChanged(f"{self} is no longer waiting")

    def _waiting(self) -> FrontierSegmentQuerySet:
        return FrontierSegment.objects.waiting().filter(pk=self.pk)
