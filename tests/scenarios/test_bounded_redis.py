"""Redis gets the time it is given and no more, and is left alone after it failed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis

from scenarios.bounded_redis import BoundedRedis, OutOfReach
from tests.outbox.brokers import broken_broker
from tests.outbox.threads import wait_until
from tests.scenarios.dripping_redis import dripping_redis

# Only reached when a test fails: a server that answers does so at once.
PLENTY_SECONDS = 60.0
# All of it is waited for.
SHORT_SECONDS = 0.05
NEVER_AGAIN_SECONDS = 3600.0


def bounded(url: str, *, pause_seconds: float = NEVER_AGAIN_SECONDS) -> BoundedRedis:
    # The socket has far more time than the call, so that it is the call that ends in time.
    return BoundedRedis(url=url, longest_wait_seconds=PLENTY_SECONDS, pause_seconds=pause_seconds)


@pytest.fixture
def real(services: None) -> Iterator[BoundedRedis]:
    redis = bounded(settings.REDIS_URL)
    yield redis
    redis.close()


def test_answer_is_that_of_the_server(real: BoundedRedis) -> None:
    assert real.ask(lambda redis: redis.ping(), within_seconds=PLENTY_SECONDS) is True


def test_server_that_drips_its_answer_is_given_up(tmp_path: Path) -> None:
    with dripping_redis(tmp_path) as server:
        redis = bounded(server.url)
        with pytest.raises(OutOfReach, match=r"no answer within 0\.050 s"):
            redis.ask(lambda redis: redis.get("x"), within_seconds=SHORT_SECONDS)
        # They would never return if the connection were left to itself.
        server.forget_clients()
    wait_until(lambda: all(thread.name != "redis" for thread in threading.enumerate()))


def test_server_that_hangs_is_given_up(tmp_path: Path) -> None:
    with broken_broker(tmp_path, answer=None):
        redis = bounded(f"unix://{tmp_path}/broken.sock?db=0")
        with pytest.raises(OutOfReach, match="no answer within"):
            redis.ask(lambda redis: redis.get("x"), within_seconds=SHORT_SECONDS)


@pytest.mark.parametrize(
    "answer",
    [
        b"no protocol at all\r\n",
        b"$not-a-number\r\n",
        b"$-7\r\n",
        b"*2\r\n+one\r\n%x\r\n",
        b"\x00\r\n",
    ],
)
def test_server_that_talks_nonsense_is_left_alone(answer: bytes, tmp_path: Path) -> None:
    with broken_broker(tmp_path, answer=answer):
        redis = bounded(f"unix://{tmp_path}/broken.sock?db=0")
        for _ in range(2):
            with pytest.raises(OutOfReach):
                redis.ask(lambda redis: redis.get("x"), within_seconds=SHORT_SECONDS)
        redis.close()


def test_server_that_failed_is_not_asked_again_during_the_pause(tmp_path: Path) -> None:
    with dripping_redis(tmp_path) as server:
        redis = bounded(server.url)
        for words in ("no answer within", "left alone"):
            with pytest.raises(OutOfReach, match=words):
                redis.ask(lambda redis: redis.get("x"), within_seconds=SHORT_SECONDS)
        assert server.calls == 1


def test_server_that_failed_is_asked_again_after_the_pause(tmp_path: Path) -> None:
    with dripping_redis(tmp_path) as server:
        redis = bounded(server.url, pause_seconds=0.0)
        for _ in range(2):
            with pytest.raises(OutOfReach, match="no answer within"):
                redis.ask(lambda redis: redis.get("x"), within_seconds=SHORT_SECONDS)
        assert server.calls == 2


def test_server_that_is_not_there_is_left_alone_as_well(tmp_path: Path) -> None:
    redis = bounded(f"unix://{tmp_path}/nobody-listens.sock?db=0")
    for words in ("nobody-listens", "left alone"):
        with pytest.raises(OutOfReach, match=words):
            redis.ask(lambda redis: redis.get("x"), within_seconds=PLENTY_SECONDS)


def test_server_that_refuses_a_command_may_be_asked_another(real: BoundedRedis) -> None:
    def refused(redis: Redis) -> object:
        return redis.setrange("keel-test", -1, "before the beginning")

    with pytest.raises(OutOfReach, match="refuses"):
        real.ask(refused, within_seconds=PLENTY_SECONDS)
    assert real.ask(lambda redis: redis.ping(), within_seconds=PLENTY_SECONDS) is True


def test_without_time_the_server_is_not_asked(tmp_path: Path) -> None:
    with dripping_redis(tmp_path) as server:
        with pytest.raises(OutOfReach, match="no time is left"):
            bounded(server.url).ask(lambda redis: redis.get("x"), within_seconds=0.0)
        assert server.calls == 0
