"""Asks Redis for an answer within a time, whatever Redis or the way to it does meanwhile.

The timeouts of a socket bound each wait alone: several add up, and a server that sends a byte
now and then is never late. So the caller waits for a thread, and no longer than it has time.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

Answer = TypeVar("Answer")


class OutOfReach(Exception):
    """Redis did not do what it was asked; the message says why."""


class BoundedRedis:
    """One Redis. After a call in vain it is left alone for ``pause_seconds``."""

    def __init__(self, *, url: str, longest_wait_seconds: float, pause_seconds: float) -> None:
        self._url = url
        self._longest_wait_seconds = longest_wait_seconds
        self._pause_seconds = pause_seconds
        self._redis = self._connected()
        self._resume_at = 0.0

    def ask(self, command: Callable[[Redis], Answer], *, within_seconds: float) -> Answer:
        """The answer to ``command``, or an error once the time is up.

        :raises OutOfReach: no answer in time, no connection, or a refusal; at once during a pause
        """
        if time.monotonic() < self._resume_at:
            raise OutOfReach("it failed a moment ago and is left alone for now")
        if within_seconds <= 0:
            raise OutOfReach("no time is left to ask")
        answer: Future[Answer] = Future()
        # A daemon, so that a process can end though Redis still keeps it waiting.
        threading.Thread(
            target=_answer, args=[answer, command, self._redis], name="redis", daemon=True
        ).start()
        try:
            return answer.result(timeout=within_seconds)
        except ResponseError as error:
            # It answers, and quickly: no reason to leave it alone.
            raise OutOfReach(f"it refuses: {error}") from error
        except TimeoutError as error:
            self._leave_alone()
            raise OutOfReach(f"no answer within {within_seconds:.3f} s") from error
        except Exception as error:
            # Of any kind: the client library does not foresee every answer that is no answer.
            self._leave_alone()
            raise OutOfReach(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        self._redis.connection_pool.disconnect()

    def _leave_alone(self) -> None:
        self._resume_at = time.monotonic() + self._pause_seconds
        abandoned, self._redis = self._redis, self._connected()
        # Ends the thread that still waits: what it would hear belongs to a question long past.
        abandoned.connection_pool.disconnect()

    def _connected(self) -> Redis:
        return Redis.from_url(
            self._url,
            socket_timeout=self._longest_wait_seconds,
            socket_connect_timeout=self._longest_wait_seconds,
            retry=Retry(NoBackoff(), 0),
        )


def _answer(answer: Future[Answer], command: Callable[[Redis], Answer], redis: Redis) -> None:
    try:
        answer.set_result(command(redis))
    except BaseException as error:  # noqa: BLE001 raised again by the thread that asked
        answer.set_exception(error)
