"""Redis hangs or dies and comes back: reads go on meanwhile, and use it again afterwards."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings
from redis import Redis

from outbox.counters import counts
from scenarios.matrix_cache import READS, Outcome, Tier, read_multiples
from scenarios.models import ScenarioMatrix
from tests.flows.pipeline import own_redis
from tests.scenarios.matrices import any_multiples, complete_matrix

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unconnected")]

MULTIPLES = any_multiples()


@pytest.fixture
def directory() -> Iterator[Path]:
    """The name of a socket must be short."""
    with tempfile.TemporaryDirectory(prefix="keel-redis-") as directory:
        yield Path(directory)


@pytest.fixture
def matrix() -> ScenarioMatrix:
    return complete_matrix(multiples=MULTIPLES)


def tier_of(matrix: ScenarioMatrix) -> Tier:
    read = read_multiples(matrix)
    np.testing.assert_array_equal(read.multiples, MULTIPLES)
    return read.tier


def use(settings: Settings, redis_socket: Path) -> None:
    settings.REDIS_URL = f"unix://{redis_socket}?db=0"
    # Asked again at once, instead of after some seconds.
    settings.MATRIX_CACHE_PAUSE_SECONDS = 0.0


def test_redis_that_hung_is_used_again_once_it_answers(
    matrix: ScenarioMatrix, settings: Settings, directory: Path
) -> None:
    with own_redis(directory) as redis_socket:
        use(settings, redis_socket)
        assert [tier_of(matrix), tier_of(matrix)] == [Tier.POSTGRESQL, Tier.REDIS]
        with Redis(unix_socket_path=str(redis_socket)) as redis:
            server = redis.info("server")["process_id"]
        os.kill(server, signal.SIGSTOP)
        patience_seconds = settings.MATRIX_CACHE_TIMEOUT_SECONDS
        settings.MATRIX_CACHE_TIMEOUT_SECONDS = 0.2
        try:
            assert tier_of(matrix) == Tier.POSTGRESQL
        finally:
            os.kill(server, signal.SIGCONT)
        settings.MATRIX_CACHE_TIMEOUT_SECONDS = patience_seconds
        assert tier_of(matrix) == Tier.REDIS
    assert counts(READS)[Outcome.REDIS_UNREACHABLE] == 1


def test_redis_that_died_and_lost_its_data_is_filled_again(
    matrix: ScenarioMatrix, settings: Settings, directory: Path
) -> None:
    with own_redis(directory) as redis_socket:
        use(settings, redis_socket)
        assert [tier_of(matrix), tier_of(matrix)] == [Tier.POSTGRESQL, Tier.REDIS]
    assert tier_of(matrix) == Tier.POSTGRESQL
    with own_redis(directory):
        assert [tier_of(matrix), tier_of(matrix)] == [Tier.POSTGRESQL, Tier.REDIS]
    assert counts(READS)[Outcome.REDIS_UNREACHABLE] == 1
