"""Cancelling ends the session at any moment before its end, and nothing more is written for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from funds.models import Fund
from optimization import lifecycle, stages
from optimization.models import OptimizationSession
from optimization.solver.allocate import allocate
from outbox.leases import Lease, StaleLease
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix, StatusChanged
from tests.optimization.rows import ENDED, Status, columns, history, insert_session
from tests.optimization.work import (
    WORK,
    do,
    jobs_of,
    matrix_of,
    optimizing,
    publish,
    take,
    validating,
    waiting,
)

pytestmark = pytest.mark.django_db


def test_session_that_waits_for_its_matrix_is_cancelled(fund: Fund) -> None:
    session = waiting(fund)
    lifecycle.cancel_session(session)
    assert history(session)[-1] == Status.CANCELLED
    assert columns(session)["finished_at"] is not None


def test_matrix_goes_on_for_the_others_when_one_session_is_cancelled(fund: Fund) -> None:
    first, second = waiting(fund), waiting(fund)
    lifecycle.cancel_session(first)
    do(matrix_of(second))
    assert matrix_of(second).status == ScenarioMatrix.Status.COMPLETE
    assert columns(first)["status"] == Status.CANCELLED
    assert columns(second)["status"] == Status.OPTIMIZING
    assert jobs_of(first) == []


@pytest.mark.parametrize("make", [optimizing, validating])
def test_job_that_waits_is_cancelled_with_its_session(
    make: Callable[[Fund], OptimizationSession], fund: Fund
) -> None:
    session = make(fund)
    lifecycle.cancel_session(session)
    assert columns(session)["status"] == Status.CANCELLED
    assert jobs_of(session)[-1] == OutboxJob.Status.CANCELLED


@pytest.mark.parametrize("make", [optimizing, validating])
def test_worker_of_a_cancelled_session_finds_its_lease_gone(
    make: Callable[[Fund], OptimizationSession], fund: Fund
) -> None:
    session = make(fund)
    work = WORK[OutboxJob.objects.live().get(subject_id=str(session.pk)).kind]
    lease = take(session)
    lifecycle.cancel_session(session)
    before = columns(session)
    with pytest.raises(StaleLease):
        work(lease)
    assert columns(session) == before
    assert OutboxJob.objects.live().count() == 0


@dataclass(frozen=True, slots=True)
class LeaseOfACancelledSession(Lease):
    """Its session is cancelled when the work first asks whether to go on."""

    session: OptimizationSession | None = None

    def is_lost(self) -> bool:
        if self.session is not None and columns(self.session)["status"] != Status.CANCELLED:
            lifecycle.cancel_session(self.session)
        return False


@pytest.mark.parametrize("make", [optimizing, validating])
def test_session_cancelled_in_the_middle_of_the_work_keeps_nothing_of_it(
    make: Callable[[Fund], OptimizationSession], fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make(fund)
    before = columns(session)
    work = WORK[OutboxJob.objects.live().get(subject_id=str(session.pk)).kind]
    held = take(session)
    lease = LeaseOfACancelledSession(held.job_id, held.subject_id, held.token, session=session)

    def ask_and_solve(problem: Any, *, should_stop: Callable[[], bool], **_: object) -> Any:
        should_stop()  # So small a problem may be solved before the solver asks.
        return allocate(problem, should_stop=should_stop)

    monkeypatch.setattr(stages, "allocate", ask_and_solve)
    with pytest.raises(StaleLease):
        work(lease)
    assert columns(session)["status"] == Status.CANCELLED
    for column in ("allocation", "validation_metrics"):
        assert columns(session)[column] == before[column]
    assert OutboxJob.objects.live().count() == 0


@pytest.mark.parametrize("status", ENDED)
def test_session_that_has_ended_cannot_be_cancelled(status: str) -> None:
    session = insert_session(status)
    before = columns(session)
    with pytest.raises(StatusChanged):
        lifecycle.cancel_session(session)
    assert columns(session) == before


def test_refused_cancellation_cancels_no_job_either(fund: Fund) -> None:
    session = optimizing(fund)
    job = OutboxJob.objects.live().get(subject_id=str(session.pk))
    publish(job)
    OptimizationSession.objects.filter(pk=session.pk).fail(reason="Out of paper.", traceback="")
    with pytest.raises(StatusChanged):
        lifecycle.cancel_session(session)
    assert jobs_of(session) == [OutboxJob.Status.ENQUEUED]


def test_cancelling_touches_no_other_session(fund: Fund) -> None:
    first, second = optimizing(fund), optimizing(fund)
    before = columns(second)
    lifecycle.cancel_session(first)
    assert columns(second) == before
    assert jobs_of(second) == [OutboxJob.Status.PENDING]
