"""A long validation: split into chunks, merged to the answer of one process, repaired, stopped."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from funds.models import Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from optimization.validation import split as validation_split
from optimization.validation import stages as validation_stages
from optimization.validation.chunk import ValidationChunk
from optimization.validation.metrics import metrics_of_part
from optimization.validation.stages import DAMAGED_AGAIN
from outbox.leases import Lease, StaleLease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure
from scenarios.models import ScenarioMatrix, StatusChanged
from tests.optimization.chunks import (
    RANGES,
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
    jobs_of,
    live_jobs_of,
    matrix_of,
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


def test_matrix_that_was_damaged_meanwhile_does_not_change_the_answer(fund: Fund) -> None:
    session = split(fund)
    expected = metrics_in_one_process(session)
    do_chunks(session)
    matrix = matrix_of(session)
    # Of the next generation, so that the copy in Redis is another's.
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(
        payload=bytes(matrix.payload or b"")[:-1], generation=2
    )
    do(session)
    assert columns(session)["validation_metrics"] == expected


@pytest.mark.parametrize(
    "work", [validation_stages.validate_chunk, validation_stages.merge_validation]
)
def test_chunks_are_not_simulated_or_merged_under_another_version_of_the_law(
    work: Callable[[Lease], None], fund: Fund
) -> None:
    session = split(fund)
    subject: Any = chunks_of(session)[0]
    if work is validation_stages.merge_validation:
        do_chunks(session)
        subject = session
    ScenarioMatrix.objects.filter(sessions=session).update(kernel_version="0")
    with pytest.raises(PermanentFailure, match="scenario law was updated"):
        work(take(subject))


def test_merge_of_a_session_that_is_cancelled_meanwhile_writes_nothing(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = split(fund)
    do_chunks(session)
    lease = take(session)

    def cancelled_meanwhile(**arguments: Any) -> Any:
        OptimizationSession.objects.get(pk=session.pk).cancel()
        return metrics_of_part(**arguments)

    monkeypatch.setattr(validation_stages, "metrics_of_part", cancelled_meanwhile)
    validation_stages.merge_validation(lease)
    after = columns(session)
    assert (after["status"], after["validation_metrics"]) == (Status.CANCELLED, None)
    assert jobs_of(session, MERGE) == [OutboxJob.Status.DONE]
