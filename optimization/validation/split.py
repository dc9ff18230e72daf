"""A long validation in chunks: split over workers, put together by the last, repaired, stopped.

Every change of a session's chunks begins with the lock on the session's row, after that of the
job. So of two chunks that end together the later sees the earlier, and exactly one of them adds
the job that merges.
"""

from itertools import pairwise

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from optimization.models import OptimizationSession
from optimization.validation.chunk import ValidationChunk, ValidationChunkQuerySet
from optimization.validation.payload import EncodedPart
from outbox.models import OutboxJob
from scenarios.models import StatusChanged

VALIDATION = "validation"
CHUNK = "validation_chunk"
MERGE = "validation_merge"

# A chunk's payload must fit one statement.
MOST_CHUNK_SCENARIOS = 2_000_000
# Below other jobs', so that a long validation does not hold up every request made after it.
CHUNK_PRIORITY = 200


def is_to_be_split(scenarios: int) -> bool:
    return scenarios > int(settings.VALIDATION_SPLIT_ABOVE)


def split_validation(session: OptimizationSession) -> None:
    """Store the session's chunks with a job for each, in the caller's transaction.

    :raises StatusChanged: the session is no longer validating, or was split before
    """
    _lock(session)
    if session.validation_chunks.exists():
        raise StatusChanged(f"session {session.pk} was split before")
    edges = _edges(session.request["validation_scenarios"])
    chunks = ValidationChunk.objects.bulk_create(
        ValidationChunk(session=session, first_scenario=first, scenarios=after - first)
        for first, after in pairwise(edges)
    )
    _enqueue_chunks(session, [str(chunk.pk) for chunk in chunks])


def complete_chunk(chunk: ValidationChunk, encoded: EncodedPart) -> None:
    """Store what a chunk holds; the one that is last adds the job that merges.

    :raises StatusChanged: the session has ended, or the chunk was done by another worker
    """
    session = chunk.session
    _lock(session)
    chunk.complete(encoded)
    chunks = session.validation_chunks
    session.record_validated(chunks.done().scenarios())
    if not chunks.waiting().exists():
        _enqueue(MERGE, session)


def redo_chunk(chunk: ValidationChunk) -> None:
    """Have a chunk simulated again whose stored bytes are damaged.

    :raises StatusChanged: the session has ended, or another worker found it out first
    """
    _lock(chunk.session)
    chunk.begin_again()
    _enqueue_chunks(chunk.session, [str(chunk.pk)])


def discard_chunks(session: OptimizationSession, *, but_not: OutboxJob | None = None) -> None:
    """Stop the chunks of a session that the caller has ended in this transaction.

    Jobs that another transaction holds at this moment are left alone: to wait for them, who may
    wait for the session, could be to wait for ever. Their workers see that the session has ended.
    """
    subjects = [str(pk) for pk in session.validation_chunks.values_list("pk", flat=True)]
    jobs = OutboxJob.objects.live().filter(kind=CHUNK, subject_id__in=subjects)
    if but_not is not None:
        jobs = jobs.exclude(pk=but_not.pk)
    free = list(jobs.select_for_update(skip_locked=True).values_list("pk", flat=True))
    OutboxJob.objects.filter(pk__in=free).cancel()
    session.validation_chunks.all().delete()


def fail_session_of_chunk(job: OutboxJob) -> None:
    """A chunk that cannot be done fails its session; one that ended before stays as it is."""
    chunk = ValidationChunk.objects.filter(pk=job.subject_id).select_related("session").first()
    if chunk is not None:
        fail_session(chunk.session, job=job)


def fail_session(session: OptimizationSession, *, job: OutboxJob) -> None:
    row = OptimizationSession.objects.filter(pk=session.pk)
    if row.fail(reason=job.error_reason, traceback=job.error_traceback):
        discard_chunks(session, but_not=job)


def resume_validation(session: OptimizationSession) -> bool:
    """Give a validating session without a job of its own what it is owed; False if nothing."""
    chunks = session.validation_chunks
    if not chunks.exists():
        _enqueue(VALIDATION, session)
        return True
    if not chunks.waiting().exists():
        _enqueue(MERGE, session)
        return True
    forgotten = _without_a_job(chunks.waiting())
    _enqueue_chunks(session, forgotten)
    return bool(forgotten)


def _lock(session: OptimizationSession) -> None:
    validating = OptimizationSession.objects.filter(
        pk=session.pk, status=OptimizationSession.Status.VALIDATING
    )
    if not validating.select_for_update(no_key=True).values_list("pk").first():
        raise StatusChanged(f"session {session.pk} is no longer validating")


def _edges(scenarios: int) -> list[int]:
    size = int(settings.VALIDATION_CHUNK_SCENARIOS)
    if not 1 <= size <= MOST_CHUNK_SCENARIOS:
        raise ImproperlyConfigured(
            f"VALIDATION_CHUNK_SCENARIOS is {size}, must be 1 to {MOST_CHUNK_SCENARIOS}"
        )
    return [*range(0, scenarios, size), scenarios]


def _without_a_job(chunks: ValidationChunkQuerySet) -> list[str]:
    jobs = OutboxJob.objects.live().filter(kind=CHUNK, subject_id=OuterRef("subject_id"))
    forgotten = chunks.annotate(subject_id=Cast("pk", CharField())).filter(~Exists(jobs))
    return list(forgotten.order_by("first_scenario").values_list("subject_id", flat=True))


def _enqueue_chunks(session: OptimizationSession, chunk_ids: list[str]) -> None:
    OutboxJob.objects.enqueue(
        kind=CHUNK, subject_ids=chunk_ids, fund_id=session.fund_id, priority=CHUNK_PRIORITY
    )


def _enqueue(kind: str, session: OptimizationSession) -> None:
    OutboxJob.objects.enqueue(kind=kind, subject_ids=[str(session.pk)], fund_id=session.fund_id)
