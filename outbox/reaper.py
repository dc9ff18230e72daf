"""Takes back jobs whose holder has gone quiet: the only recovery, and the fence with it."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from outbox import backoff
from outbox.counters import RESCUED_JOBS, count
from outbox.leases import end_failed
from outbox.models import OutboxJob, OutboxJobQuerySet

logger = logging.getLogger(__name__)

BATCH = 200

WORKER_DIED = (
    "The worker died {crashes} times while it ran this step, probably for want of memory. "
    "Ask for fewer scenarios or buckets, or tell the staff."
)
DEADLINE_PASSED = (
    "This step ran for more than {minutes:.0f} minutes and was given up. "
    "Ask for fewer scenarios or a shorter time limit."
)


def reap() -> int:
    """Rescue every job whose lease has lapsed, end every one whose deadline has passed.

    Each job has a transaction of its own: an owner that cannot be told holds up no other job.

    :raises ExceptionGroup: once all the others are dealt with
    """
    deadline = Now() - timedelta(seconds=settings.OUTBOX_JOB_DEADLINE_SECONDS)
    overdue = OutboxJob.objects.filter(status=OutboxJob.Status.RUNNING, started_at__lt=deadline)
    lapsed = OutboxJob.objects.filter(status__in=OutboxJob.LEASED, lease_expires_at__lt=Now())
    reaped = 0
    errors: list[Exception] = []
    for jobs, reap_job in ((overdue, _end_overdue), (lapsed, _take_back)):
        for pk in jobs.order_by("lease_expires_at").values_list("pk", flat=True)[:BATCH]:
            try:
                reaped += _reap_if_still_among(jobs, pk, reap_job)
            except Exception as error:  # noqa: BLE001 raised below, with the others
                errors.append(error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} jobs could not be reaped", errors)
    return reaped


@transaction.atomic
def _reap_if_still_among(
    jobs: OutboxJobQuerySet, pk: int, reap_job: Callable[[OutboxJob], None]
) -> bool:
    """Skip a job that another holds: its worker is about to finish it, or a reaper to take it."""
    job = jobs.filter(pk=pk).select_for_update(skip_locked=True).first()
    if job is None:
        return False
    reap_job(job)
    return True


def _end_overdue(job: OutboxJob) -> None:
    logger.warning("%s ran past its deadline, held by %r", job, job.lease_owner)
    job.lease_token += 1
    job.error_class = "deadline"
    job.error_reason = DEADLINE_PASSED.format(minutes=settings.OUTBOX_JOB_DEADLINE_SECONDS / 60)
    end_failed(job)


def _take_back(job: OutboxJob) -> None:
    """Raise the token, which locks out the quiet holder, and decide what becomes of the job."""
    logger.warning("rescued %s, last held by %r", job, job.lease_owner)
    was_running = job.status == OutboxJob.Status.RUNNING
    job.lease_token += 1
    job.rescues += 1
    job.crashes += was_running
    if was_running and (job.crashes >= job.max_crashes or job.attempts >= job.max_attempts):
        job.error_class = "worker_died"
        job.error_reason = WORKER_DIED.format(crashes=job.crashes)
        end_failed(job)
    else:
        delay = backoff.rescue_delay_seconds(crashes=job.crashes) if was_running else 0.0
        job.status = OutboxJob.Status.PENDING
        job.lease_expires_at = None
        job.next_run_at = Now() + timedelta(seconds=delay)
        job.save()
    count(RESCUED_JOBS)
