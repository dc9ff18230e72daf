"""A long validation: split into chunks, merged to the answer of one process, repaired, stopped."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models.functions import Now
from pytest_django import Settings

from funds.models import Fund
from optimization import lifecycle, validation_split, validation_stages
from optimization.models import OptimizationSession
from optimization.validation_chunk import ValidationChunk
from optimization.validation_part import simulate_part
from optimization.validation_payload import encode_part
from optimization.validation_stages import DAMAGED_AGAIN
from outbox.leases import StaleLease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure
from scenarios.models import StatusChanged
from tests.optimization.chunks import (
    RANGES,
    chunk_jobs,
    chunks_of,
    do_chunks,
    metrics_in_one_process,
    split,
    split_small,
)
from tests.optimization.rows import Status, columns, history
from tests.optimization.work import (
    CHUNK,
    MERGE,
    VALIDATION,
    do,
    fail,
    jobs_of,
    live_jobs_of,
    take,
    validating,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(settings: Settings) -> None:
    split_small(settings)


def test_validation_above_the_limit_is_split_into_chunks_with_a_job_each(fund: Fund) -> None:
    session = split(fund)
    chunks = chunks_of(session)
    assert [(chunk.first_scenario, chunk.scenarios) for chunk in chunks] == RANGES
    assert [live_jobs_of(chunk) for chunk in chunks] == [[CHUNK]] * 3
    assert (session.status, live_jobs_of(session)) == (Status.VALIDATING, [])
    assert jobs_of(session, VALIDATION) == [OutboxJob.Status.DONE]


def test_validation_at_the_limit_stays_in_one_job(fund: Fund, settings: Settings) -> None:
    settings.VALIDATION_SPLIT_ABOVE = 5000
    session = split(fund)
    assert session.status == Status.COMPLETED
    assert not ValidationChunk.objects.exists()


def test_two_million_scenarios_are_the_most_that_one_job_takes(settings: Settings) -> None:
    settings.VALIDATION_SPLIT_ABOVE = 2_000_000
    assert not validation_split.is_to_be_split(2_000_000)
    assert validation_split.is_to_be_split(2_000_001)


def test_jobs_of_others_come_before_chunks(fund: Fund) -> None:
    session = split(fund)
    other = validating(fund, seed="other")
    priorities = OutboxJob.objects.values_list("priority", flat=True)
    (of_other,) = priorities.filter(subject_id=str(other.pk), kind=VALIDATION)
    of_chunks = priorities.filter(subject_id=str(chunks_of(session)[0].pk))
    assert of_other < min(of_chunks)


def test_last_chunk_adds_the_job_that_merges(fund: Fund) -> None:
    session = split(fund)
    first, second, third = chunks_of(session)
    for chunk in (third, first):
        do(chunk)
        assert live_jobs_of(session) == []
    do(second)
    assert live_jobs_of(session) == [MERGE]
    assert {chunk.status for chunk in chunks_of(session)} == {ValidationChunk.Status.DONE}


def test_merged_answer_is_to_the_bit_that_of_one_process(fund: Fund) -> None:
    session = split(fund)
    do_chunks(session)
    do(session)
    session.refresh_from_db()
    assert history(session)[-1] == Status.COMPLETED
    assert session.validation_metrics == metrics_in_one_process(session)


def test_nothing_of_the_chunks_is_kept_once_they_are_merged(fund: Fund) -> None:
    session = split(fund)
    do_chunks(session)
    do(session)
    assert not ValidationChunk.objects.exists()
    assert not OutboxJob.objects.live().exists()


def test_progress_rises_with_every_chunk(fund: Fund) -> None:
    session = split(fund)
    shown = []
    for chunk in chunks_of(session):
        do(chunk)
        session.refresh_from_db()
        shown.append((session.validation_scenarios_done, session.progress_percent))
    # 75 and 24 * .4, 24 * .8 and 24, rounded down.
    assert shown == [(2000, 84), (4000, 94), (5000, 99)]


def test_chunk_is_merged_once_though_it_was_done_twice(fund: Fund) -> None:
    session = split(fund)
    chunk = chunks_of(session)[0]
    late = take(chunk)
    OutboxJob.objects.filter(subject_id=str(chunk.pk)).cancel()
    validation_split._enqueue_chunks(session, [str(chunk.pk)])
    do(chunk)
    before = columns(session)
    with pytest.raises(StaleLease):
        validation_stages.validate_chunk(late)
    assert columns(session) == before


@pytest.mark.parametrize("ended", [False, True])
def test_superfluous_job_of_a_chunk_ends_without_effect(ended: bool, fund: Fund) -> None:
    session = split(fund)
    chunk = chunks_of(session)[0]
    do(chunk)
    if ended:
        lifecycle.cancel_session(session)
    validation_split._enqueue_chunks(session, [str(chunk.pk)])
    before = columns(session)
    do(chunk)
    assert columns(session) == before
    assert jobs_of(chunk, CHUNK)[-1] == OutboxJob.Status.DONE


@pytest.mark.parametrize("kind", [VALIDATION, MERGE])
def test_superfluous_job_of_a_split_session_ends_without_effect(kind: str, fund: Fund) -> None:
    session = split(fund)
    do(chunks_of(session)[0])
    lifecycle.enqueue(kind, session)
    before = columns(session)
    do(session)
    assert columns(session) == before
    assert jobs_of(session, kind)[-1] == OutboxJob.Status.DONE
    assert [chunk.status for chunk in chunks_of(session)] == ["done", "waiting", "waiting"]


def test_session_is_not_split_twice(fund: Fund) -> None:
    session = split(fund)
    with pytest.raises(StatusChanged, match="was split before"):
        validation_split.split_validation(session)


@pytest.mark.parametrize("size", [0, -1, 2_000_001])
def test_chunks_that_no_payload_can_hold_are_refused(
    size: int, fund: Fund, settings: Settings
) -> None:
    session = validating(fund)
    settings.VALIDATION_CHUNK_SCENARIOS = size
    with pytest.raises(ImproperlyConfigured, match="VALIDATION_CHUNK_SCENARIOS"):
        validation_split.split_validation(session)


def damage(chunk: ValidationChunk) -> None:
    payload = bytes(chunk.payload or b"")
    ValidationChunk.objects.filter(pk=chunk.pk).update(payload=payload[:-1] + b"\x07")


def test_damaged_chunk_is_simulated_again_and_the_answer_is_the_same(fund: Fund) -> None:
    session = split(fund)
    do_chunks(session)
    chunk = chunks_of(session)[1]
    damage(chunk)
    do(session)
    assert [one.status for one in chunks_of(session)] == ["done", "waiting", "done"]
    assert (live_jobs_of(session), live_jobs_of(chunk)) == ([], [CHUNK])
    do(chunk)
    do(session)
    session.refresh_from_db()
    assert session.validation_metrics == metrics_in_one_process(session)


def test_chunk_that_is_damaged_again_fails_the_session_in_words(fund: Fund) -> None:
    session = split(fund)
    do_chunks(session)
    chunk = chunks_of(session)[1]
    damage(chunk)
    do(session)
    do(chunk)
    damage(chunks_of(session)[1])
    with pytest.raises(PermanentFailure) as failure:
        do(session)
    assert str(failure.value) == DAMAGED_AGAIN


def test_progress_does_not_fall_when_a_chunk_is_simulated_again(fund: Fund) -> None:
    session = split(fund)
    do_chunks(session)
    damage(chunks_of(session)[1])
    do(session)
    assert columns(session)["validation_scenarios_done"] == 5000


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

    monkeypatch.setattr("optimization.validation_progress.SECONDS_BETWEEN_LOOKS", 0.0)
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


def test_split_that_cannot_be_stored_leaves_nothing(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BrokenTable(Exception):
        """No job can be added."""

    def refuse(*_: object) -> None:
        raise BrokenTable

    session = validating(fund)
    lease = take(session)
    monkeypatch.setattr(validation_split, "_enqueue_chunks", refuse)
    with pytest.raises(BrokenTable):
        validation_stages.validate(lease)
    assert not ValidationChunk.objects.exists()
    assert jobs_of(session)[-1] == OutboxJob.Status.RUNNING
