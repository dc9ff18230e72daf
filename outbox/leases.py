"""The right to run a job: taken by compare-and-swap, kept by heartbeats, checked at the end.

Every statement uses the database's clock and names the token it expects, so a worker that lost
its lease, however late it wakes, changes nothing.
"""

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from outbox import backoff, kinds
from outbox.models import OutboxJob, OutboxJobQuerySet

logger = logging.getLogger(__name__)

# A cancelled job is noticed by its worker within this time, whatever the length of the lease.
LONGEST_HEARTBEAT_SECONDS = 2.0


class StaleLease(Exception):
    """Another worker, the reaper or a cancellation took the job; nothing may be written for it."""


@dataclass(frozen=True, slots=True)
class JobError:
    """Why an attempt failed: for programs, for analysts, and for staff."""

    error_class: str
    reason: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A running job in the hands of this process."""

    job_id: str
    subject_id: str
    token: int
    _lost: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, *, job_id: str, owner: str) -> "Lease | None":
        """Take the job, or return None when it does not wait to be run (a duplicate message)."""
        started = OutboxJob.objects.filter(
            job_id=job_id,
            status__in=[OutboxJob.Status.PROCESSING, OutboxJob.Status.ENQUEUED],
            attempts__lt=F("max_attempts"),
        )
        with transaction.atomic():
            job = started.select_for_update().first()
            if job is None:
                return None
            job.status = OutboxJob.Status.RUNNING
            job.lease_token += 1
            job.attempts += 1
            job.lease_owner = owner
            job.started_at = job.heartbeat_at = Now()
            job.lease_expires_at = _lease_end()
            job.save()
        return cls(job_id=job_id, subject_id=job.subject_id, token=job.lease_token)

    def is_lost(self) -> bool:
        return self._lost.is_set()

    def is_held(self) -> bool:
        return self._held().exists()

    def confirm(self) -> None:
        """Make sure that the job is held, and that nobody can take it before this commits.

        :raises StaleLease: the caller's transaction must roll back
        """
        if self._held().select_for_update(no_key=True).first() is None:
            raise StaleLease(f"job {self.job_id} is no longer held with token {self.token}")

    def finish(self) -> None:
        """Mark the job done, as the first statement of the transaction that holds its effect.

        :raises StaleLease: the caller's transaction must roll back
        """
        done = self._held().update(
            status=OutboxJob.Status.DONE, lease_expires_at=None, finished_at=Now()
        )
        if not done:
            raise StaleLease(f"job {self.job_id} is no longer held with token {self.token}")

    def give_up(self, error: JobError, *, permanent: bool) -> None:
        """Give the job back for another attempt, or end it when none can succeed or is left."""
        if not connection.in_atomic_block:
            # The work may have failed because this connection was cut.
            connection.close_if_unusable_or_obsolete()
        with transaction.atomic():
            job = self._held().select_for_update().first()
            if job is None:
                return
            job.error_class = error.error_class
            job.error_reason = error.reason[:4000]
            job.error_traceback = error.traceback
            if permanent or job.attempts >= job.max_attempts:
                end_failed(job)
            else:
                _return_for_retry(job)

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Send heartbeats from a thread with its own connection until the block ends."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=[stop], name=f"lease-{self.job_id}")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop: threading.Event) -> None:
        lease_seconds = settings.OUTBOX_LEASE_SECONDS
        last_success = time.monotonic()
        try:
            while not stop.wait(min(lease_seconds / 3, LONGEST_HEARTBEAT_SECONDS)):
                try:
                    held = self._extend()
                except OperationalError:
                    logger.warning("no heartbeat for job %s: database out of reach", self.job_id)
                    connection.close()
                    held = time.monotonic() - last_success < lease_seconds
                else:
                    last_success = time.monotonic()
                if not held:
                    self._lost.set()
                    return
        finally:
            connection.close()

    def _extend(self) -> bool:
        return self._held().update(heartbeat_at=Now(), lease_expires_at=_lease_end()) == 1

    def _held(self) -> OutboxJobQuerySet:
        return OutboxJob.objects.filter(
            job_id=self.job_id, lease_token=self.token, status=OutboxJob.Status.RUNNING
        )


def _return_for_retry(job: OutboxJob) -> None:
    delay_seconds = backoff.retry_delay_seconds(
        attempts=job.attempts,
        jitter=random.random(),  # noqa: S311 spreads retries, protects nothing
    )
    job.status = OutboxJob.Status.PENDING
    job.lease_expires_at = None
    job.next_run_at = Now() + timedelta(seconds=delay_seconds)
    job.save()


def end_failed(job: OutboxJob) -> None:
    """End a locked job as failed and tell the owner of its subject, in one transaction."""
    tell_owner = kinds.by_name(job.kind).owner_of_failure()
    tell_owner(job)
    job.status = OutboxJob.Status.FAILED
    job.lease_expires_at = None
    job.finished_at = Now()
    job.save()


def _lease_end() -> Combinable:
    return Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
