"""How long to wait before trying again. Pure: the caller brings the random number."""

# Low, because a drainer stops at the first refusal: a broker that is away costs one try a tick,
# and one that comes back must find the backlog moving within seconds.
PUBLISH_CAP_SECONDS = 3.0
RETRY_CAP_SECONDS = 300.0
RESCUE_BASE_SECONDS = 5.0


def publish_delay_seconds(*, failures: int, jitter: float) -> float:
    """Delay after ``failures`` failed publications in a row: 2^failures capped at 3 s.

    ``jitter`` in [0, 1) spreads the delay over 0.5 to 1.5 times that, so that a broker that comes
    back is not met by every job at once.
    """
    return min(PUBLISH_CAP_SECONDS, 2.0 ** min(failures, 10)) * (0.5 + jitter)


def retry_delay_seconds(*, attempts: int, jitter: float) -> float:
    """Delay after ``attempts`` failed executions: 2^attempts capped at 300 s, spread as above."""
    return min(RETRY_CAP_SECONDS, 2.0 ** min(attempts, 20)) * (0.5 + jitter)


def rescue_delay_seconds(*, crashes: int) -> float:
    """Delay after the ``crashes``-th death of a worker on this job: 5 s, 20 s, 80 s, ..."""
    return RESCUE_BASE_SECONDS * 4.0 ** (crashes - 1)
