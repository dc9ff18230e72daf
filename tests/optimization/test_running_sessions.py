"""Jobs of sessions run as a worker runs them, heartbeats included: errors, cancels, recovery."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from funds.loading import load_calibration, load_fund, load_taxonomy
from funds.models import Fund, Organisation
from funds.shipped import benchmark_calibration, default_fund, taxonomy
from optimization import lifecycle, stages
from optimization.models import OptimizationSession
from outbox.models import OutboxJob
from outbox.running import INTERNAL_ERROR
from scenarios import generation
from tests.optimization.factories import requested_session
from tests.optimization.rows import Status, columns
from tests.optimization.work import (
    do,
    jobs_of,
    matrix_of,
    optimizing,
    run,
    run_all,
    validating,
    waiting,
)
from tests.outbox.brokers import real_redis
from tests.outbox.threads import PATIENCE_SECONDS, background, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


class OutOfInk(Exception):
    """An error that analysts are not to read about."""


def break_down(*_: object, **__: object) -> Any:
    raise OutOfInk("the pen is dry")


def job_of(session: OptimizationSession) -> OutboxJob:
    return OutboxJob.objects.live().get(subject_id=str(session.pk))


def test_limits_that_cannot_be_met_fail_the_session_in_words(fund: Fund) -> None:
    session = optimizing(fund, limits={"min_expected_winners": 9000}, relax=False)
    run(job_of(session))
    session.refresh_from_db()
    assert session.status == Status.FAILED
    assert "the minimum of expected winners" in session.failure_reason
    assert jobs_of(session) == [OutboxJob.Status.FAILED]


def test_error_is_tried_again_before_the_session_fails(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = optimizing(fund)
    monkeypatch.setattr(stages, "allocate", break_down)
    with pytest.raises(OutOfInk):
        run(job_of(session))
    session.refresh_from_db()
    assert session.status == Status.OPTIMIZING
    assert jobs_of(session) == [OutboxJob.Status.PENDING]


def test_session_that_met_an_error_once_still_completes(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = optimizing(fund)
    with monkeypatch.context() as patch:
        patch.setattr(stages, "allocate", break_down)
        with pytest.raises(OutOfInk):
            run(job_of(session))
    run_all()
    session.refresh_from_db()
    assert session.status == Status.COMPLETED


def test_error_that_stays_fails_the_session_without_its_details(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = optimizing(fund)
    monkeypatch.setattr(stages, "allocate", break_down)
    for _attempt in range(3):
        with pytest.raises(OutOfInk):
            run(job_of(session))
    session.refresh_from_db()
    assert (session.status, session.failure_reason) == (Status.FAILED, INTERNAL_ERROR)
    assert "the pen is dry" in session.failure_traceback


def test_error_that_stays_in_the_simulation_fails_all_that_wait(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = [waiting(fund) for _ in range(3)]
    matrix = matrix_of(sessions[0])
    monkeypatch.setattr(generation, "simulate", break_down)
    for _attempt in range(3):
        with pytest.raises(OutOfInk):
            run(OutboxJob.objects.live().get(subject_id=str(matrix.pk)))
    assert {columns(session)["status"] for session in sessions} == {Status.FAILED}
    assert not OutboxJob.objects.live().exists()


@pytest.fixture
def shipped_fund(db: None) -> Fund:
    """Twelve buckets under limits: many scenarios and few losses make it minutes of search."""
    load_taxonomy(taxonomy())
    load_calibration(benchmark_calibration())
    organisation = Organisation.objects.create(name="Harbour Light Capital")
    return load_fund(default_fund(), organisation=organisation)


def test_cancel_stops_the_solver_of_a_running_session(
    shipped_fund: Fund, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OUTBOX_LEASE_SECONDS = 1.5  # A heartbeat each half second.
    session = requested_session(
        fund=shipped_fund,
        limits={**shipped_fund.default_limits, "max_loss_probability": 0.2},
        optimization_scenarios=3000,
        time_limit_seconds=240,
    )
    do(matrix_of(session))
    job = job_of(session)
    with background() as start:
        worker = start(lambda: run(job))
        wait_until(lambda: OutboxJob.objects.get(pk=job.pk).status == OutboxJob.Status.RUNNING)
        lifecycle.cancel_session(session)
        worker.result(PATIENCE_SECONDS)
    assert "was taken over while it ran; stopped" in caplog.text
    after = columns(session)
    assert (after["status"], after["allocation"]) == (Status.CANCELLED, None)
    assert jobs_of(session) == [OutboxJob.Status.CANCELLED]


def test_cancel_stops_the_validation_of_a_running_session(
    fund: Fund, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OUTBOX_LEASE_SECONDS = 0.3  # A heartbeat each tenth of a second.
    session = validating(fund, validation_scenarios=1_000_000)
    job = job_of(session)
    with background() as start:
        worker = start(lambda: run(job))
        wait_until(lambda: OutboxJob.objects.get(pk=job.pk).status == OutboxJob.Status.RUNNING)
        lifecycle.cancel_session(session)
        worker.result(PATIENCE_SECONDS)
    # By the next heartbeat or by the next report of its progress, whichever is first.
    assert "was taken over" in caplog.text
    after = columns(session)
    assert (after["status"], after["validation_metrics"]) == (Status.CANCELLED, None)
    assert jobs_of(session)[-1] == OutboxJob.Status.CANCELLED
