"""Work that fails, and the running of a job with it."""

from collections.abc import Callable

from outbox.leases import Lease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure, run_job


class OutOfInk(Exception):
    """An error that another attempt may not meet."""


def run(job: OutboxJob, work: Callable[[Lease], None]) -> None:
    run_job(job_id=str(job.job_id), owner="worker", work=work)


def fail(_lease: Lease) -> None:
    raise OutOfInk("the pen is dry")


def fail_for_good(_lease: Lease) -> None:
    raise PermanentFailure("There is no paper. Buy some.")
