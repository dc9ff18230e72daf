"""Whatever happens to a matrix, and in which order: every session gets the same answer."""

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
from outbox.models import OutboxJob, OutboxJobQuerySet
from scenarios import generation, regeneration, upkeep
from scenarios.models import GeneratedMatrix, ScenarioMatrix
from scenarios.simulation.configuration.config import ScenarioConfig
from tests.funds.factories import FundFactory
from tests.optimization.work import do, waiting
from tests.optimization.work import fail as give_up

pytestmark = pytest.mark.django_db

Status = OptimizationSession.Status
MatrixStatus = ScenarioMatrix.Status
# An allocation is the answer; validation reads the matrix in the same way and takes far longer.
SEARCHED = {generation.KIND, lifecycle.OPTIMIZATION}
OUT_OF_PAPER = "Out of paper."


SIMULATE = generation.simulate
KNOWN: dict[str, GeneratedMatrix] = {}


def jobs() -> OutboxJobQuerySet:
    return OutboxJob.objects.live().filter(kind__in=SEARCHED).order_by("id")


def subject_of(job: OutboxJob) -> ScenarioMatrix | OptimizationSession:
    if job.kind == generation.KIND:
        return ScenarioMatrix.objects.get(pk=job.subject_id)
    return OptimizationSession.objects.get(pk=job.subject_id)


def ask(fund: Fund) -> None:
    waiting(fund)


def work(fund: Fund) -> None:
    for job in jobs()[:1]:
        do(subject_of(job))


def generation_fails(fund: Fund) -> None:
    for job in jobs().filter(kind=generation.KIND):
        give_up(subject_of(job), reason=OUT_OF_PAPER)


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


EVENTS = (ask, work, generation_fails, damage, evict, regenerate, reconcile)


def assert_every_session_goes_on() -> None:
    for session in OptimizationSession.objects.unfinished():
        if session.status == Status.MATRIX_GENERATING:
            assert session.matrix is not None
            assert session.matrix.status == MatrixStatus.GENERATING
            assert jobs().filter(subject_id=str(session.matrix.pk)).count() == 1
        else:
            live = OutboxJob.objects.live().filter(subject_id=str(session.pk))
            assert live.count() == 1


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


@settings(max_examples=12, deadline=None)
@given(events=st.lists(st.sampled_from(EVENTS), max_size=10))
def test_every_session_is_answered_alike(events: list[Callable[[Fund], None]]) -> None:
    with transaction.atomic(), generated_once():
        fund = FundFactory.create()
        for event in (ask, *events, ask):
            event(fund)
            assert_every_session_goes_on()
        while jobs().exists():
            work(fund)
            assert_every_session_goes_on()
        assert_answers_are_equal()
        transaction.set_rollback(True)
