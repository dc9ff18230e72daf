"""The story of a session: request, wake, cancel, fail, repair. Each change is one transaction.

Workers lock rows in one order: job, then matrix, then session. A request locks the matrix first
and then waits for no job that a worker may be ending.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast, Now

from funds.models import CalibrationSnapshot, Fund, User
from optimization.frontier.split import discard_segments, resume_frontier
from optimization.models import OptimizationSession
from optimization.request.checked_request import (
    FundFacts,
    OptimizationRequest,
    complete,
    parse_request,
)
from optimization.request.fund_facts import fund_facts
from optimization.rounds.rounds import Ending, Rounds
from optimization.validation.split import (
    VALIDATION,
    discard_chunks,
    fail_session,
    resume_validation,
)
from outbox.models import OutboxJob, OutboxJobQuerySet
from scenarios import generation
from scenarios.models import ScenarioMatrix, StatusChanged
from scenarios.simulation.configuration.config import ScenarioConfig

OPTIMIZATION = "optimization"

# A session that has had no live job for this long is owed one.
RECONCILE_AFTER = timedelta(seconds=60)

Status = OptimizationSession.Status


@transaction.atomic
def request_session(
    *, user: User, fund: Fund, request: OptimizationRequest, facts: FundFacts
) -> OptimizationSession:
    """Store the session and the first job it is owed; nothing has been sent anywhere yet."""
    session = OptimizationSession.objects.create(
        fund=fund,
        requested_by=user,
        session_type=request.session_type,
        name=request.name,
        request=request.as_json(),
        buckets=list(facts.buckets),
        calibration=CalibrationSnapshot.objects.get(version=request.calibration_version),
    )
    matrix = ScenarioMatrix.objects.get_or_start(
        fund=fund, config=request.config, scenarios=request.optimization_scenarios
    )
    if matrix.status == ScenarioMatrix.Status.COMPLETE:
        session.optimize_with_cached_matrix(matrix)
    else:
        session.wait_for_matrix(matrix)
    _owe_next(session, matrix)
    return session


def search_again(
    session: OptimizationSession,
    *,
    config: ScenarioConfig,
    allocation: dict[str, Any],
    rounds: dict[str, Any],
) -> None:
    """Keep what was found and search the scenarios of another law, in the caller's transaction.

    :raises StatusChanged: the session is no longer optimizing
    """
    matrix = ScenarioMatrix.objects.get_or_start(
        fund=session.fund, config=config, scenarios=session.request["optimization_scenarios"]
    )
    session.search_again(matrix, allocation=allocation, rounds=rounds)
    _owe_next(session, matrix)


def _owe_next(session: OptimizationSession, matrix: ScenarioMatrix) -> None:
    """The job that a session waits for whose matrix is complete, or is locked and is not."""
    if session.status == Status.OPTIMIZING:
        enqueue(OPTIMIZATION, session)
    else:
        generation.owe_generation(matrix)


def validate(
    session: OptimizationSession, *, allocation: dict[str, Any], rounds: dict[str, Any]
) -> None:
    """:raises StatusChanged: the session is no longer optimizing"""
    session.validate_allocation(allocation, rounds=rounds)
    enqueue(VALIDATION, session)


def validate_kept(session: OptimizationSession, *, rounds: Rounds) -> None:
    """Validate what an earlier search found, with the scenarios that it was found in.

    :raises StatusChanged: the session is no longer optimizing
    """
    session.validate_kept_allocation(
        matrix_was_cached=rounds.standing.was_cached, rounds=rounds.as_json()
    )
    enqueue(VALIDATION, session)


def enqueue(kind: str, session: OptimizationSession) -> None:
    OutboxJob.objects.enqueue(kind=kind, subject_ids=[str(session.pk)], fund_id=session.fund_id)


def wake_sessions_waiting_for_matrix(matrix: ScenarioMatrix) -> int:
    """Send every session that waits for this complete matrix on to optimization."""
    waiting = OptimizationSession.objects.filter(matrix=matrix, status=Status.MATRIX_GENERATING)
    # Locked first, so that the sessions that move are exactly those that get a job.
    ids = list(waiting.order_by("pk").select_for_update().values_list("pk", flat=True))
    OptimizationSession.objects.filter(pk__in=ids).move(
        sources=[Status.MATRIX_GENERATING], target=Status.OPTIMIZING
    )
    OutboxJob.objects.enqueue(
        kind=OPTIMIZATION, subject_ids=[str(pk) for pk in ids], fund_id=matrix.fund_id
    )
    return len(ids)


@transaction.atomic
def cancel_session(session: OptimizationSession) -> None:
    """End the session; a worker that runs its job loses the lease and stops.

    A matrix being generated for it goes on: others may wait for it, and it will be cached.

    :raises StatusChanged: the session has ended already
    """
    OutboxJob.objects.filter(subject_id=str(session.pk)).cancel()
    session.cancel()
    discard_chunks(session)
    discard_segments(session)


def retry_session(*, session: OptimizationSession, user: User) -> OptimizationSession:
    """Request the same again, under the fund's policy of today.

    :raises InvalidInput: the fund has changed so that the request no longer fits it
    """
    facts = fund_facts(session.fund)
    request = parse_request(complete(session.request), fund=facts)
    return request_session(user=user, fund=session.fund, request=request, facts=facts)


def is_needed(matrix: ScenarioMatrix) -> bool:
    """Whether a session that has not ended reads the numbers of this matrix, or will."""
    sessions = OptimizationSession.objects.unfinished()
    return sessions.filter(Q(matrix=matrix) | Q(allocation_matrix=matrix)).exists()


def fail_session_of_job(job: OutboxJob) -> None:
    """The session's job has ended without success; a session that ended before stays as it is."""
    session = OptimizationSession.objects.get(pk=job.subject_id)
    fail_session(session, job=job)
    discard_segments(session)


def fail_sessions_waiting_for_matrix(job: OutboxJob) -> None:
    matrix = ScenarioMatrix.objects.without_payload().get(pk=job.subject_id)
    matrix.lock()
    try:
        matrix.fail(reason=job.error_reason)
    except StatusChanged:
        # It ended without this job, and those that wait for it are no business of the job either.
        return
    waiting = OptimizationSession.objects.filter(matrix=matrix, status=Status.MATRIX_GENERATING)
    searched = waiting.exclude(allocation_matrix=None).order_by("pk")
    for session in searched.select_for_update(no_key=True, of=["self"]):
        _do_without_scenarios(session, reason=job.error_reason)
    waiting.fail(reason=job.error_reason, traceback=job.error_traceback)


def _do_without_scenarios(session: OptimizationSession, *, reason: str) -> None:
    """What an earlier search found stands: only the scenarios of the next one are missing."""
    session.give_up_waiting()
    rounds = Rounds.from_json(session.rounds).ended(Ending.NO_SCENARIOS, reason=reason)
    validate_kept(session, rounds=rounds)


def reconcile_sessions() -> int:
    """Give every stalled session the job that its status implies; returns how many stalled."""
    repaired = 0
    for session in _stalled(Status.OPTIMIZING):
        if session.is_frontier:
            repaired += resume_frontier(session)
        else:
            enqueue(OPTIMIZATION, session)
            repaired += 1
    for session in _stalled(Status.VALIDATING):
        repaired += resume_validation(session)
    return repaired + _reconcile_matrices()


def _reconcile_matrices() -> int:
    repaired = 0
    waiting = OptimizationSession.objects.filter(
        matrix=OuterRef("pk"),
        status=Status.MATRIX_GENERATING,
        updated_at__lt=Now() - RECONCILE_AFTER,
    )
    # Locked, so that no worker ends a matrix between the look at it and the look for its job.
    for matrix in ScenarioMatrix.objects.locked().filter(Exists(waiting)).order_by("pk"):
        if matrix.status == ScenarioMatrix.Status.COMPLETE:
            repaired += wake_sessions_waiting_for_matrix(matrix)
        elif not _live_jobs().filter(subject_id=str(matrix.pk)).exists():
            _restart(matrix)
            repaired += 1
    return repaired


def _restart(matrix: ScenarioMatrix) -> None:
    """A waiting session's matrix without a payload starts again; a generating one gets its job."""
    ScenarioMatrix.objects.filter(pk=matrix.pk).restart()
    generation.owe_generation(matrix)


def _stalled(status: str) -> list[OptimizationSession]:
    owed = OptimizationSession.objects.annotate(subject_id=Cast("pk", CharField()))
    return list(
        owed.filter(
            ~Exists(_live_jobs().filter(subject_id=OuterRef("subject_id"))),
            status=status,
            updated_at__lt=Now() - RECONCILE_AFTER,
        )
    )


def _live_jobs() -> OutboxJobQuerySet:
    return OutboxJob.objects.live()
