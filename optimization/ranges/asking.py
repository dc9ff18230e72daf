"""The story of a question: ask, wake, fail, repair, forget. Each change is one transaction.

Workers lock rows in one order: job, then matrix, then question. Whoever asks locks the matrix and
then adds a job only to a question that has none, so it waits for no job that is just ending.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast, Now

from funds.models import Fund
from optimization.ranges.models import AskedRanges, AskedRangesQuerySet
from optimization.ranges.question import RangesQuestion
from outbox.models import ORDINARY_PRIORITY, OutboxJob
from scenarios import generation
from scenarios.models import ScenarioMatrix

KIND = "attainable_ranges"
# Generates a matrix where no session is waited for.
MATRIX_KIND = "matrix_for_ranges"
# Before the matrices of questions asked later: these would hold up every answer of a crowd.
PRIORITY = ORDINARY_PRIORITY - 50

# A question that has had no live job for this long is owed one.
RECONCILE_AFTER = timedelta(seconds=60)
PRUNE_BATCH = 1000

Status = AskedRanges.Status


@transaction.atomic
def ask(*, fund: Fund, question: RangesQuestion) -> AskedRanges:
    """The question as it stands now, with its answer or with the job that will find it.

    A question that ended without an answer is asked again.
    """
    known = AskedRanges.objects.filter(
        fund=fund, matrix__matrix_key=question.matrix_key, digest=question.digest
    )
    known.note_asked()
    asked = known.exclude(status=Status.FAILED).loaded().first()
    if asked is not None:
        return asked
    matrix = ScenarioMatrix.objects.get_or_start(
        fund=fund, config=question.config, scenarios=question.scenarios
    )
    new = AskedRanges(
        fund=fund, matrix=matrix, policy=dict(question.policy), digest=question.digest
    )
    AskedRanges.objects.bulk_create([new], ignore_conflicts=True)
    row = AskedRanges.objects.filter(matrix=matrix, digest=question.digest)
    if matrix.status == ScenarioMatrix.Status.COMPLETE:
        _set_to_work(row.filter(status__in=[Status.WAITING, Status.FAILED]))
    else:
        _move(row.filter(status=Status.FAILED), Status.WAITING)
        generation.owe_generation(matrix, kind=MATRIX_KIND)
    return row.loaded().get()


def wake_questions_waiting_for_matrix(matrix: ScenarioMatrix) -> int:
    """Have every question that waits for this complete matrix answered; returns how many."""
    return _set_to_work(AskedRanges.objects.filter(matrix=matrix, status=Status.WAITING))


def fail_questions_waiting_for_matrix(matrix: ScenarioMatrix, *, reason: str) -> None:
    AskedRanges.objects.filter(matrix=matrix, status=Status.WAITING).fail(reason=reason)


def fail_question_of_job(job: OutboxJob) -> None:
    AskedRanges.objects.filter(pk=job.subject_id).fail(reason=job.error_reason)


def is_waited_for(matrix: ScenarioMatrix) -> bool:
    """Whether a question that has not ended reads the numbers of this matrix, or will."""
    return AskedRanges.objects.unfinished().filter(matrix=matrix).exists()


def reconcile_questions() -> int:
    """Give every stalled question the job that its status implies; returns how many stalled."""
    stalled = AskedRanges.objects.filter(status_since__lt=Now() - RECONCILE_AFTER)
    owed = stalled.filter(status=Status.WORKING).annotate(subject_id=Cast("pk", CharField()))
    live = OutboxJob.objects.live().filter(subject_id=OuterRef("subject_id"))
    working = list(owed.filter(~Exists(live)))
    for asked in working:
        _enqueue(asked)
    return len(working) + _reconcile_matrices(stalled.filter(status=Status.WAITING))


def prune_questions() -> int:
    """Forget what ended and was not asked for as long as unread matrices are kept."""
    retention = timedelta(days=settings.MATRIX_RETENTION_DAYS)
    old = AskedRanges.objects.filter(
        last_asked_at__lt=Now() - retention, finished_at__lt=Now() - retention
    )
    pruned = 0
    while batch := list(old.values_list("pk", flat=True)[:PRUNE_BATCH]):
        # Asked again since it was looked at: kept.
        deleted, _ = old.filter(pk__in=batch).delete()
        pruned += deleted
    return pruned


def _reconcile_matrices(waiting: AskedRangesQuerySet) -> int:
    repaired = 0
    waited_for = waiting.filter(matrix=OuterRef("pk"))
    # Locked, so that no worker ends a matrix between the look at it and the look for its job.
    for matrix in ScenarioMatrix.objects.locked().filter(Exists(waited_for)).order_by("pk"):
        live = OutboxJob.objects.live().filter(subject_id=str(matrix.pk))
        if matrix.status == ScenarioMatrix.Status.COMPLETE:
            repaired += wake_questions_waiting_for_matrix(matrix)
        elif not live.exists():
            ScenarioMatrix.objects.filter(pk=matrix.pk).restart()
            generation.owe_generation(matrix, kind=MATRIX_KIND)
            repaired += 1
    return repaired


def _set_to_work(questions: AskedRangesQuerySet) -> int:
    # Locked first, so that the questions that move are exactly those that get a job.
    moving = list(questions.order_by("pk").select_for_update(no_key=True))
    _move(AskedRanges.objects.filter(pk__in=[asked.pk for asked in moving]), Status.WORKING)
    for asked in moving:
        _enqueue(asked)
    return len(moving)


def _move(questions: AskedRangesQuerySet, status: str) -> None:
    questions.update(status=status, failure_reason="", finished_at=None, status_since=Now())


def _enqueue(asked: AskedRanges) -> None:
    OutboxJob.objects.enqueue(
        kind=KIND, subject_ids=[str(asked.pk)], fund_id=asked.fund_id, priority=PRIORITY
    )
