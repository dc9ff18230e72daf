"""Repairs subjects that are owed work but have no job, and removes jobs that ended long ago."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from outbox.counters import RECONCILED_SUBJECTS, count
from outbox.models import OutboxJob, OutboxJobQuerySet

logger = logging.getLogger(__name__)

RECONCILE_LOCK = 0x6B65656C02
KEEP_DONE = timedelta(days=7)
KEEP_FAILED = timedelta(days=90)
PRUNE_BATCH = 1000


@transaction.atomic
def reconcile() -> int:
    """Ask every owner of subjects to repair what no live job would ever finish.

    Returns how many subjects were repaired; in a healthy system that is 0.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [RECONCILE_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    repaired = 0
    for name in settings.OUTBOX_RECONCILERS:
        reconciler: Callable[[], int] = import_string(name)
        repaired += reconciler()
    if repaired:
        logger.warning("reconciled %d subjects that had no live job", repaired)
        count(RECONCILED_SUBJECTS, by=repaired)
    return repaired


def prune() -> int:
    """Delete done jobs after a week, failed and cancelled ones after three months."""
    done = OutboxJob.objects.filter(status=OutboxJob.Status.DONE, finished_at__lt=Now() - KEEP_DONE)
    not_done = OutboxJob.objects.filter(
        status__in=[OutboxJob.Status.FAILED, OutboxJob.Status.CANCELLED],
        finished_at__lt=Now() - KEEP_FAILED,
    )
    return _delete_all(done) + _delete_all(not_done)


def _delete_all(jobs: OutboxJobQuerySet) -> int:
    """In many short transactions, so that no lock is held for long."""
    deleted = 0
    while batch := _delete_batch(jobs):
        deleted += batch
    return deleted


@transaction.atomic
def _delete_batch(jobs: OutboxJobQuerySet) -> int:
    batch = jobs.order_by("id").select_for_update(skip_locked=True)
    ids = list(batch.values_list("pk", flat=True)[:PRUNE_BATCH])
    OutboxJob.objects.filter(pk__in=ids).delete()
    return len(ids)
