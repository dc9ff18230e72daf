"""Segments that meet one another, a cancellation or a failure, on connections of their own."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, transaction
from pytest_django import Settings

from funds.models import Fund
from optimization import lifecycle
from optimization.frontier import stages as frontier_stages
from optimization.models import OptimizationSession
from optimization.solver.budgeted_highs import SolveInterrupted
from outbox.leases import JobError, Lease, StaleLease
from outbox.models import OutboxJob
from tests.optimization.frontier.sessions import (
    frontier_in_one_process,
    segment_jobs,
    segments_of,
    split,
    without_seconds,
)
from tests.optimization.races import first_and_then
from tests.optimization.rows import Status, columns, history
from tests.optimization.work import (
    FRONTIER_MERGE,
    SEGMENT,
    do,
    jobs_of,
    live_jobs_of,
    run,
    run_all,
    take,
)
from tests.outbox.brokers import real_redis
from tests.outbox.threads import PATIENCE_SECONDS, at_once, background, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


def work_on(lease: Lease) -> Callable[[], None]:
    return lambda: frontier_stages.trace_segment(lease)


def end_in_failure(lease: Lease) -> None:
    error = JobError(error_class="tests.OutOfPaper", reason="Buy paper.", traceback="")
    lease.give_up(error, permanent=True)


def test_last_two_segments_that_end_together_add_one_merge(fund: Fund) -> None:
    session = split(fund)
    first, second, third = segments_of(session)
    do(first)
    leases = [take(second), take(third)]
    first_and_then(work_on(leases[0]), work_on(leases[1]))
    assert live_jobs_of(session) == [FRONTIER_MERGE]
    assert columns(session)["frontier_points_done"] == 7


def test_all_segments_at_once_lose_no_wake_up(fund: Fund) -> None:
    for trial in range(3):
        session = split(fund, seed=str(trial))
        at_once([work_on(take(segment)) for segment in segments_of(session)])
        assert live_jobs_of(session) == [FRONTIER_MERGE]


def test_session_runs_to_the_answer_of_one_process(fund: Fund) -> None:
    session = split(fund)
    run_all()
    session.refresh_from_db()
    frontier, metrics = frontier_in_one_process(session)
    assert session.frontier is not None
    assert without_seconds(session.frontier["solution"]) == without_seconds(frontier.as_json())
    assert session.validation_metrics == metrics


def test_segment_that_ends_first_is_discarded_by_the_cancellation(fund: Fund) -> None:
    session = split(fund)
    lease = take(segments_of(session)[0])
    cancel = OptimizationSession.objects.get(pk=session.pk)
    first_and_then(work_on(lease), lambda: lifecycle.cancel_session(cancel))
    assert columns(session)["status"] == Status.CANCELLED
    assert segments_of(session) == []
    assert segment_jobs(session) == ["done", "cancelled", "cancelled"]


def test_segment_that_ends_while_its_session_fails_is_not_stored(fund: Fund) -> None:
    session = split(fund)
    first, second, _third = segments_of(session)
    leases = take(first), take(second)
    with pytest.raises(StaleLease):
        first_and_then(lambda: end_in_failure(leases[0]), work_on(leases[1]))
    assert columns(session)["status"] == Status.FAILED
    assert segments_of(session) == []
    assert not OutboxJob.objects.live().exists()


def test_segments_that_fail_together_fail_the_session_once(fund: Fund) -> None:
    session = split(fund)
    leases = [take(segment) for segment in segments_of(session)]
    at_once([lambda lease=lease: end_in_failure(lease) for lease in leases])  # type: ignore[misc]
    assert history(session)[-1] == Status.FAILED
    assert segments_of(session) == []


def test_cancellation_does_not_wait_for_a_job_that_another_holds(fund: Fund) -> None:
    """Its holder may wait for the session, which the cancellation has locked."""
    session = split(fund)
    segment = segments_of(session)[0]
    with transaction.atomic():
        OutboxJob.objects.select_for_update().get(subject_id=str(segment.pk))
        at_once([lambda: lifecycle.cancel_session(session)])
    assert segment_jobs(session) == ["pending", "cancelled", "cancelled"]
    run_all()
    assert segment_jobs(session) == ["done", "cancelled", "cancelled"]


def test_segment_that_cannot_be_stored_for_now_is_done_again(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = split(fund)
    segment = segments_of(session)[0]

    def interrupted(*_: object) -> None:
        raise OperationalError("terminating connection due to administrator command")

    with monkeypatch.context() as patch:
        patch.setattr(frontier_stages, "complete_segment", interrupted)
        with pytest.raises(OperationalError):
            run(OutboxJob.objects.live().get(subject_id=str(segment.pk)))
    assert jobs_of(segment, SEGMENT) == [OutboxJob.Status.PENDING]
    run_all()
    assert columns(session)["status"] == Status.COMPLETED


def test_cancel_stops_the_search_of_a_running_segment(
    fund: Fund,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.OUTBOX_LEASE_SECONDS = 0.3  # A heartbeat each tenth of a second.
    session = split(fund)
    job = OutboxJob.objects.live().get(subject_id=str(segments_of(session)[0].pk))

    def endless(*_: object, should_stop: Callable[[], bool], **__: Any) -> None:
        wait_until(should_stop)
        raise SolveInterrupted

    monkeypatch.setattr(frontier_stages, "trace_stretch", endless)
    with background() as start:
        worker = start(lambda: run(job))
        wait_until(lambda: OutboxJob.objects.get(pk=job.pk).status == OutboxJob.Status.RUNNING)
        lifecycle.cancel_session(session)
        worker.result(PATIENCE_SECONDS)
    assert "was taken over" in caplog.text
    assert columns(session)["status"] == Status.CANCELLED
    assert not OutboxJob.objects.live().exists()
