"""Reads the multiples of a complete matrix: Redis first, PostgreSQL for the truth.

A copy in Redis that cannot be had in time, or that does not match the row's SHA-256, counts as a
miss. A payload in PostgreSQL that does not match is never used: `scenarios.regeneration` says what
happens then.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from time import monotonic
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from redis import Redis

from outbox.counters import count
from scenarios.bounded_redis import BoundedRedis, OutOfReach
from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import BYTES_PER_ENTRY, CorruptMatrix, decode

logger = logging.getLogger(__name__)


class Tier(StrEnum):
    REDIS = "redis"
    POSTGRESQL = "postgresql"
    REGENERATED = "regenerated"


class Outcome(StrEnum):
    """How a read ended, as it is counted."""

    REDIS_HIT = "redis_hit"
    POSTGRESQL_HIT = "postgresql_hit"  # Redis had no copy
    CORRUPT_COPY = "corrupt_copy"  # nor a sound one: PostgreSQL's was read
    REDIS_UNREACHABLE = "redis_unreachable"  # nor did it answer: PostgreSQL's was read
    REGENERATED = "regenerated"  # no store had a sound copy


READS = "matrix_reads"


@dataclass(frozen=True, slots=True)
class CachedMultiples:
    """float32 (buckets, scenarios), and where they were found."""

    multiples: NDArray[np.float32]
    tier: Tier


class NoSoundCopy(Exception):
    """No store holds the matrix undamaged."""

    def __init__(self, row: ScenarioMatrix, *, damage: str) -> None:
        """``row`` as it was when it was looked at; ``damage`` is empty if it has no payload."""
        super().__init__(f"{row}: {damage or 'has no payload'}")
        self.row = row
        self.damage = damage


def read_multiples(matrix: ScenarioMatrix) -> CachedMultiples:
    """Counts the read; so it belongs outside of transactions.

    :raises NoSoundCopy: the payload in PostgreSQL is damaged, or there is none
    """
    redis = _Allowance(settings.MATRIX_CACHE_TIMEOUT_SECONDS)
    hot = _from_redis(redis, matrix)
    if not isinstance(hot, Outcome):
        note_read(matrix, Outcome.REDIS_HIT)
        return CachedMultiples(multiples=hot, tier=Tier.REDIS)
    stored = ScenarioMatrix.objects.get(pk=matrix.pk)
    multiples = _from_postgresql(stored)
    _to_redis(redis, stored)
    note_read(matrix, hot)
    return CachedMultiples(multiples=multiples, tier=Tier.POSTGRESQL)


def note_read(matrix: ScenarioMatrix, outcome: Outcome) -> None:
    ScenarioMatrix.objects.filter(pk=matrix.pk).note_read()
    count(READS, outcome)


@dataclass(frozen=True, slots=True)
class HotCopy:
    """What Redis holds of a matrix, and for how long."""

    size_bytes: int
    lives: timedelta


def hot_copy(matrix: ScenarioMatrix) -> HotCopy | None:
    """:raises OutOfReach: Redis did not say in time"""
    redis, key = _Allowance(settings.MATRIX_CACHE_TIMEOUT_SECONDS), _redis_key(matrix)
    size_bytes = redis.ask(lambda server: server.strlen(key))
    milliseconds = redis.ask(lambda server: server.pttl(key))
    if milliseconds < 0:
        return None
    return HotCopy(size_bytes=size_bytes, lives=timedelta(milliseconds=milliseconds))


def drop_hot_copy(matrix: ScenarioMatrix) -> bool:
    """Whether Redis had a copy, which is gone now.

    :raises OutOfReach: it may still have one; that is never wrong, and expires by itself
    """
    redis = _Allowance(settings.MATRIX_CACHE_TIMEOUT_SECONDS)
    return bool(redis.ask(lambda server: server.delete(_redis_key(matrix))))


class _Allowance:
    """What one read may wait for Redis, all its calls together."""

    def __init__(self, seconds: float) -> None:
        self._seconds_left = seconds

    def ask(self, command: Callable[[Redis], Any]) -> Any:
        started = monotonic()
        try:
            return _redis().ask(command, within_seconds=self._seconds_left)
        finally:
            self._seconds_left -= monotonic() - started


def _from_redis(redis: _Allowance, matrix: ScenarioMatrix) -> NDArray[np.float32] | Outcome:
    """The multiples, or what to count the read as once PostgreSQL has given them."""
    last_byte = _largest_payload(matrix)
    try:
        # One byte more than any sound copy has: a larger one is noticed but not taken in.
        payload = redis.ask(lambda server: server.getrange(_redis_key(matrix), 0, last_byte))
    except OutOfReach as error:
        logger.warning("matrix cache: %s", error)
        return Outcome.REDIS_UNREACHABLE
    if not payload:
        return Outcome.POSTGRESQL_HIT
    try:
        return decode(matrix.encoded_with(payload))
    except CorruptMatrix as error:
        logger.warning("dropped the cached copy of %s: %s", matrix, error)
        return Outcome.CORRUPT_COPY


def _from_postgresql(stored: ScenarioMatrix) -> NDArray[np.float32]:
    if stored.payload is None:
        raise NoSoundCopy(stored, damage="")
    try:
        return decode(stored.encoded())
    except CorruptMatrix as error:
        raise NoSoundCopy(stored, damage=str(error)) from error


def _to_redis(redis: _Allowance, stored: ScenarioMatrix) -> None:
    # Spread over 10 %, so that matrices cached together do not expire together.
    jitter = random.uniform(0.9, 1.1)  # noqa: S311 spreads expiry, protects nothing
    ttl_seconds = int(settings.MATRIX_CACHE_TTL_SECONDS * jitter)
    payload = bytes(stored.payload or b"")
    try:
        redis.ask(lambda server: server.set(_redis_key(stored), payload, ex=ttl_seconds))
    except OutOfReach as error:
        logger.warning("matrix not cached: %s", error)


def _redis_key(matrix: ScenarioMatrix) -> str:
    # The generation is part of the key, so a copy that outlives its row's payload is never read.
    return f"keel:matrix:{matrix.pk}:g{matrix.generation}"


def _largest_payload(matrix: ScenarioMatrix) -> int:
    """Bytes that zlib may make of the matrix at most (its documented bound, rounded up)."""
    content = len(matrix.buckets) * matrix.scenarios * BYTES_PER_ENTRY
    return content + content // 1000 + 64


@cache
def _redis() -> BoundedRedis:
    return BoundedRedis(
        url=settings.REDIS_URL,
        longest_wait_seconds=settings.MATRIX_CACHE_TIMEOUT_SECONDS,
        pause_seconds=settings.MATRIX_CACHE_PAUSE_SECONDS,
    )
