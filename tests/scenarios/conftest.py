from collections.abc import Iterator

import pytest

from scenarios import matrix_cache


@pytest.fixture
def unconnected() -> Iterator[None]:
    """The connection is made anew from the settings of the test, and forgotten after it."""
    matrix_cache._redis.cache_clear()
    yield
    matrix_cache._redis().close()
    matrix_cache._redis.cache_clear()
