"""Sessions carried on by jobs that are taken and run as a worker does, without a broker."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.db.models.functions import Now

from funds.models import Fund
from optimization import lifecycle, stages
from optimization.frontier import split as frontier_split
from optimization.frontier import stages as frontier_stages
from optimization.models import OptimizationSession
from optimization.ranges import asking
from optimization.ranges import stages as ranges_stages
from optimization.validation import split as validation_split
from optimization.validation import stages as validation_stages
from outbox.leases import JobError, Lease
from outbox.models import OutboxJob
from outbox.running import run_job
from scenarios import generation
from scenarios.models import ScenarioMatrix
from tests.optimization.completed import SMALL
from tests.optimization.factories import requested_session

GENERATION = generation.KIND
OPTIMIZATION = lifecycle.OPTIMIZATION
VALIDATION = validation_split.VALIDATION
CHUNK = validation_split.CHUNK
MERGE = validation_split.MERGE
RANGES = asking.KIND
GENERATION_FOR_RANGES = asking.MATRIX_KIND
SEGMENT = frontier_split.SEGMENT
FRONTIER_MERGE = frontier_split.MERGE

WORK: dict[str, Callable[[Lease], None]] = {
    GENERATION: generation.generate_matrix,
    GENERATION_FOR_RANGES: generation.generate_matrix,
    OPTIMIZATION: stages.optimize,
    VALIDATION: validation_stages.validate,
    CHUNK: validation_stages.validate_chunk,
    MERGE: validation_stages.merge_validation,
    RANGES: ranges_stages.answer,
    SEGMENT: frontier_stages.trace_segment,
    FRONTIER_MERGE: frontier_stages.merge_frontier,
}


def matrix_of(session: OptimizationSession) -> ScenarioMatrix:
    return ScenarioMatrix.objects.get(sessions=session)


def jobs_of(subject: Model, *kinds: str) -> list[str]:
    """The statuses of the jobs about a session or matrix, oldest first."""
    jobs = OutboxJob.objects.filter(subject_id=str(subject.pk), kind__in=kinds or WORK)
    return list(jobs.order_by("id").values_list("status", flat=True))


def live_jobs_of(subject: Model) -> list[str]:
    """The kinds of the jobs that the subject still has."""
    jobs = OutboxJob.objects.live().filter(subject_id=str(subject.pk))
    return list(jobs.order_by("id").values_list("kind", flat=True))


def take(subject: Model) -> Lease:
    """Start the one live job about a session or matrix, published as if by the drainer."""
    return start(OutboxJob.objects.live().get(subject_id=str(subject.pk)))


def start(job: OutboxJob) -> Lease:
    publish(job)
    lease = Lease.start(job_id=str(job.job_id), owner="worker")
    assert lease is not None
    return lease


def publish(job: OutboxJob) -> None:
    OutboxJob.objects.filter(pk=job.pk).update(
        status=OutboxJob.Status.ENQUEUED, lease_expires_at=Now() + timedelta(minutes=1)
    )


def do(subject: Model) -> None:
    """Take the one live job about a session or matrix and do its work."""
    job = OutboxJob.objects.live().get(subject_id=str(subject.pk))
    WORK[job.kind](take(subject))


def fail(subject: Model, *, reason: str) -> None:
    """Take the one live job about a session or matrix and give it up for good."""
    end_without_success(take(subject), reason=reason)


def end_without_success(lease: Lease, *, reason: str) -> None:
    error = JobError(error_class="tests.OutOfPaper", reason=reason, traceback="the traceback")
    lease.give_up(error, permanent=True)


def run(job: OutboxJob) -> None:
    """As a Celery task does it, heartbeats included: they need rows that are committed."""
    publish(job)
    run_job(job_id=str(job.job_id), owner="worker", work=WORK[job.kind])


def run_all() -> None:
    """Run jobs until no subject has any."""
    while jobs := list(OutboxJob.objects.live().order_by("id")):
        for job in jobs:
            run(job)


def waiting(fund: Fund, **fields: Any) -> OptimizationSession:
    """A session of few scenarios that waits for its matrix.

    Its limit has no bucket buy more than twice the deals that it is simulated with, so that the
    first search is the last.
    """
    return requested_session(fund=fund, **{**SMALL, "limits": {"max_bucket_weight": 0.4}, **fields})


def optimizing(fund: Fund, **fields: Any) -> OptimizationSession:
    """A session whose matrix exists, with a job that waits."""
    session = waiting(fund, **fields)
    if session.status == OptimizationSession.Status.MATRIX_GENERATING:
        do(matrix_of(session))
        session.refresh_from_db()
    return session


def validating(fund: Fund, **fields: Any) -> OptimizationSession:
    """A session that has its allocation, with a job that waits."""
    session = optimizing(fund, **fields)
    search_to_the_end(session)
    return session


def search_to_the_end(session: OptimizationSession) -> None:
    """Search until the deals bought are those simulated, or there is no further search."""
    while session.status != OptimizationSession.Status.VALIDATING:
        waits = session.status == OptimizationSession.Status.MATRIX_GENERATING
        do(matrix_of(session) if waits else session)
        session.refresh_from_db()


def completed(fund: Fund, **fields: Any) -> OptimizationSession:
    session = validating(fund, **fields)
    do(session)
    session.refresh_from_db()
    return session
