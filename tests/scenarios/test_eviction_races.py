"""A request for a matrix meets its eviction: the request wins, or has it made again."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from pytest_django import Settings

from funds.models import Fund, User
from optimization.models import OptimizationSession
from scenarios import upkeep
from scenarios.models import ScenarioMatrix
from scenarios.upkeep import evict_unused
from tests.funds.factories import FundFactory, MembershipFactory
from tests.optimization.completed import SMALL
from tests.optimization.factories import requested_session
from tests.optimization.races import first_and_then
from tests.optimization.work import GENERATION, OPTIMIZATION, live_jobs_of, run_all
from tests.outbox.brokers import real_redis
from tests.outbox.threads import PATIENCE_SECONDS, at_once, background

pytestmark = pytest.mark.django_db(transaction=True)

Status = OptimizationSession.Status


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


@pytest.fixture
def ask() -> Callable[[], OptimizationSession]:
    fund: Fund = FundFactory.create()
    user: User = MembershipFactory.create(organisation=fund.organisation).user
    # Within this limit the deals bought are near those simulated: one search, one matrix.
    limits = {"max_bucket_weight": 0.4}
    return lambda: requested_session(fund=fund, user=user, limits=limits, **SMALL)


@pytest.fixture
def matrix(ask: Callable[[], OptimizationSession]) -> ScenarioMatrix:
    """Complete, old, and needed by no session any more."""
    ask()
    run_all()
    long_ago = Now() - timedelta(days=1000)
    ScenarioMatrix.objects.update(completed_at=long_ago, last_read_at=long_ago)
    return ScenarioMatrix.objects.without_payload().get()


def reread(matrix: ScenarioMatrix) -> ScenarioMatrix:
    return ScenarioMatrix.objects.without_payload().get(pk=matrix.pk)


def test_matrix_that_a_request_is_taking_up_is_passed_over(
    ask: Callable[[], OptimizationSession], matrix: ScenarioMatrix
) -> None:
    with background() as start:
        with transaction.atomic():
            session = ask()
            assert start(evict_unused).result(PATIENCE_SECONDS) == 0
        assert start(evict_unused).result(PATIENCE_SECONDS) == 0
    assert (session.status, session.matrix_was_cached) == (Status.OPTIMIZING, True)
    assert live_jobs_of(session) == [OPTIMIZATION]


def test_request_that_waits_for_the_eviction_has_the_matrix_made_again(
    ask: Callable[[], OptimizationSession], matrix: ScenarioMatrix
) -> None:
    session = first_and_then(evict_unused, ask)
    after = reread(matrix)
    assert (after.status, after.generation) == (ScenarioMatrix.Status.GENERATING, 2)
    assert (session.status, session.matrix_was_cached) == (Status.MATRIX_GENERATING, False)
    assert live_jobs_of(after) == [GENERATION]
    run_all()
    session.refresh_from_db()
    assert session.status == Status.COMPLETED


def test_session_that_came_between_the_look_and_the_lock_keeps_its_matrix(
    ask: Callable[[], OptimizationSession],
    matrix: ScenarioMatrix,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evict_if_unneeded = upkeep._evict_if_unneeded

    def after_a_request(pk: uuid.UUID) -> bool:
        with background() as start:
            start(ask).result(PATIENCE_SECONDS)
        return evict_if_unneeded(pk)

    monkeypatch.setattr(upkeep, "_evict_if_unneeded", after_a_request)
    assert evict_unused() == 0
    assert reread(matrix).status == ScenarioMatrix.Status.COMPLETE


def test_every_session_completes_however_requests_and_evictions_meet(
    ask: Callable[[], OptimizationSession], matrix: ScenarioMatrix, settings: Settings
) -> None:
    settings.MATRIX_RETENTION_DAYS = 0
    for _ in range(10):
        works: list[Callable[[], Any]] = [ask, evict_unused, ask, evict_unused]
        at_once(works)
        run_all()
    assert set(OptimizationSession.objects.values_list("status", flat=True)) == {Status.COMPLETED}
    digests = ScenarioMatrix.objects.values_list("sha256", flat=True)
    assert list(digests) == [matrix.sha256]
