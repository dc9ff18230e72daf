"""Jobs of a subject that has several, told apart by their kinds."""

from django.db.models import Model

from outbox.leases import JobError, Lease
from outbox.models import OutboxJob
from tests.optimization.work import publish

REASON = "There is no paper."


def take(kind: str) -> Lease:
    """Start the one live job of this kind, published as if by the drainer."""
    job = OutboxJob.objects.live().get(kind=kind)
    publish(job)
    lease = Lease.start(job_id=str(job.job_id), owner="worker")
    assert lease is not None
    return lease


def give_up(kind: str) -> None:
    """Start the one live job of this kind and end it without success."""
    error = JobError(error_class="tests.OutOfPaper", reason=REASON, traceback="the traceback")
    take(kind).give_up(error, permanent=True)


def status(row: Model) -> str:
    """What the database has now."""
    row.refresh_from_db(fields=["status"])
    return str(row.__dict__["status"])
