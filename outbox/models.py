"""The outbox: one row per job, alive from the transaction that asks for it until it has ended."""

import uuid
from collections.abc import Iterable

from django.db import models
from django.db.models.functions import Now

from outbox import kinds
from outbox.doorbell import ring_on_commit

ORDINARY_PRIORITY = 100


class OutboxJobQuerySet(models.QuerySet["OutboxJob"]):
    def enqueue(
        self,
        *,
        kind: str,
        subject_ids: Iterable[str],
        fund_id: uuid.UUID,
        priority: int = ORDINARY_PRIORITY,
    ) -> None:
        """Add one pending job per subject in the caller's transaction; low ``priority`` is first.

        A subject that already has a live job of this kind keeps that one. If that one is just
        being ended by another transaction, this waits for it and then adds the new job.
        """
        kinds.by_name(kind)
        jobs = [
            OutboxJob(
                kind=kind,
                subject_id=subject_id,
                fund_id=fund_id,
                idempotency_key=f"{kind}:{subject_id}",
                priority=priority,
            )
            for subject_id in subject_ids
        ]
        self.bulk_create(jobs, ignore_conflicts=True)
        if jobs:
            ring_on_commit()

    def live(self) -> "OutboxJobQuerySet":
        return self.filter(status__in=OutboxJob.LIVE)

    def cancel(self) -> int:
        """End the live jobs of this queryset; a running worker finds its lease gone."""
        return self.live().update(
            status=OutboxJob.Status.CANCELLED,
            lease_token=models.F("lease_token") + 1,
            lease_expires_at=None,
            finished_at=Now(),
        )


class OutboxJob(models.Model):
    """A piece of work owed to a subject, delivered at least once, with effects exactly once."""

    class Status(models.TextChoices):
        PENDING = "pending"  # waits for next_run_at and a place in the dispatch window
        PROCESSING = "processing"  # claimed by a drainer that is publishing it
        ENQUEUED = "enqueued"  # published to the broker, no worker has started it
        RUNNING = "running"  # a worker holds the lease
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    LEASED = (Status.PROCESSING, Status.ENQUEUED, Status.RUNNING)
    LIVE = (Status.PENDING, *LEASED)
    ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)

    id = models.BigAutoField(primary_key=True)
    job_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    fund_id = models.UUIDField()
    idempotency_key = models.CharField(max_length=120)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    priority = models.SmallIntegerField(default=ORDINARY_PRIORITY)
    next_run_at = models.DateTimeField(db_default=Now())

    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    crashes = models.PositiveSmallIntegerField(default=0)
    max_crashes = models.PositiveSmallIntegerField(default=2)
    dispatches = models.PositiveIntegerField(default=0)
    publish_failures = models.PositiveIntegerField(default=0)
    rescues = models.PositiveIntegerField(default=0)

    # Rises at every change of hands; a holder of an older token can write nothing.
    lease_token = models.BigIntegerField(default=0)
    lease_owner = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    error_class = models.CharField(max_length=200, blank=True)
    error_reason = models.CharField(max_length=4000, blank=True)
    error_traceback = models.TextField(blank=True)

    created_at = models.DateTimeField(db_default=Now())
    processing_at = models.DateTimeField(null=True, blank=True)
    enqueued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = OutboxJobQuerySet.as_manager()

    class Meta:
        db_table = "outbox_job"
        constraints = [
            models.UniqueConstraint(
                fields=["idempotency_key"],
                condition=models.Q(status__in=["pending", "processing", "enqueued", "running"]),
                name="one_live_job_per_idempotency_key",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["processing", "enqueued", "running"],
                    lease_expires_at__isnull=False,
                )
                | models.Q(
                    status__in=["pending", "done", "failed", "cancelled"],
                    lease_expires_at__isnull=True,
                ),
                name="exactly_leased_jobs_have_a_lease_end",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["done", "failed", "cancelled"], finished_at__isnull=False
                )
                | models.Q(
                    status__in=["pending", "processing", "enqueued", "running"],
                    finished_at__isnull=True,
                ),
                name="exactly_ended_jobs_have_finished_at",
            ),
        ]
        indexes = [
            # The drainer's claim.
            models.Index(
                fields=["priority", "next_run_at", "id"],
                condition=models.Q(status="pending"),
                name="job_claim",
            ),
            # The reaper's search for lapsed leases, and the count of the dispatch window.
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(status__in=["processing", "enqueued", "running"]),
                name="job_lease",
            ),
            # "Does this session have a live job?" of the reconciler and of cancel.
            models.Index(
                fields=["subject_id"],
                condition=models.Q(status__in=["pending", "processing", "enqueued", "running"]),
                name="job_live_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.job_id} ({self.status})"


class JobEvent(models.Model):
    """One change of a job's status; written by a trigger, so no path can skip it."""

    # The database deletes the events of a job with it; a trigger refuses to delete them before.
    job = models.ForeignKey(OutboxJob, on_delete=models.DO_NOTHING, related_name="events")
    at = models.DateTimeField()
    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12)
    lease_token = models.BigIntegerField()
    lease_owner = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "outbox_job_event"

    def __str__(self) -> str:
        return f"{self.job_id}: {self.from_status or 'new'} to {self.to_status} at {self.at}"


class Counter(models.Model):
    """How often something has happened, in whichever process; `outbox.counters` adds to it."""

    name = models.CharField(max_length=40)
    label = models.CharField(max_length=40, blank=True)
    value = models.BigIntegerField(default=0)

    class Meta:
        db_table = "outbox_counter"
        constraints = [
            models.UniqueConstraint(fields=["name", "label"], name="one_counter_of_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.label}: {self.value}".replace(" :", ":")
