"""Runs one job in a worker: start, heartbeat, work, and what becomes of an error."""

import logging
import traceback
from collections.abc import Callable

from outbox.leases import JobError, Lease, StaleLease

logger = logging.getLogger(__name__)

INTERNAL_ERROR = (
    "Keel could not finish this step because of an internal error. Nothing was lost: "
    "ask for it again, and tell the staff, who can see the details."
)

OUT_OF_MEMORY = (
    "This step needs more memory than the worker has. "
    "Ask for fewer scenarios or buckets, or tell the staff."
)


class PermanentFailure(Exception):
    """No attempt can succeed; the message tells the analyst what happened and what to do."""


class UnfinishedWork(RuntimeError):
    """The work returned without calling ``lease.finish``: a bug that must not look like a crash."""


def run_job(*, job_id: str, owner: str, work: Callable[[Lease], None]) -> None:
    """Run ``work`` under the job's lease; ``work`` calls ``lease.finish`` with its effect.

    A message for a job that does not wait to be run is dropped: it is a duplicate.
    """
    lease = Lease.start(job_id=job_id, owner=owner)
    if lease is None:
        logger.info("dropped a message for job %s: it does not wait to be run", job_id)
        return
    with lease.kept_alive():
        try:
            work(lease)
            if lease.is_held():
                raise UnfinishedWork(f"the work of job {job_id} returned without finishing it")
        except StaleLease:
            logger.warning("job %s was taken over; its result is dropped", job_id)
        except PermanentFailure as failure:
            lease.give_up(_described(failure, reason=str(failure)), permanent=True)
        except MemoryError as error:
            lease.give_up(_described(error, reason=OUT_OF_MEMORY), permanent=True)
        except Exception as error:
            if lease.is_lost():
                logger.warning("job %s was taken over while it ran; stopped", job_id)
                return
            lease.give_up(_described(error, reason=INTERNAL_ERROR), permanent=False)
            raise


def _described(error: Exception, *, reason: str) -> JobError:
    return JobError(
        error_class=f"{type(error).__module__}.{type(error).__qualname__}",
        reason=_storable(reason),
        traceback=_storable("".join(traceback.format_exception(error))),
    )


def _storable(text: str) -> str:
    """PostgreSQL refuses the zero character and lone surrogates: escape them."""
    return text.encode(errors="backslashreplace").decode().replace("\0", r"\x00")
