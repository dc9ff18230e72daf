"""A session shows how far its validation is, and only the worker that holds the job says so."""

from typing import Any

import pytest

from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.validation import part as validation_part
from optimization.validation import progress as validation_progress
from optimization.validation import stages as validation_stages
from optimization.validation.metrics import validation_metrics
from optimization.validation.progress import SessionEnded, SessionWatch
from outbox.leases import Lease, StaleLease
from outbox.models import OutboxJob
from tests.optimization.rows import Status, columns
from tests.optimization.work import VALIDATION, do, jobs_of, take, validating

pytestmark = pytest.mark.django_db


class Clock:
    """Shows what the test says."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(validation_progress, "monotonic", clock)
    return clock


def watch(session: OptimizationSession, lease: Lease, *, of_all: bool = True) -> SessionWatch:
    return SessionWatch(session=session, lease=lease, of_all=of_all)


def shown(session: OptimizationSession) -> int:
    done: int = columns(session)["validation_scenarios_done"]
    return done


def test_session_is_told_once_a_second_at_most(fund: Fund, clock: Clock) -> None:
    session = validating(fund)
    tell = watch(session, take(session))
    told = []
    for seconds, done in ((100.5, 1000), (101.0, 2000), (101.9, 3000), (102.0, 4000)):
        clock.seconds = seconds
        tell(done)
        told.append(shown(session))
    assert told == [0, 2000, 2000, 4000]


def test_worker_that_takes_over_does_not_set_the_progress_back(fund: Fund, clock: Clock) -> None:
    session = validating(fund)
    tell = watch(session, take(session))
    for seconds, done in ((101.0, 3000), (102.0, 500)):
        clock.seconds = seconds
        tell(done)
    assert shown(session) == 3000


def test_worker_that_lost_its_job_says_nothing_more(fund: Fund, clock: Clock) -> None:
    session = validating(fund)
    tell = watch(session, take(session))
    OutboxJob.objects.filter(subject_id=str(session.pk)).cancel()
    before = columns(session)
    clock.seconds += 1
    with pytest.raises(StaleLease):
        tell(3000)
    assert columns(session) == before


@pytest.mark.parametrize("of_all", [True, False])
def test_worker_learns_that_its_session_has_ended(of_all: bool, fund: Fund, clock: Clock) -> None:
    session = validating(fund)
    tell = watch(session, take(session), of_all=of_all)
    OptimizationSession.objects.get(pk=session.pk).cancel()
    before = columns(session)
    clock.seconds += 1
    with pytest.raises(SessionEnded):
        tell(3000)
    assert columns(session) == before


def test_worker_of_a_part_does_not_pass_it_off_as_all(fund: Fund, clock: Clock) -> None:
    session = validating(fund)
    tell = watch(session, take(session), of_all=False)
    clock.seconds += 1
    tell(3000)
    assert shown(session) == 0


@pytest.fixture
def every_block_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_progress, "SECONDS_BETWEEN_LOOKS", 0.0)
    monkeypatch.setattr(validation_part, "BLOCK_SCENARIOS", 2000)


@pytest.mark.usefixtures("every_block_is_told")
def test_progress_moves_while_one_job_validates_all(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = validating(fund)
    percents = []
    record = OptimizationSession.record_validated

    def recorded(self: OptimizationSession, scenarios: int) -> bool:
        done = record(self, scenarios)
        percents.append(OptimizationSession.objects.get(pk=self.pk).progress_percent)
        return done

    monkeypatch.setattr(OptimizationSession, "record_validated", recorded)
    do(session)
    # 75 and 24 * .4, 24 * .8 and 24, rounded down.
    assert percents == [84, 94, 99]
    assert columns(session)["status"] == Status.COMPLETED


@pytest.mark.usefixtures("every_block_is_told")
def test_validation_of_a_session_that_ends_meanwhile_ends_without_effect(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = validating(fund)
    lease = take(session)

    def cancelled_meanwhile(**arguments: Any) -> Any:
        OptimizationSession.objects.get(pk=session.pk).cancel()
        return validation_metrics(**arguments)

    monkeypatch.setattr(validation_stages, "validation_metrics", cancelled_meanwhile)
    validation_stages.validate(lease)
    after = columns(session)
    assert (after["status"], after["validation_metrics"]) == (Status.CANCELLED, None)
    assert jobs_of(session, VALIDATION) == [OutboxJob.Status.DONE]
