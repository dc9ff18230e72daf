"""Old matrices lose their numbers when nothing needs them, and only then."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as declared
from django.db.models.functions import Now
from pytest_django import Settings
from redis import Redis

from funds.models import Fund
from optimization.results.session_results import session_result
from scenarios import tasks
from scenarios.matrix_cache import read_multiples
from scenarios.models import ScenarioMatrix
from scenarios.upkeep import evict_unused
from tests.funds.factories import FundFactory
from tests.optimization.rows import ENDED, UNFINISHED, insert_session
from tests.optimization.work import completed, do, matrix_of, optimizing, validating, waiting
from tests.scenarios.matrices import columns, complete_matrix, started_matrix

pytestmark = pytest.mark.django_db

Status = ScenarioMatrix.Status
RETENTION_DAYS = 10


@pytest.fixture(autouse=True)
def retention(settings: Settings) -> None:
    settings.MATRIX_RETENTION_DAYS = RETENTION_DAYS


@pytest.fixture
def fund(db: None) -> Fund:
    fund: Fund = FundFactory.create()
    return fund


def age(matrix: ScenarioMatrix, **times: Any) -> ScenarioMatrix:
    """Let the matrix have been made, and perhaps read, so many days ago."""
    days_ago = {name: Now() - timedelta(days=days) for name, days in times.items()}
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(**days_ago)
    return ScenarioMatrix.objects.without_payload().get(pk=matrix.pk)


def status_of(matrix: ScenarioMatrix) -> str:
    return ScenarioMatrix.objects.get(pk=matrix.pk).status


def test_matrix_that_nobody_read_for_long_is_evicted() -> None:
    matrix = age(complete_matrix(), completed_at=11)
    assert evict_unused() == 1
    assert status_of(matrix) == Status.EVICTED


def test_eviction_drops_the_payload_and_nothing_else() -> None:
    matrix = age(complete_matrix(), completed_at=11)
    before = columns(matrix)
    evict_unused()
    assert columns(matrix) == before | {"payload": None, "status": Status.EVICTED}


def test_eviction_drops_the_copy_in_redis() -> None:
    matrix = complete_matrix()
    read_multiples(matrix)
    age(matrix, completed_at=11, last_read_at=11)
    evict_unused()
    with Redis.from_url(declared.REDIS_URL) as redis:
        assert redis.keys(f"keel:matrix:{matrix.pk}:*") == []


def test_beat_evicts() -> None:
    matrix = age(complete_matrix(), completed_at=11)
    assert declared.CELERY_BEAT_SCHEDULE["evict"]["task"] == tasks.evict_unused.name
    tasks.evict_unused()
    assert status_of(matrix) == Status.EVICTED


@pytest.mark.parametrize("times", [{"completed_at": 9}, {"completed_at": 11, "last_read_at": 9}])
def test_matrix_that_was_made_or_read_lately_is_kept(times: dict[str, int]) -> None:
    matrix = age(complete_matrix(), **times)
    assert evict_unused() == 0
    assert status_of(matrix) == Status.COMPLETE


def test_reading_keeps_a_matrix() -> None:
    matrix = age(complete_matrix(), completed_at=11, last_read_at=11)
    read_multiples(matrix)
    assert evict_unused() == 0


def test_matrix_made_again_after_it_was_last_read_is_as_young_as_it_looks() -> None:
    matrix = age(complete_matrix(), completed_at=1, last_read_at=11)
    assert evict_unused() == 0
    assert status_of(matrix) == Status.COMPLETE


@pytest.mark.parametrize("status", UNFINISHED)
def test_matrix_that_an_unfinished_session_needs_is_kept(status: str) -> None:
    matrix = age(complete_matrix(), completed_at=1000)
    insert_session(status, fund=matrix.fund, matrix=matrix)
    assert evict_unused() == 0
    assert status_of(matrix) == Status.COMPLETE


@pytest.mark.parametrize("status", ENDED)
def test_matrix_that_only_finished_sessions_have_used_is_evicted(status: str) -> None:
    matrix = age(complete_matrix(), completed_at=11)
    insert_session(status, fund=matrix.fund, matrix=matrix)
    assert evict_unused() == 1


def test_matrix_that_has_no_numbers_is_left_alone() -> None:
    generating, failed = started_matrix(), started_matrix()
    failed.fail(reason="Out of paper.")
    before = columns(generating), columns(failed)
    assert evict_unused() == 0
    assert (columns(generating), columns(failed)) == before


@pytest.mark.usefixtures("unconnected")
def test_redis_out_of_reach_does_not_hinder_eviction(settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody-listens.sock?db=0"
    matrix = age(complete_matrix(), completed_at=11)
    assert evict_unused() == 1
    assert status_of(matrix) == Status.EVICTED


def evict(matrix: ScenarioMatrix) -> None:
    ScenarioMatrix.objects.get(pk=matrix.pk).evict()


def test_result_is_shown_as_before_after_the_eviction_and_while_it_is_made_again(
    fund: Fund,
) -> None:
    session = completed(fund)
    before = session_result(session)
    evict(matrix_of(session))
    session.refresh_from_db()
    assert session_result(session) == before
    waiting(fund)
    session.refresh_from_db()
    assert matrix_of(session).status == Status.GENERATING
    assert session_result(session) == before


def test_request_for_an_evicted_matrix_has_the_same_one_made_again(fund: Fund) -> None:
    first = completed(fund)
    before = columns(matrix_of(first))
    evict(matrix_of(first))
    second = completed(fund)
    after = columns(matrix_of(second))
    assert second.matrix_was_cached is False
    assert after["generation"] == 2
    for name in ("id", "status", "sha256", "payload", "buckets", "variance_shares"):
        assert after[name] == before[name]
    assert second.validation_metrics == first.validation_metrics


@pytest.mark.parametrize("make", [optimizing, validating])
def test_session_whose_matrix_is_evicted_under_it_goes_on(make: Any, fund: Fund) -> None:
    """Nothing does so on purpose; whatever did, the session does not fail of it."""
    session = make(fund, seed=str(uuid.uuid4()))
    matrix = matrix_of(session)
    evict(matrix)
    # Nor is there a copy in Redis: that of the next generation has another key.
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(generation=2)
    do(session)
    after = matrix_of(session)
    assert (after.status, after.generation) == (Status.COMPLETE, 3)
    assert not after.incidents.exists()
