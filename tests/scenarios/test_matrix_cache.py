"""The copy of a matrix in Redis may be lost, damaged or out of reach: slower, never wrong."""

import itertools
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as declared
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from redis import Redis

from config import settings as deployed
from outbox.counters import counts
from scenarios import matrix_cache
from scenarios.matrix_cache import READS, NoSoundCopy, Outcome, Tier, read_multiples
from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import encode
from tests.outbox.brokers import broken_broker
from tests.scenarios.dripping_redis import dripping_redis
from tests.scenarios.matrices import SCENARIOS, any_multiples, complete_matrix

pytestmark = pytest.mark.django_db

MULTIPLES = any_multiples()
DAY_SECONDS = 24 * 3600


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(declared.REDIS_URL) as redis:
        yield redis


@pytest.fixture
def matrix() -> ScenarioMatrix:
    return complete_matrix(multiples=MULTIPLES)


def key_of(redis: Redis, matrix: ScenarioMatrix) -> Any:
    (key,) = redis.keys(f"keel:matrix:{matrix.pk}:*")
    return key


def spoil(matrix: ScenarioMatrix, payload: bytes) -> None:
    """Damage the truth itself."""
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(payload=payload)


def payload_of(matrix: ScenarioMatrix) -> bytes:
    return bytes(ScenarioMatrix.objects.get(pk=matrix.pk).payload or b"")


def test_first_read_comes_from_postgresql(matrix: ScenarioMatrix) -> None:
    read = read_multiples(matrix)
    assert read.tier == Tier.POSTGRESQL
    np.testing.assert_array_equal(read.multiples, MULTIPLES)


def test_second_read_comes_from_redis(matrix: ScenarioMatrix) -> None:
    read_multiples(matrix)
    read = read_multiples(matrix)
    assert read.tier == Tier.REDIS
    np.testing.assert_array_equal(read.multiples, MULTIPLES)


def test_hit_takes_no_payload_from_postgresql(matrix: ScenarioMatrix) -> None:
    read_multiples(matrix)
    with CaptureQueriesContext(connection) as queries:
        read_multiples(matrix)
    assert not [query for query in queries if "payload" in query["sql"]]


@pytest.mark.parametrize(("minutes_ago", "is_noted"), [(59, False), (61, True)])
def test_reading_is_noted_to_the_hour(
    minutes_ago: int, is_noted: bool, matrix: ScenarioMatrix
) -> None:
    rows = ScenarioMatrix.objects.filter(pk=matrix.pk)
    rows.update(last_read_at=Now() - timedelta(minutes=minutes_ago))
    before = rows.values("last_read_at").get()
    read_multiples(matrix)
    assert (rows.values("last_read_at").get() != before) is is_noted


def test_copy_expires_within_a_day_and_a_tenth(matrix: ScenarioMatrix, redis: Redis) -> None:
    read_multiples(matrix)
    ttl_seconds = redis.ttl(key_of(redis, matrix))
    # A minute for a slow machine between the writing and this look.
    assert 0.9 * DAY_SECONDS - 60 <= ttl_seconds <= 1.1 * DAY_SECONDS


def damaged(name: str) -> bytes:
    """A copy that is not the matrix, though each but the first two reads as one."""
    sound = encode(MULTIPLES).payload
    return {
        "noise": b"\x00\xff not a matrix",
        "empty": b"",
        "truncated": sound[:-1],
        "with a tail": sound + b"\x00",
        "one bit flipped": zlib.compress(
            bytes([MULTIPLES.tobytes()[0] ^ 1]) + MULTIPLES.tobytes()[1:]
        ),
        "of other scenarios": encode(any_multiples(seed=1)).payload,
        "of fewer scenarios": encode(MULTIPLES[:, : SCENARIOS // 2].copy()).payload,
        # Each of these bytes stands for a thousand: 100 kB in the place of 512 bytes.
        "bomb": zlib.compress(bytes(100_000)),
        "larger than any sound one": sound + bytes(10_000_000),
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "noise",
        "empty",
        "truncated",
        "with a tail",
        "one bit flipped",
        "of other scenarios",
        "of fewer scenarios",
        "bomb",
        "larger than any sound one",
    ],
)
def test_damaged_copy_counts_as_a_miss_and_is_replaced(
    name: str, matrix: ScenarioMatrix, redis: Redis
) -> None:
    read_multiples(matrix)
    redis.set(key_of(redis, matrix), damaged(name))
    read = read_multiples(matrix)
    assert read.tier == Tier.POSTGRESQL
    assert counts(READS).get(Outcome.CORRUPT_COPY, 0) == (name != "empty")
    np.testing.assert_array_equal(read.multiples, MULTIPLES)
    assert read_multiples(matrix).tier == Tier.REDIS


def test_each_read_is_counted_once_by_how_it_ended(matrix: ScenarioMatrix) -> None:
    for _ in range(3):
        read_multiples(matrix)
    assert counts(READS) == {Outcome.POSTGRESQL_HIT: 1, Outcome.REDIS_HIT: 2}


def test_no_more_of_a_copy_is_taken_in_than_a_sound_one_has(
    matrix: ScenarioMatrix, redis: Redis
) -> None:
    read_multiples(matrix)
    sent = redis.info("stats")["total_net_output_bytes"]
    redis.set(key_of(redis, matrix), damaged("larger than any sound one"))
    read_multiples(matrix)
    # The rest of the answers, and other clients of this server, are small beside 10 MB.
    assert redis.info("stats")["total_net_output_bytes"] - sent < 5_000_000


def test_incompressible_matrix_fits_into_what_is_taken_in(redis: Redis) -> None:
    """Level 1 cannot shorten noise; zlib then adds a little to it."""
    noise = np.random.default_rng(0).integers(0, 2**30, size=(2, SCENARIOS), dtype=np.uint32)
    matrix = complete_matrix(multiples=noise.view(np.float32))
    assert len(payload_of(matrix)) > noise.nbytes
    read_multiples(matrix)
    assert read_multiples(matrix).tier == Tier.REDIS


def test_value_of_another_kind_under_the_key_is_replaced(
    matrix: ScenarioMatrix, redis: Redis
) -> None:
    read_multiples(matrix)
    key = key_of(redis, matrix)
    redis.delete(key)
    redis.rpush(key, "a list")
    assert read_multiples(matrix).tier == Tier.POSTGRESQL
    assert read_multiples(matrix).tier == Tier.REDIS


def test_copy_of_an_earlier_generation_is_not_read(matrix: ScenarioMatrix) -> None:
    read_multiples(matrix)
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(generation=2)
    matrix.refresh_from_db()
    assert read_multiples(matrix).tier == Tier.POSTGRESQL


def test_equal_matrix_of_another_fund_is_read_on_its_own(matrix: ScenarioMatrix) -> None:
    read_multiples(matrix)
    other = complete_matrix(multiples=MULTIPLES)
    assert other.matrix_key == matrix.matrix_key
    assert read_multiples(other).tier == Tier.POSTGRESQL


@pytest.mark.usefixtures("unconnected")
def test_redis_that_is_not_there_makes_it_slower_and_not_wrong(
    matrix: ScenarioMatrix, settings: Settings, tmp_path: Path
) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody-listens.sock?db=0"
    for _ in range(2):
        read = read_multiples(matrix)
        assert read.tier == Tier.POSTGRESQL
        np.testing.assert_array_equal(read.multiples, MULTIPLES)
    assert counts(READS) == {Outcome.REDIS_UNREACHABLE: 2}


@pytest.mark.usefixtures("unconnected")
def test_redis_that_drips_its_answer_is_called_once_and_then_left_alone(
    matrix: ScenarioMatrix, settings: Settings, tmp_path: Path
) -> None:
    """Neither to write back nor for the next matrix: each call would cost a whole timeout."""
    with dripping_redis(tmp_path) as server:
        settings.REDIS_URL = server.url
        settings.MATRIX_CACHE_TIMEOUT_SECONDS = 0.2
        settings.MATRIX_CACHE_PAUSE_SECONDS = 3600.0
        for _ in range(2):
            read = read_multiples(matrix)
            assert read.tier == Tier.POSTGRESQL
            np.testing.assert_array_equal(read.multiples, MULTIPLES)
        assert server.calls == 1


def test_a_deployment_waits_a_fifth_of_a_second_for_redis() -> None:
    assert deployed.MATRIX_CACHE_TIMEOUT_SECONDS == 0.2


def test_time_spent_on_reading_is_missing_for_writing_back(
    matrix: ScenarioMatrix, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock on which the first question takes all the time that both have together."""
    seconds = itertools.count(0.0, declared.MATRIX_CACHE_TIMEOUT_SECONDS)
    monkeypatch.setattr(matrix_cache, "monotonic", lambda: next(seconds))
    assert read_multiples(matrix).tier == Tier.POSTGRESQL
    assert redis.keys(f"keel:matrix:{matrix.pk}:*") == []


@pytest.mark.usefixtures("unconnected")
def test_redis_that_refuses_every_command_makes_it_slower_and_not_wrong(
    matrix: ScenarioMatrix, settings: Settings, tmp_path: Path
) -> None:
    with broken_broker(tmp_path, answer=b"-OOM command not allowed\r\n"):
        settings.REDIS_URL = f"unix://{tmp_path}/broken.sock?db=0"
        read = read_multiples(matrix)
        matrix_cache._redis().close()
    assert read.tier == Tier.POSTGRESQL
    np.testing.assert_array_equal(read.multiples, MULTIPLES)


@pytest.mark.parametrize(
    "name", ["noise", "truncated", "with a tail", "one bit flipped", "of other scenarios", "bomb"]
)
def test_damage_in_postgresql_is_raised_and_never_read(name: str, matrix: ScenarioMatrix) -> None:
    spoil(matrix, damaged(name))
    with pytest.raises(NoSoundCopy) as loss:
        read_multiples(matrix)
    assert loss.value.damage


def test_damaged_payload_is_not_copied_to_redis(matrix: ScenarioMatrix, redis: Redis) -> None:
    spoil(matrix, damaged("truncated"))
    with pytest.raises(NoSoundCopy):
        read_multiples(matrix)
    assert redis.keys(f"keel:matrix:{matrix.pk}:*") == []


def test_what_is_read_cannot_be_changed_by_mistake(matrix: ScenarioMatrix) -> None:
    multiples = read_multiples(matrix).multiples
    with pytest.raises(ValueError, match="read-only"):
        multiples[0, 0] = 1.0


def test_copy_in_redis_is_the_stored_payload(matrix: ScenarioMatrix, redis: Redis) -> None:
    read_multiples(matrix)
    assert redis.get(key_of(redis, matrix)) == payload_of(matrix)
