"""A frontier in segments: split over workers, put together by the last, repaired, stopped.

Every change of a session's segments begins with the lock on the session's row, after that of the
job. So of two segments that end together the later sees the earlier, and exactly one of them adds
the job that merges.
"""

from typing import Any

from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from optimization.frontier.segment import FrontierSegment, FrontierSegmentQuerySet
from optimization.frontier.segments import segments_of
from optimization.models import OptimizationSession
from outbox.models import OutboxJob
from scenarios.models import StatusChanged

OPTIMIZATION = "optimization"
VALIDATION = "validation"
SEGMENT = "frontier_segment"
MERGE = "frontier_merge"

# Below other jobs', so that a frontier does not hold up every request made after it.
SEGMENT_PRIORITY = 200


def split_frontier(session: OptimizationSession) -> None:
    """Store the session's segments with a job for each, in the caller's transaction.

    :raises StatusChanged: the session is no longer optimizing, or was split before
    """
    _lock(session)
    if session.frontier_segments.exists():
        raise StatusChanged(f"session {session.pk} was split before")
    ranges = segments_of(
        points=session.request["frontier"]["points"],
        time_limit_seconds=session.request["time_limit_seconds"],
    )
    segments = FrontierSegment.objects.bulk_create(
        FrontierSegment(session=session, first_point=points.start, points=len(points))
        for points in ranges
    )
    _enqueue_segments(session, [str(segment.pk) for segment in segments])


def record_progress(segment: FrontierSegment, points_done: int) -> None:
    """Show that so many points of the segment are solved, in the caller's transaction.

    :raises StatusChanged: the session is no longer optimizing
    """
    session = segment.session
    _lock(session)
    segment.record(points_done)
    session.record_traced(session.frontier_segments.all().points_solved())


def complete_segment(segment: FrontierSegment, result: dict[str, Any]) -> None:
    """Store the points of a segment; the one that is last adds the job that merges.

    :raises StatusChanged: the session has ended, or the segment was done by another worker
    """
    session = segment.session
    _lock(session)
    segment.complete(result)
    session.record_traced(session.frontier_segments.all().points_solved())
    if not session.frontier_segments.waiting().exists():
        _enqueue(MERGE, session)


def validate_points(session: OptimizationSession, frontier: dict[str, Any]) -> None:
    """Keep the frontier and have it measured on fresh scenarios.

    :raises StatusChanged: the session is no longer optimizing
    """
    session.validate_frontier(frontier)
    session.frontier_segments.all().delete()
    _enqueue(VALIDATION, session)


def discard_segments(session: OptimizationSession, *, but_not: OutboxJob | None = None) -> None:
    """Stop the segments of a session that the caller has ended in this transaction.

    Jobs that another transaction holds at this moment are left alone: to wait for them, who may
    wait for the session, could be to wait for ever. Their workers see that the session has ended.
    """
    subjects = [str(pk) for pk in session.frontier_segments.values_list("pk", flat=True)]
    jobs = OutboxJob.objects.live().filter(kind=SEGMENT, subject_id__in=subjects)
    if but_not is not None:
        jobs = jobs.exclude(pk=but_not.pk)
    free = list(jobs.select_for_update(skip_locked=True).values_list("pk", flat=True))
    OutboxJob.objects.filter(pk__in=free).cancel()
    session.frontier_segments.all().delete()


def fail_session_of_segment(job: OutboxJob) -> None:
    """A segment that cannot be done fails its session; one that ended before stays as it is."""
    segment = FrontierSegment.objects.filter(pk=job.subject_id).select_related("session").first()
    if segment is None:
        return
    row = OptimizationSession.objects.filter(pk=segment.session_id)
    if row.fail(reason=job.error_reason, traceback=job.error_traceback):
        discard_segments(segment.session, but_not=job)


def resume_frontier(session: OptimizationSession) -> bool:
    """Give an optimizing session without a job of its own what it is owed; False if nothing."""
    segments = session.frontier_segments
    if not segments.exists():
        _enqueue(OPTIMIZATION, session)
        return True
    if not segments.waiting().exists():
        _enqueue(MERGE, session)
        return True
    forgotten = _without_a_job(segments.waiting())
    _enqueue_segments(session, forgotten)
    return bool(forgotten)


def _lock(session: OptimizationSession) -> None:
    optimizing = OptimizationSession.objects.filter(
        pk=session.pk, status=OptimizationSession.Status.OPTIMIZING
    )
    if not optimizing.select_for_update(no_key=True).values_list("pk").first():
        raise StatusChanged(f"session {session.pk} is no longer optimizing")


def _without_a_job(segments: FrontierSegmentQuerySet) -> list[str]:
    jobs = OutboxJob.objects.live().filter(kind=SEGMENT, subject_id=OuterRef("subject_id"))
    forgotten = segments.annotate(subject_id=Cast("pk", CharField())).filter(~Exists(jobs))
    return list(forgotten.order_by("first_point").values_list("subject_id", flat=True))


def _enqueue_segments(session: OptimizationSession, segment_ids: list[str]) -> None:
    OutboxJob.objects.enqueue(
        kind=SEGMENT, subject_ids=segment_ids, fund_id=session.fund_id, priority=SEGMENT_PRIORITY
    )


def _enqueue(kind: str, session: OptimizationSession) -> None:
    OutboxJob.objects.enqueue(kind=kind, subject_ids=[str(session.pk)], fund_id=session.fund_id)
