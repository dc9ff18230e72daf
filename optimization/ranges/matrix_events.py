"""What the end of a matrix means to those who wait for it: sessions, and questions of ranges."""

from optimization import lifecycle
from optimization.ranges import asking
from outbox.models import OutboxJob
from scenarios import generation
from scenarios.models import ScenarioMatrix


def matrix_is_ready(matrix: ScenarioMatrix) -> None:
    lifecycle.wake_sessions_waiting_for_matrix(matrix)
    asking.wake_questions_waiting_for_matrix(matrix)


def matrix_failed(job: OutboxJob) -> None:
    lifecycle.fail_sessions_waiting_for_matrix(job)
    matrix = ScenarioMatrix.objects.without_payload().get(pk=job.subject_id)
    # It may have ended without this job, and those that wait for it are no business of the job.
    if matrix.status == ScenarioMatrix.Status.FAILED:
        asking.fail_questions_waiting_for_matrix(matrix, reason=job.error_reason)


def matrix_for_ranges_failed(job: OutboxJob) -> None:
    """Sessions wait for the job of their own, if there is one; the questions hear at once."""
    matrix = ScenarioMatrix.objects.without_payload().get(pk=job.subject_id)
    matrix.lock()
    if generation.has_other_job(matrix, job):
        asking.fail_questions_waiting_for_matrix(matrix, reason=job.error_reason)
    else:
        matrix_failed(job)


def matrix_is_needed(matrix: ScenarioMatrix) -> bool:
    return lifecycle.is_needed(matrix) or asking.is_waited_for(matrix)
