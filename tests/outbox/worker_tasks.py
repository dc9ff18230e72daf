"""The task behind the kind "count", for a worker in a process of its own."""

import os
import signal

from celery import shared_task

from outbox.leases import Lease
from outbox.models import OutboxJob
from outbox.running import run_job
from tests.outbox.jobs import finish_with_effect

KILLS_ITS_FIRST_WORKER = "kills its first worker"


@shared_task(name="tests.count")
def count(*, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=str(os.getpid()), work=finish_or_die)


def finish_or_die(lease: Lease) -> None:
    attempts = OutboxJob.objects.get(job_id=lease.job_id).attempts
    if lease.subject_id == KILLS_ITS_FIRST_WORKER and attempts == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    finish_with_effect(lease)
