"""Reads the multiples of a complete matrix: Redis first, PostgreSQL for the truth.

A copy in Redis that cannot be reached in time, or that does not match the row's SHA-256, counts
as a miss. A payload in PostgreSQL that does not match is an incident and is raised.
"""

import logging
import random
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from redis import Redis
from redis.exceptions import RedisError

from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import CorruptMatrix, decode

logger = logging.getLogger(__name__)


class Tier(StrEnum):
    REDIS = "redis"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class CachedMultiples:
    """float32 (buckets, scenarios), and where they were found."""

    multiples: NDArray[np.float32]
    tier: Tier


def read_multiples(matrix: ScenarioMatrix) -> CachedMultiples:
    """:raises CorruptMatrix: the payload in PostgreSQL does not match its SHA-256"""
    hot = _from_redis(matrix)
    if hot is not None:
        return CachedMultiples(multiples=hot, tier=Tier.REDIS)
    stored = ScenarioMatrix.objects.get(pk=matrix.pk).encoded()
    multiples = decode(stored)
    _to_redis(matrix, stored.payload)
    return CachedMultiples(multiples=multiples, tier=Tier.POSTGRESQL)


def _from_redis(matrix: ScenarioMatrix) -> NDArray[np.float32] | None:
    try:
        payload = _redis().get(_redis_key(matrix))
    except RedisError as error:
        logger.warning("matrix cache out of reach: %s", error)
        return None
    if not isinstance(payload, bytes):
        return None
    try:
        return decode(matrix.encoded_with(payload))
    except CorruptMatrix as error:
        logger.warning("dropped the cached copy of %s: %s", matrix, error)
        return None


def _to_redis(matrix: ScenarioMatrix, payload: bytes) -> None:
    # Spread over 10 %, so that matrices cached together do not expire together.
    jitter = random.uniform(0.9, 1.1)  # noqa: S311 spreads expiry, protects nothing
    ttl_seconds = int(settings.MATRIX_CACHE_TTL_SECONDS * jitter)
    try:
        _redis().set(_redis_key(matrix), payload, ex=ttl_seconds)
    except RedisError as error:
        logger.warning("matrix not cached: %s", error)


def _redis_key(matrix: ScenarioMatrix) -> str:
    # The generation is part of the key, so a copy that outlives its row's payload is never read.
    return f"keel:matrix:{matrix.pk}:g{matrix.generation}"


@cache
def _redis() -> Redis:
    timeout = settings.MATRIX_CACHE_TIMEOUT_SECONDS
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=timeout, socket_connect_timeout=timeout
    )
