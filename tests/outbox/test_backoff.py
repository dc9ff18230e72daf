"""Waits double, stop growing at a cap, and are spread so that not all end together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbox.backoff import publish_delay_seconds, rescue_delay_seconds, retry_delay_seconds

NO_SPREAD = 0.5  # 0.5 + 0.5 is a factor of one


# 2 and then 3 rather than 4: a broker that comes back finds the backlog moving within seconds.
@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 3), (3, 3), (10_000, 3)])
def test_wait_for_the_broker_doubles_up_to_three_seconds(failures: int, seconds: float) -> None:
    assert publish_delay_seconds(failures=failures, jitter=NO_SPREAD) == seconds


# 2, 4, ..., 256 and then 300 rather than 512.
@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300)])
def test_wait_for_another_attempt_doubles_up_to_five_minutes(attempts: int, seconds: float) -> None:
    assert retry_delay_seconds(attempts=attempts, jitter=NO_SPREAD) == seconds


@pytest.mark.parametrize(("crashes", "seconds"), [(1, 5), (2, 20), (3, 80)])
def test_wait_after_a_dead_worker_grows_fourfold(crashes: int, seconds: float) -> None:
    assert rescue_delay_seconds(crashes=crashes) == seconds


def test_spread_goes_from_half_to_one_and_a_half_times() -> None:
    assert retry_delay_seconds(attempts=1, jitter=0.0) == 1
    assert retry_delay_seconds(attempts=1, jitter=1.0) == 3
    assert publish_delay_seconds(failures=1, jitter=0.0) == 1
    assert publish_delay_seconds(failures=1, jitter=1.0) == 3


@given(
    count=st.integers(min_value=0, max_value=2**31 - 1),
    jitter=st.floats(min_value=0, max_value=1, exclude_max=True),
)
def test_no_number_of_failures_waits_longer_than_the_cap(count: int, jitter: float) -> None:
    assert 0 < publish_delay_seconds(failures=count, jitter=jitter) <= 45
    assert 0 < retry_delay_seconds(attempts=count, jitter=jitter) <= 450
