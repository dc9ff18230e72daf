"""Hands due jobs to the broker: claim, publish, mark. Safe to run in any number of processes."""

import json
import logging
import random
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Case, F, When
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerOutOfReach

from outbox import backoff, kinds
from outbox.models import OutboxJob

logger = logging.getLogger(__name__)

# Makes the count of the dispatch window exact among concurrent drainers.
DISPATCH_LOCK = 0x6B65656C01


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this drainer must publish; ``token`` proves that it still may."""

    pk: int
    job_id: uuid.UUID
    kind: str
    token: int
    dispatches: int
    publish_failures: int


def drain(*, for_seconds: float) -> int:
    """Publish due jobs until none is left, the window is full or the time is up."""
    deadline = time.monotonic() + for_seconds
    published = 0
    while time.monotonic() < deadline:
        batch = drain_once()
        published += batch
        if batch == 0:
            break
    return published


def drain_once() -> int:
    """Claim, publish and mark one batch; returns how many jobs reached the broker."""
    claims = _claim()
    published: list[Claim] = []
    for claim in claims:
        try:
            _publish(claim)
        except kinds.UnknownJobKind as error:
            logger.error("job %s cannot be published: %s; it waits", claim.job_id, error)
            continue
        except (BrokerOutOfReach, OSError) as error:
            logger.warning("cannot publish: %s; the jobs wait", error)
            break
        published.append(claim)
    _mark_enqueued(published)
    _return_to_pending([claim for claim in claims if claim not in published])
    return len(published)


def _claim() -> list[Claim]:
    """Take due jobs into ``processing``, as many as the dispatch windows have room for.

    A window bounds what a broker can lose and keeps the backlog in the database, where it can be
    cancelled and ordered.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [DISPATCH_LOCK])
        if not cursor.fetchone()[0]:
            return []
        return [claim for lane in kinds.lanes() for claim in _claim_in(lane, cursor)]


def _claim_in(lane: kinds.Lane, cursor: CursorWrapper) -> list[Claim]:
    # MATERIALIZED: an inlined CTE may be planned so that more rows than LIMIT are updated.
    cursor.execute(
        """
        WITH room AS (
            SELECT greatest(0, %(window)s - count(*)) AS free FROM outbox_job
            WHERE status IN ('processing', 'enqueued', 'running')
                AND coalesce(%(own_lanes)s::jsonb ->> kind, %(shared)s) = %(lane)s
        ), due AS MATERIALIZED (
            SELECT id FROM outbox_job
            WHERE status = 'pending' AND next_run_at <= now()
                AND coalesce(%(own_lanes)s::jsonb ->> kind, %(shared)s) = %(lane)s
            ORDER BY priority, next_run_at, id
            LIMIT (SELECT free FROM room)
            FOR UPDATE SKIP LOCKED
        ), claimed AS (
            UPDATE outbox_job job
            SET status = 'processing', lease_token = lease_token + 1, lease_owner = '',
                dispatches = dispatches + 1, processing_at = now(),
                lease_expires_at = now() + make_interval(secs => %(lease)s)
            FROM due WHERE job.id = due.id
            RETURNING job.*
        )
        SELECT id, job_id, kind, lease_token, dispatches, publish_failures
        FROM claimed ORDER BY priority, next_run_at, id
        """,
        {
            "window": lane.window,
            "lane": lane.name,
            "shared": kinds.SHARED_LANE,
            "own_lanes": json.dumps(kinds.own_lanes()),
            "lease": settings.OUTBOX_ENQUEUE_LEASE_SECONDS,
        },
    )
    return [Claim(*row) for row in cursor.fetchall()]


def _publish(claim: Claim) -> None:
    kind = kinds.by_name(claim.kind)
    current_app.send_task(
        kind.task,
        kwargs={"job_id": str(claim.job_id)},
        queue=kind.queue,
        task_id=f"{claim.job_id}:{claim.dispatches}",
        retry=False,
    )


def _mark_enqueued(claims: list[Claim]) -> None:
    """A worker may have started a job before this mark: then the token no longer matches."""
    if not claims:
        return
    OutboxJob.objects.filter(
        pk__in=[claim.pk for claim in claims],
        lease_token=Case(*[When(pk=claim.pk, then=claim.token) for claim in claims]),
        status=OutboxJob.Status.PROCESSING,
    ).update(
        status=OutboxJob.Status.ENQUEUED,
        enqueued_at=Now(),
        publish_failures=0,
        lease_expires_at=Now() + timedelta(seconds=settings.OUTBOX_ENQUEUE_LEASE_SECONDS),
    )


def _return_to_pending(claims: list[Claim]) -> None:
    """Publication is not an attempt: a broker that is away for an hour fails no session."""
    for claim in claims:
        delay_seconds = backoff.publish_delay_seconds(
            failures=claim.publish_failures + 1,
            jitter=random.random(),  # noqa: S311 spreads retries, protects nothing
        )
        OutboxJob.objects.filter(
            pk=claim.pk, lease_token=claim.token, status=OutboxJob.Status.PROCESSING
        ).update(
            status=OutboxJob.Status.PENDING,
            lease_expires_at=None,
            publish_failures=F("publish_failures") + 1,
            next_run_at=Now() + timedelta(seconds=delay_seconds),
        )
