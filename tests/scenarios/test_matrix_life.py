"""Whatever happens to a matrix, and in which order: every session gets the same answer, and every
question of ranges ends."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.models import Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from optimization.ranges.models import AskedRanges
from outbox.models import OutboxJob, OutboxJobQuerySet
from scenarios import generation, regeneration, upkeep
from scenarios.models import GeneratedMatrix, ScenarioMatrix
from scenarios.simulation.configuration.config import ScenarioConfig
from tests.funds.factories import FundFactory
from tests.optimization.ranges.questions import asked
from tests.optimization.work import (
    GENERATION_FOR_RANGES,
    RANGES,
    WORK,
    end_without_success,
    start,
    waiting,
)

pytestmark = pytest.mark.django_db

Status = OptimizationSession.Status
MatrixStatus = ScenarioMatrix.Status
# An allocation is the answer; validation reads the matrix in the same way and takes far longer.
SEARCHED = {generation.KIND, GENERATION_FOR_RANGES, lifecycle.OPTIMIZATION, RANGES}
OUT_OF_PAPER = "Out of paper."


SIMULATE = generation.simulate
KNOWN: dict[str, GeneratedMatrix] = {}


def jobs() -> OutboxJobQuerySet:
    return OutboxJob.objects.live().filter(kind__in=SEARCHED).order_by("id")


def ask(fund: Fund) -> None:
    waiting(fund)


def ask_for_ranges(fund: Fund) -> None:
    """In the scenarios of the sessions."""
    asked(fund)


def work(fund: Fund) -> None:
    run(jobs()[:1])


def work_for_ranges(fund: Fund) -> None:
    """The other worker, which may be the quicker."""
    run(jobs().filter(kind__in=[GENERATION_FOR_RANGES, RANGES])[:1])


def run(due: OutboxJobQuerySet) -> None:
    for job in due:
        WORK[job.kind](start(job))


def generation_fails(fund: Fund) -> None:
    fail(jobs().filter(kind=generation.KIND))


def generation_for_ranges_fails(fund: Fund) -> None:
    fail(jobs().filter(kind=GENERATION_FOR_RANGES))


def fail(due: OutboxJobQuerySet) -> None:
    for job in due:
        end_without_success(start(job), reason=OUT_OF_PAPER)


def damage(fund: Fund) -> None:
    """In PostgreSQL; in Redis there is no copy of the next generation."""
    for matrix in ScenarioMatrix.objects.filter(status=MatrixStatus.COMPLETE):
        damaged = bytes(matrix.payload or b"")[:-1]
        generation = matrix.generation + 1
        ScenarioMatrix.objects.filter(pk=matrix.pk).update(payload=damaged, generation=generation)


def evict(fund: Fund) -> None:
    """Even under the sessions that need it."""
    for matrix in ScenarioMatrix.objects.filter(status=MatrixStatus.COMPLETE):
        matrix.evict()


def regenerate(fund: Fund) -> None:
    for matrix in ScenarioMatrix.objects.exclude(status=MatrixStatus.GENERATING):
        upkeep.regenerate(matrix)


def reconcile(fund: Fund) -> None:
    assert lifecycle.reconcile_sessions() == 0


EVENTS = (
    ask,
    ask_for_ranges,
    work,
    work_for_ranges,
    generation_fails,
    generation_for_ranges_fails,
    damage,
    evict,
    regenerate,
    reconcile,
)


def assert_every_session_goes_on() -> None:
    for session in OptimizationSession.objects.unfinished():
        if session.status == Status.MATRIX_GENERATING:
            assert session.matrix is not None
            assert session.matrix.status == MatrixStatus.GENERATING
            own = jobs().filter(subject_id=str(session.matrix.pk), kind=generation.KIND)
            assert own.count() == 1
        else:
            live = OutboxJob.objects.live().filter(subject_id=str(session.pk))
            assert live.count() == 1


def assert_every_question_goes_on() -> None:
    for question in AskedRanges.objects.unfinished().select_related("matrix"):
        if question.status == AskedRanges.Status.WAITING:
            assert question.matrix.status == MatrixStatus.GENERATING
            assert jobs().filter(subject_id=str(question.matrix.pk)).exists()
        else:
            assert jobs().filter(subject_id=str(question.pk)).count() == 1


def assert_answers_are_equal() -> None:
    failed = OptimizationSession.objects.filter(status=Status.FAILED)
    assert set(failed.values_list("failure_reason", flat=True)) <= {OUT_OF_PAPER}
    answered = OptimizationSession.objects.exclude(status=Status.FAILED)
    assert set(answered.values_list("status", flat=True)) <= {Status.VALIDATING}
    answers = [
        session.allocation["solution"]["weights"] for session in answered if session.allocation
    ]
    assert len(answers) == answered.count() >= 1
    assert all(answer == answers[0] for answer in answers)


def assert_every_question_has_ended() -> None:
    reasons = AskedRanges.objects.exclude(status=AskedRanges.Status.COMPLETE)
    assert set(reasons.values_list("failure_reason", flat=True)) <= {OUT_OF_PAPER}


@contextmanager
def generated_once() -> Iterator[None]:
    """Simulating is deterministic, and takes longer than all the rest."""

    def remembered(*, config: ScenarioConfig, scenarios: int) -> GeneratedMatrix:
        key = json.dumps(config.canonical_json(), sort_keys=True)
        if key not in KNOWN:
            KNOWN[key] = SIMULATE(config=config, scenarios=scenarios)
        return KNOWN[key]

    with (
        patch.object(generation, "simulate", remembered),
        patch.object(regeneration, "simulate", remembered),
    ):
        yield


@settings(max_examples=20, deadline=None)
@given(events=st.lists(st.sampled_from(EVENTS), max_size=10))
def test_every_session_is_answered_alike_and_every_question_ends(
    events: list[Callable[[Fund], None]],
) -> None:
    with transaction.atomic(), generated_once():
        fund = FundFactory.create()
        for event in (ask, *events, ask):
            event(fund)
            assert_every_session_goes_on()
            assert_every_question_goes_on()
        while jobs().exists():
            work(fund)
            assert_every_session_goes_on()
            assert_every_question_goes_on()
        assert_answers_are_equal()
        assert_every_question_has_ended()
        transaction.set_rollback(True)
