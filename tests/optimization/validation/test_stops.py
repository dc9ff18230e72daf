"""Split validations that fail, are cancelled, or have lost a job: nothing stays behind."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from funds.models import Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from optimization.validation import split as validation_split
from optimization.validation import stages as validation_stages
from optimization.validation.chunk import ValidationChunk
from optimization.validation.part import simulate_part
from optimization.validation.payload import encode_part
from outbox import reaper
from outbox.leases import StaleLease
from outbox.models import OutboxJob
from tests.optimization.chunks import chunk_jobs, chunks_of, do_chunks, split, split_small
from tests.optimization.rows import Status, columns
from tests.optimization.work import CHUNK, MERGE, do, fail, jobs_of, live_jobs_of, take
from tests.outbox.jobs import lapse

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(settings: Settings) -> None:
    split_small(settings)


REASON = "There is no paper. Buy some."


def test_chunk_that_fails_for_good_fails_its_session_with_its_reason(fund: Fund) -> None:
    session = split(fund)
    first, second, _third = chunks_of(session)
    do(first)
    fail(second, reason=REASON)
    session.refresh_from_db()
    assert (session.status, session.failure_reason) == (Status.FAILED, REASON)
    assert session.failure_traceback == "the traceback"
    assert session.allocation is not None


def test_nothing_is_left_of_the_chunks_of_a_failed_session(fund: Fund) -> None:
    session = split(fund)
    first, second, _third = chunks_of(session)
    do(first)
    fail(second, reason=REASON)
    assert not ValidationChunk.objects.exists()
    assert chunk_jobs(session) == ["done", "failed", "cancelled"]


def test_merge_that_fails_for_good_fails_the_session(fund: Fund) -> None:
    session = split(fund)
    do_chunks(session)
    fail(session, reason=REASON)
    session.refresh_from_db()
    assert (session.status, session.failure_reason) == (Status.FAILED, REASON)
    assert not ValidationChunk.objects.exists()


def test_worker_that_keeps_dying_on_a_chunk_fails_the_session_in_readable_words(
    fund: Fund,
) -> None:
    session = split(fund)
    chunk = chunks_of(session)[1]
    for _death in range(2):
        take(chunk)
        lapse(OutboxJob.objects.live().get(subject_id=str(chunk.pk)))
        assert reaper.reap() == 1
    session.refresh_from_db()
    assert session.status == Status.FAILED
    assert "The worker died 2 times" in session.failure_reason
    assert not ValidationChunk.objects.exists()
    assert chunk_jobs(session) == ["cancelled", "failed", "cancelled"]


def test_chunk_whose_worker_dies_once_is_done_by_another(fund: Fund) -> None:
    session = split(fund)
    chunk = chunks_of(session)[1]
    late = take(chunk)
    lapse(OutboxJob.objects.live().get(subject_id=str(chunk.pk)))
    reaper.reap()
    do(chunk)
    before = columns(session)
    with pytest.raises(StaleLease):
        validation_stages.validate_chunk(late)
    assert columns(session) == before
    assert chunks_of(session)[1].status == ValidationChunk.Status.DONE


def test_job_of_a_chunk_that_is_gone_can_end_in_failure(fund: Fund) -> None:
    session = split(fund)
    chunk = chunks_of(session)[0]
    lifecycle.cancel_session(session)
    validation_split._enqueue_chunks(session, [str(chunk.pk)])
    before = columns(session)
    fail(chunk, reason=REASON)
    assert columns(session) == before


def test_failed_chunk_touches_no_other_session(fund: Fund) -> None:
    session, other = split(fund), split(fund)
    before = columns(other)
    fail(chunks_of(session)[0], reason=REASON)
    assert columns(other) == before
    assert len(chunks_of(other)) == 3
    assert [live_jobs_of(chunk) for chunk in chunks_of(other)] == [[CHUNK]] * 3


def test_cancel_stops_every_chunk(fund: Fund) -> None:
    session = split(fund)
    first, second, _third = chunks_of(session)
    do(first)
    lease = take(second)
    lifecycle.cancel_session(session)
    assert chunk_jobs(session) == ["done", "cancelled", "cancelled"]
    assert not ValidationChunk.objects.exists()
    assert not lease.is_held()


def test_worker_of_a_cancelled_chunk_writes_nothing(fund: Fund) -> None:
    session = split(fund)
    chunk = chunks_of(session)[0]
    lease = take(chunk)
    lifecycle.cancel_session(session)
    before = columns(session)
    with pytest.raises(StaleLease):
        validation_stages.validate_chunk(lease)
    assert columns(session) == before


def test_chunk_whose_job_escaped_the_cancellation_sees_it_while_it_simulates(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = split(fund)
    chunk = chunks_of(session)[0]
    lease = take(chunk)

    def cancelled_meanwhile(**arguments: Any) -> Any:
        OptimizationSession.objects.get(pk=session.pk).cancel()
        return simulate_part(**arguments)

    monkeypatch.setattr("optimization.validation.progress.SECONDS_BETWEEN_LOOKS", 0.0)
    monkeypatch.setattr(validation_stages, "simulate_part", cancelled_meanwhile)
    validation_stages.validate_chunk(lease)
    assert jobs_of(chunk, CHUNK) == [OutboxJob.Status.DONE]
    assert columns(session)["status"] == Status.CANCELLED
    assert [one.status for one in chunks_of(session)] == ["waiting"] * 3


def test_chunk_of_a_session_that_ended_while_it_was_simulated_is_not_stored(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = split(fund)
    chunk = chunks_of(session)[0]
    lease = take(chunk)

    def cancelled_meanwhile(part: Any) -> Any:
        OptimizationSession.objects.get(pk=session.pk).cancel()
        return encode_part(part)

    monkeypatch.setattr(validation_stages, "encode_part", cancelled_meanwhile)
    validation_stages.validate_chunk(lease)
    assert jobs_of(chunk, CHUNK) == [OutboxJob.Status.DONE]
    assert [one.status for one in chunks_of(session)] == ["waiting"] * 3


def grow_old() -> None:
    OptimizationSession.objects.unfinished().update(updated_at=Now() - timedelta(seconds=61))


def forget_jobs(*subjects: Any) -> None:
    OutboxJob.objects.filter(subject_id__in=[str(one.pk) for one in subjects]).delete()


def test_chunk_without_a_job_gets_one(fund: Fund) -> None:
    session = split(fund)
    first, second, third = chunks_of(session)
    do(first)
    forget_jobs(first, second)
    grow_old()
    assert lifecycle.reconcile_sessions() == 1
    assert [live_jobs_of(chunk) for chunk in (first, second, third)] == [[], [CHUNK], [CHUNK]]
    assert live_jobs_of(session) == []


def test_session_whose_chunks_are_done_without_a_job_that_merges_gets_one(fund: Fund) -> None:
    session = split(fund)
    do_chunks(session)
    forget_jobs(session)
    grow_old()
    assert lifecycle.reconcile_sessions() == 1
    assert live_jobs_of(session) == [MERGE]
    do(session)
    assert columns(session)["status"] == Status.COMPLETED


def some_done(session: OptimizationSession) -> None:
    do(chunks_of(session)[0])


def one_running(session: OptimizationSession) -> None:
    take(chunks_of(session)[0])


@pytest.mark.parametrize("work", [some_done, one_running, do_chunks])
def test_split_session_with_all_its_jobs_is_left_alone(
    work: Callable[[OptimizationSession], None], fund: Fund
) -> None:
    session = split(fund)
    work(session)
    grow_old()
    before = columns(session)
    assert lifecycle.reconcile_sessions() == 0
    assert columns(session) == before
