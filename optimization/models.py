"""Optimization sessions: one request and its life, from REQUESTED to an end that never changes."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Greatest, Now
from django.db.models.lookups import LessThanOrEqual

from funds.models import CalibrationSnapshot, Fund, User

# Django looks for the models of an app in this module.
from optimization.frontier.segment import FrontierSegment as FrontierSegment
from optimization.idempotent_response import IdempotentResponse as IdempotentResponse
from optimization.ranges.models import AskedRanges as AskedRanges
from optimization.rounds.rounds import MOST_REPEATS
from optimization.validation.chunk import ValidationChunk as ValidationChunk
from scenarios.models import ScenarioMatrix, StatusChanged


class OptimizationSessionQuerySet(models.QuerySet["OptimizationSession"]):
    def for_user(self, user: User) -> "OptimizationSessionQuerySet":
        return self.filter(fund__in=Fund.objects.for_user(user))

    def unfinished(self) -> "OptimizationSessionQuerySet":
        return self.filter(status__in=OptimizationSession.UNFINISHED)

    def move(self, *, sources: Sequence[str], target: str, **fields: Any) -> int:
        """Change the status of the rows that still have one of ``sources``; returns how many."""
        return self.filter(status__in=sources).update(
            status=target, version=F("version") + 1, updated_at=Now(), **fields
        )

    def fail(self, *, reason: str, traceback: str) -> int:
        """End the unfinished sessions of this queryset as failed; returns how many."""
        return self.move(
            sources=OptimizationSession.UNFINISHED,
            target=OptimizationSession.Status.FAILED,
            failure_reason=reason,
            failure_traceback=traceback,
            finished_at=Now(),
        )


class OptimizationSession(models.Model):
    """One optimization request. Statuses only move along the edges that a trigger allows."""

    class Status(models.TextChoices):
        REQUESTED = "REQUESTED", "Requested"
        MATRIX_GENERATING = "MATRIX_GENERATING", "Generating scenarios"
        OPTIMIZING = "OPTIMIZING", "Optimizing"
        VALIDATING = "VALIDATING", "Validating"
        COMPLETED = "COMPLETED", "Completed"
        FAILED = "FAILED", "Failed"
        CANCELLED = "CANCELLED", "Cancelled"

    class SessionType(models.TextChoices):
        ALLOCATION = "allocation", "Allocation"
        FRONTIER = "frontier", "Frontier"

    UNFINISHED = (
        Status.REQUESTED,
        Status.MATRIX_GENERATING,
        Status.OPTIMIZING,
        Status.VALIDATING,
    )
    PROGRESS_PERCENT = {
        Status.REQUESTED: 0,
        Status.MATRIX_GENERATING: 10,
        Status.OPTIMIZING: 35,
        Status.VALIDATING: 75,
        Status.COMPLETED: 100,
        Status.FAILED: 100,
        Status.CANCELLED: 100,
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="sessions")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sessions")
    session_type = models.CharField(
        max_length=10,
        choices=SessionType.choices,
        default=SessionType.ALLOCATION,
        db_default=SessionType.ALLOCATION,
    )
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.REQUESTED)
    version = models.PositiveIntegerField(default=1)

    # What was asked, as checked: `OptimizationRequest.as_json()` of `request.checked_request`.
    request = models.JSONField()
    # The fund's policy at the time of the request, so that a later change does not rewrite it.
    buckets = models.JSONField()
    calibration = models.ForeignKey(CalibrationSnapshot, on_delete=models.PROTECT)
    matrix = models.ForeignKey(
        ScenarioMatrix, on_delete=models.PROTECT, null=True, related_name="sessions"
    )
    matrix_was_cached = models.BooleanField(null=True)

    allocation = models.JSONField(null=True)
    # What `allocation` was found with, while the same is searched for in another matrix.
    allocation_matrix = models.ForeignKey(
        ScenarioMatrix, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # optimization.rounds.rounds.Rounds.as_json(), from the first search on.
    rounds = models.JSONField(null=True)
    # Instead of an allocation: the Frontier.as_json() of a session that asks for one.
    frontier = models.JSONField(null=True)
    # Never falls, as scenarios below.
    frontier_points_done = models.PositiveSmallIntegerField(default=0, db_default=0)
    validation_metrics = models.JSONField(null=True)
    # Never falls, though a worker that takes over begins at the first scenario again.
    validation_scenarios_done = models.PositiveIntegerField(default=0, db_default=0)
    failure_reason = models.CharField(max_length=4000, blank=True)
    failure_traceback = models.TextField(blank=True)

    requested_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = OptimizationSessionQuerySet.as_manager()

    class Meta:
        db_table = "optimization_session"
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["VALIDATING", "COMPLETED"])
                | Q(session_type="allocation", allocation__isnull=False)
                | Q(session_type="frontier", frontier__isnull=False),
                name="validating_and_completed_sessions_have_what_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(session_type="allocation", frontier__isnull=True)
                | Q(session_type="frontier", allocation__isnull=True),
                name="sessions_have_results_of_their_type_alone",
            ),
            models.CheckConstraint(
                condition=~Q(status="COMPLETED") | Q(validation_metrics__isnull=False),
                name="completed_sessions_have_validation_metrics",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["COMPLETED", "FAILED", "CANCELLED"], finished_at__isnull=False
                )
                | Q(
                    status__in=["REQUESTED", "MATRIX_GENERATING", "OPTIMIZING", "VALIDATING"],
                    finished_at__isnull=True,
                ),
                name="exactly_terminal_sessions_have_finished_at",
            ),
            models.CheckConstraint(
                condition=~Q(status="FAILED") | ~Q(failure_reason=""),
                name="failed_sessions_say_why",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["REQUESTED", "FAILED", "CANCELLED"])
                | Q(matrix__isnull=False),
                name="sessions_past_requested_have_a_matrix",
            ),
            models.CheckConstraint(
                condition=Q(allocation_matrix__isnull=True)
                | Q(allocation__isnull=False) & ~Q(status__in=["VALIDATING", "COMPLETED"]),
                name="only_searching_sessions_keep_another_matrix",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.Func(
                        KeyTransform("searches", "rounds"),
                        function="jsonb_array_length",
                        output_field=models.IntegerField(),
                    ),
                    1 + MOST_REPEATS,
                ),
                name="searches_of_a_session_are_bounded",
            ),
        ]
        indexes = [
            # The list of a fund's sessions, newest first.
            models.Index(fields=["fund", "-requested_at"], name="session_list"),
            # The finisher of a matrix wakes the sessions that wait for it.
            models.Index(
                fields=["matrix"], condition=Q(status="MATRIX_GENERATING"), name="session_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def is_frontier(self) -> bool:
        return self.session_type == self.SessionType.FRONTIER

    @property
    def is_finished(self) -> bool:
        return self.status not in self.UNFINISHED

    @property
    def progress_percent(self) -> int:
        percent = self.PROGRESS_PERCENT[self.Status(self.status)]
        if self.status in (self.Status.MATRIX_GENERATING, self.Status.OPTIMIZING):
            return percent + self._percent_of_searches() + self._percent_of_points()
        if self.status == self.Status.VALIDATING and self.validation_scenarios_done:
            done, total = self.validation_scenarios_done, self.request["validation_scenarios"]
            percent += (99 - percent) * done // total
        return percent

    @property
    def searches_done(self) -> int:
        return len(self.rounds["searches"]) if self.rounds else 0

    def _percent_of_points(self) -> int:
        """On the way to what stands for validating."""
        if not self.frontier_points_done:
            return 0
        way = 39 * self.frontier_points_done
        return int(way // self.request["frontier"]["points"])

    def _percent_of_searches(self) -> int:
        """A search that is repeated begins above the one before, its scenarios just below it."""
        if not self.searches_done:
            return 0
        is_searching = self.status == self.Status.OPTIMIZING
        return 10 * self.searches_done + (0 if is_searching else 20)

    def wait_for_matrix(self, matrix: ScenarioMatrix) -> None:
        self._move(
            [self.Status.REQUESTED],
            self.Status.MATRIX_GENERATING,
            matrix=matrix,
            matrix_was_cached=False,
        )

    def optimize_with_cached_matrix(self, matrix: ScenarioMatrix) -> None:
        self._move(
            [self.Status.REQUESTED],
            self.Status.OPTIMIZING,
            matrix=matrix,
            matrix_was_cached=True,
        )

    def search_again(
        self, matrix: ScenarioMatrix, *, allocation: dict[str, Any], rounds: dict[str, Any]
    ) -> None:
        """Keep ``allocation`` with its matrix, and search the scenarios of another one."""
        is_complete = matrix.status == ScenarioMatrix.Status.COMPLETE
        self._move(
            [self.Status.OPTIMIZING],
            self.Status.OPTIMIZING if is_complete else self.Status.MATRIX_GENERATING,
            matrix=matrix,
            matrix_was_cached=is_complete,
            allocation=allocation,
            allocation_matrix_id=self.matrix_id,
            rounds=rounds,
        )

    def validate_allocation(
        self, allocation: dict[str, Any], *, rounds: dict[str, Any] | None = None
    ) -> None:
        self._move(
            [self.Status.OPTIMIZING],
            self.Status.VALIDATING,
            allocation=allocation,
            allocation_matrix=None,
            rounds=rounds,
        )

    def give_up_waiting(self) -> None:
        """End the wait for a matrix that is not to come."""
        self._move([self.Status.MATRIX_GENERATING], self.Status.OPTIMIZING)

    def validate_kept_allocation(self, *, matrix_was_cached: bool, rounds: dict[str, Any]) -> None:
        """Go back to the allocation of an earlier search and to the matrix it was found with."""
        self._move(
            [self.Status.OPTIMIZING],
            self.Status.VALIDATING,
            matrix=F("allocation_matrix"),
            matrix_was_cached=matrix_was_cached,
            allocation_matrix=None,
            rounds=rounds,
        )

    def validate_frontier(self, frontier: dict[str, Any]) -> None:
        self._move([self.Status.OPTIMIZING], self.Status.VALIDATING, frontier=frontier)

    def complete(self, validation_metrics: dict[str, Any]) -> None:
        self._move(
            [self.Status.VALIDATING],
            self.Status.COMPLETED,
            validation_metrics=validation_metrics,
            finished_at=Now(),
        )

    def record_traced(self, points: int) -> None:
        """Show that so many points of the frontier are solved, while it is optimizing."""
        optimizing = OptimizationSession.objects.filter(pk=self.pk, status=self.Status.OPTIMIZING)
        optimizing.update(
            frontier_points_done=Greatest(F("frontier_points_done"), points),
            version=F("version") + 1,
            updated_at=Now(),
        )

    def record_validated(self, scenarios: int) -> bool:
        """Show that so many fresh scenarios are done; False if it is no longer validating."""
        validating = OptimizationSession.objects.filter(pk=self.pk, status=self.Status.VALIDATING)
        return bool(
            validating.update(
                validation_scenarios_done=Greatest(F("validation_scenarios_done"), scenarios),
                version=F("version") + 1,
                updated_at=Now(),
            )
        )

    def cancel(self) -> None:
        self._move(self.UNFINISHED, self.Status.CANCELLED, finished_at=Now())

    def _move(self, sources: Sequence[str], target: str, **fields: Any) -> None:
        """Change the status only if no other process has done so since it was read.

        :raises StatusChanged: nothing was written
        """
        row = OptimizationSession.objects.filter(pk=self.pk)
        if not row.move(sources=sources, target=target, **fields):
            raise StatusChanged(
                f"session {self.pk} cannot become {target}: it is no longer {' or '.join(sources)}"
            )
        self.refresh_from_db()


class SessionEvent(models.Model):
    """One change of a session's status; written by a trigger, so no path can skip it."""

    session = models.ForeignKey(
        OptimizationSession, on_delete=models.CASCADE, related_name="events"
    )
    at = models.DateTimeField()
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20, choices=OptimizationSession.Status.choices)

    class Meta:
        db_table = "optimization_session_event"

    def __str__(self) -> str:
        return f"{self.session_id}: {self.from_status or 'new'} to {self.to_status} at {self.at}"
