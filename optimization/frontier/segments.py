"""How the grid of a frontier is cut into segments: by the request alone."""

from itertools import pairwise

# Neighbours help one another most within a few steps; more segments keep more workers busy.
MOST_POINTS = 5
# What the searches of one job may take together, with room below the time limit of tasks.
SECONDS_PER_SEGMENT = 480.0


def segments_of(*, points: int, time_limit_seconds: float) -> tuple[range, ...]:
    """Contiguous ranges of indices 0 to ``points - 1``, of sizes that differ by at most one.

    ``time_limit_seconds`` is that of one point.
    """
    most = min(MOST_POINTS, max(1, int(SECONDS_PER_SEGMENT // time_limit_seconds)))
    count = -(-points // most)
    edges = [points * i // count for i in range(count + 1)]
    return tuple(range(first, after) for first, after in pairwise(edges))
