"""Requests that meet one another, or the worker that ends the matrix they need, at every moment.

A wake-up is lost when a request sees a matrix that is not complete while the worker that completes
it does not yet see the request. Nobody would ever wake that session.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from funds.models import Fund, User
from optimization import lifecycle
from optimization.models import OptimizationSession
from outbox import upkeep
from outbox.models import OutboxJob
from scenarios import generation
from scenarios.models import ScenarioMatrix
from tests.funds.factories import MembershipFactory
from tests.optimization.completed import SMALL
from tests.optimization.factories import requested_session
from tests.optimization.races import first_and_then
from tests.optimization.rows import Status
from tests.optimization.work import (
    GENERATION,
    OPTIMIZATION,
    do,
    fail,
    jobs_of,
    live_jobs_of,
    matrix_of,
    run_all,
)
from tests.outbox.brokers import real_redis
from tests.outbox.threads import (
    PATIENCE_SECONDS,
    another_connection_waits_for_a_lock,
    at_once,
    background,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)

TRIALS = 60
LONGEST_HEAD_START_SECONDS = 0.02
REASON = "There is no paper. Buy some."


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


@pytest.fixture
def user(fund: Fund) -> User:
    user: User = MembershipFactory.create(organisation=fund.organisation).user
    return user


@pytest.fixture
def ask(fund: Fund, user: User) -> Callable[..., OptimizationSession]:
    def ask(**fields: Any) -> OptimizationSession:
        return requested_session(fund=fund, user=user, **{**SMALL, **fields})

    return ask


def test_worker_that_waits_for_a_request_wakes_its_session(ask: Any) -> None:
    matrix = matrix_of(ask())
    first_and_then(ask, lambda: do(matrix))
    assert [session.status for session in OptimizationSession.objects.all()] == [
        Status.OPTIMIZING,
        Status.OPTIMIZING,
    ]


def test_request_that_waits_for_the_worker_finds_the_matrix_complete(ask: Any) -> None:
    matrix = matrix_of(ask())
    session = first_and_then(lambda: do(matrix), ask)
    assert (session.status, session.matrix_was_cached) == (Status.OPTIMIZING, True)
    assert live_jobs_of(session) == [OPTIMIZATION]
    assert jobs_of(matrix) == [OutboxJob.Status.DONE]


def test_request_that_waits_while_the_matrix_fails_starts_it_again(ask: Any) -> None:
    matrix = matrix_of(ask())
    with background() as start:
        with transaction.atomic():
            # Already locked but not yet failed when the request first looks at it.
            matrix.lock()
            answer = start(ask)
            wait_until(another_connection_waits_for_a_lock)
            fail(matrix, reason=REASON)
        session = answer.result(PATIENCE_SECONDS)
    matrix.refresh_from_db()
    assert (matrix.status, matrix.generation) == (ScenarioMatrix.Status.GENERATING, 2)
    assert session.status == Status.MATRIX_GENERATING
    assert live_jobs_of(matrix) == [GENERATION]


def test_session_requested_while_the_matrix_is_about_to_fail_fails_with_it(ask: Any) -> None:
    matrix = matrix_of(ask())
    first_and_then(ask, lambda: fail(matrix, reason=REASON))
    for session in OptimizationSession.objects.all():
        assert (session.status, session.failure_reason) == (Status.FAILED, REASON)


def test_reconciler_that_waits_for_the_worker_finds_nothing_to_repair(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "RECONCILE_AFTER", timedelta(0))
    session = ask()
    repaired = first_and_then(lambda: do(matrix_of(session)), upkeep.reconcile)
    assert repaired == 0
    assert jobs_of(matrix_of(session)) == [OutboxJob.Status.DONE]
    assert live_jobs_of(session) == [OPTIMIZATION]


def test_two_first_requests_share_one_matrix(ask: Any) -> None:
    first_and_then(ask, ask)
    assert ScenarioMatrix.objects.count() == OutboxJob.objects.count() == 1


def test_two_requests_after_a_failure_start_one_generation(ask: Any) -> None:
    matrix = matrix_of(ask())
    fail(matrix, reason=REASON)
    first_and_then(ask, ask)
    matrix.refresh_from_db()
    assert matrix.generation == 2
    assert jobs_of(matrix) == [OutboxJob.Status.FAILED, OutboxJob.Status.PENDING]


def head_start(rng: random.Random, work: Callable[[], Any]) -> Callable[[], Any]:
    delay_seconds = rng.uniform(0, LONGEST_HEAD_START_SECONDS)

    def delayed() -> Any:
        time.sleep(delay_seconds)
        return work()

    return delayed


@pytest.mark.parametrize("ends_well", [True, False], ids=["complete", "failed"])
def test_no_wake_up_is_lost_however_a_request_meets_the_end_of_its_matrix(
    ends_well: bool, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(20260101)  # noqa: S311 only spreads the trials
    # Equal scenarios for every trial: simulating is not what is tried, and takes longer than all.
    config = matrix_of(ask(seed="any")).scenario_config()
    generated = generation.simulate(config=config, scenarios=SMALL["optimization_scenarios"])
    monkeypatch.setattr(generation, "simulate", lambda **_: generated)
    # The reconciler takes every session for one that has waited too long, and joins in.
    monkeypatch.setattr(lifecycle, "RECONCILE_AFTER", timedelta(0))
    for trial in range(TRIALS // 2):
        first = ask(seed=f"trial {trial}")
        matrix = matrix_of(first)

        def end(matrix: ScenarioMatrix = matrix) -> None:
            do(matrix) if ends_well else fail(matrix, reason=REASON)

        def again(seed: str = f"trial {trial}") -> OptimizationSession:
            session: OptimizationSession = ask(seed=seed)
            return session

        works = [head_start(rng, work) for work in (end, again, upkeep.reconcile)]
        _, second, _ = at_once(works)
        for session in (first, second):
            assert_goes_on(session)


def assert_goes_on(session: OptimizationSession) -> None:
    """It has ended, or exactly one job will carry it further."""
    session.refresh_from_db()
    if session.status == Status.MATRIX_GENERATING:
        matrix = matrix_of(session)
        assert matrix.status == ScenarioMatrix.Status.GENERATING
        assert live_jobs_of(matrix) == [GENERATION]
    elif session.status == Status.OPTIMIZING:
        assert live_jobs_of(session) == [OPTIMIZATION]
    else:
        assert session.status == Status.FAILED


def test_twenty_equal_requests_at_once_make_one_matrix_and_all_complete(ask: Any) -> None:
    sessions = at_once([ask] * 20)
    assert ScenarioMatrix.objects.count() == 1
    assert OutboxJob.objects.filter(kind=GENERATION).count() == 1
    run_all()
    assert {session.pk for session in sessions} == set(
        OptimizationSession.objects.filter(status=Status.COMPLETED).values_list("pk", flat=True)
    )
