"""Chunks that meet one another, a cancellation or a failure, on connections of their own."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, transaction
from pytest_django import Settings

from funds.models import Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from optimization.validation import stages as validation_stages
from optimization.validation.part import ValidationPart, merge_parts
from optimization.validation.payload import EncodedPart, decode_part
from outbox.leases import JobError, Lease, StaleLease
from outbox.models import OutboxJob
from scenarios.models import StatusChanged
from tests.optimization.chunks import (
    chunk_jobs,
    chunks_of,
    metrics_in_one_process,
    split,
    split_small,
)
from tests.optimization.races import first_and_then
from tests.optimization.rows import Status, columns, history
from tests.optimization.work import (
    CHUNK,
    MERGE,
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
def broker(settings: Settings) -> Iterator[None]:
    split_small(settings)
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


def work_on(lease: Lease) -> Callable[[], None]:
    return lambda: validation_stages.validate_chunk(lease)


def end_in_failure(lease: Lease) -> None:
    error = JobError(error_class="tests.OutOfPaper", reason="Buy paper.", traceback="")
    lease.give_up(error, permanent=True)


def test_last_two_chunks_that_end_together_add_one_merge(fund: Fund) -> None:
    session = split(fund)
    first, second, third = chunks_of(session)
    do(first)
    leases = [take(second), take(third)]
    first_and_then(work_on(leases[0]), work_on(leases[1]))
    assert live_jobs_of(session) == [MERGE]
    assert columns(session)["validation_scenarios_done"] == 5000


def test_all_chunks_at_once_lose_no_wake_up(fund: Fund) -> None:
    for trial in range(5):
        session = split(fund, seed=str(trial))
        at_once([work_on(take(chunk)) for chunk in chunks_of(session)])
        assert live_jobs_of(session) == [MERGE]


def test_split_session_runs_to_the_answer_of_one_process(fund: Fund) -> None:
    session = split(fund)
    run_all()
    session.refresh_from_db()
    assert history(session)[-2:] == [Status.VALIDATING, Status.COMPLETED]
    assert session.validation_metrics == metrics_in_one_process(session)


def test_chunk_that_ends_first_is_discarded_by_the_cancellation(fund: Fund) -> None:
    session = split(fund)
    lease = take(chunks_of(session)[0])
    cancel = OptimizationSession.objects.get(pk=session.pk)
    first_and_then(work_on(lease), lambda: lifecycle.cancel_session(cancel))
    assert columns(session)["status"] == Status.CANCELLED
    assert chunks_of(session) == []
    assert chunk_jobs(session) == ["done", "cancelled", "cancelled"]


def test_chunk_that_ends_while_its_session_fails_is_not_stored(fund: Fund) -> None:
    session = split(fund)
    first, second, _third = chunks_of(session)
    leases = take(first), take(second)
    with pytest.raises(StaleLease):
        first_and_then(lambda: end_in_failure(leases[0]), work_on(leases[1]))
    assert columns(session)["status"] == Status.FAILED
    assert chunks_of(session) == []
    assert not OutboxJob.objects.live().exists()


def test_two_chunks_that_fail_together_fail_the_session_once(fund: Fund) -> None:
    for trial in range(5):
        session = split(fund, seed=str(trial))
        leases = [take(chunk) for chunk in chunks_of(session)]
        at_once([lambda lease=lease: end_in_failure(lease) for lease in leases])  # type: ignore[misc]
        assert history(session)[-1] == Status.FAILED
        assert chunks_of(session) == []
        run_all()


def test_merge_that_ends_first_is_not_cancelled(fund: Fund) -> None:
    session = split(fund)
    for chunk in chunks_of(session):
        do(chunk)
    cancel = OptimizationSession.objects.get(pk=session.pk)
    with pytest.raises(StatusChanged):
        first_and_then(lambda: do(session), lambda: lifecycle.cancel_session(cancel))
    assert columns(session)["status"] == Status.COMPLETED
    assert jobs_of(session, MERGE) == [OutboxJob.Status.DONE]


def test_merge_whose_chunks_are_gone_ends_without_effect(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = split(fund)
    for chunk in chunks_of(session):
        do(chunk)
    lease = take(session)

    def cancelled_meanwhile(parts: Iterator[ValidationPart], **arguments: Any) -> ValidationPart:
        lifecycle.cancel_session(OptimizationSession.objects.get(pk=session.pk))
        return merge_parts(parts, **arguments)

    monkeypatch.setattr(validation_stages, "merge_parts", cancelled_meanwhile)
    with pytest.raises(StaleLease):
        validation_stages.merge_validation(lease)
    assert columns(session)["status"] == Status.CANCELLED
    assert columns(session)["validation_metrics"] is None


def test_chunks_that_vanish_during_the_merge_end_it(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = split(fund)
    for chunk in chunks_of(session):
        do(chunk)
    lease = take(session)

    def deleted_meanwhile(encoded: EncodedPart) -> ValidationPart:
        OptimizationSession.objects.get(pk=session.pk).cancel()
        session.validation_chunks.all().delete()
        return decode_part(encoded)

    monkeypatch.setattr(validation_stages, "decode_part", deleted_meanwhile)
    validation_stages.merge_validation(lease)
    assert columns(session)["status"] == Status.CANCELLED
    assert jobs_of(session, MERGE) == [OutboxJob.Status.DONE]


def test_cancellation_does_not_wait_for_a_job_that_another_holds(fund: Fund) -> None:
    """Its holder may wait for the session, which the cancellation has locked."""
    session = split(fund)
    chunk = chunks_of(session)[0]
    with transaction.atomic():
        OutboxJob.objects.select_for_update().get(subject_id=str(chunk.pk))
        at_once([lambda: lifecycle.cancel_session(session)])
    assert chunk_jobs(session) == ["pending", "cancelled", "cancelled"]
    run_all()
    assert chunk_jobs(session) == ["done", "cancelled", "cancelled"]


def test_chunk_that_cannot_be_stored_for_now_is_done_again(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = split(fund)
    chunk = chunks_of(session)[0]

    def interrupted(*_: object) -> None:
        raise OperationalError("terminating connection due to administrator command")

    with monkeypatch.context() as patch:
        patch.setattr(validation_stages, "complete_chunk", interrupted)
        with pytest.raises(OperationalError):
            run(OutboxJob.objects.live().get(subject_id=str(chunk.pk)))
    assert jobs_of(chunk, CHUNK) == [OutboxJob.Status.PENDING]
    run_all()
    session.refresh_from_db()
    assert session.validation_metrics == metrics_in_one_process(session)


def test_cancel_stops_the_simulation_of_a_running_chunk(
    fund: Fund, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OUTBOX_LEASE_SECONDS = 0.3  # A heartbeat each tenth of a second.
    settings.VALIDATION_CHUNK_SCENARIOS = 2_000_000
    session = split(fund, validation_scenarios=4_000_000)
    job = OutboxJob.objects.live().get(subject_id=str(chunks_of(session)[0].pk))
    with background() as start:
        worker = start(lambda: run(job))
        wait_until(lambda: OutboxJob.objects.get(pk=job.pk).status == OutboxJob.Status.RUNNING)
        lifecycle.cancel_session(session)
        worker.result(PATIENCE_SECONDS)
    # By the next heartbeat or by the next look at the session, whichever is first.
    assert "was taken over" in caplog.text
    assert columns(session)["status"] == Status.CANCELLED
    assert not OutboxJob.objects.live().exists()
