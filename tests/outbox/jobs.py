"""Jobs in every state, made directly in the table."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from outbox.leases import Lease
from outbox.models import OutboxJob

Status = OutboxJob.Status

FUND_ID = uuid.UUID("5e2d9a4c-0b7f-4a61-9b1d-3f0c6d1e8a27")


def enqueue(*subject_ids: str, kind: str = "count") -> None:
    OutboxJob.objects.enqueue(kind=kind, subject_ids=subject_ids, fund_id=FUND_ID)


def make_job(*, status: str = Status.PENDING, kind: str = "count", **fields: Any) -> OutboxJob:
    """A job whose times fit its status: due since a minute, or leased for another minute."""
    subject_id = fields.pop("subject_id", str(uuid.uuid4()))
    times: dict[str, Any] = {"next_run_at": Now() - timedelta(minutes=1)}
    if status in OutboxJob.LEASED:
        times["lease_expires_at"] = Now() + timedelta(minutes=1)
    if status == Status.RUNNING:
        times["started_at"] = times["heartbeat_at"] = Now()
        times["attempts"] = 1
    if status in OutboxJob.ENDED:
        times["finished_at"] = Now()
    job = OutboxJob.objects.create(
        kind=kind,
        status=status,
        subject_id=subject_id,
        fund_id=FUND_ID,
        idempotency_key=f"{kind}:{subject_id}",
        **(times | fields),
    )
    job.refresh_from_db()
    return job


def make_lapsed_job(*, status: str, **fields: Any) -> OutboxJob:
    return make_job(status=status, lease_expires_at=Now() - timedelta(seconds=1), **fields)


def reread(job: OutboxJob) -> OutboxJob:
    return OutboxJob.objects.get(pk=job.pk)


def columns(job: OutboxJob) -> dict[str, Any]:
    """All that the table holds of the job, to show that something changed nothing."""
    return dict(OutboxJob.objects.filter(pk=job.pk).values().get())


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def started(job: OutboxJob, *, owner: str = "worker") -> Lease:
    lease = Lease.start(job_id=str(job.job_id), owner=owner)
    assert lease is not None, f"{job} did not wait to be run"
    return lease


def start_new_job(**fields: Any) -> tuple[OutboxJob, Lease]:
    job = make_job(status=Status.ENQUEUED, **fields)
    lease = started(job)
    return reread(job), lease


def lapse(job: OutboxJob) -> None:
    OutboxJob.objects.filter(pk=job.pk).update(lease_expires_at=Now() - timedelta(seconds=1))


def finish_with_effect(lease: Lease) -> None:
    """The effect is a job of the next kind, as in the pipeline."""
    with transaction.atomic():
        lease.finish()
        enqueue(lease.subject_id, kind="weigh")


def effects() -> int:
    return OutboxJob.objects.filter(kind="weigh").count()
