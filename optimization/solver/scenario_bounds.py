"""How low and how high the portfolio multiple of one scenario can get, whatever the weights."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class ScenarioBounds(NamedTuple):
    """(S,) arrays: every allocation within the bucket maximum has lowest <= M_s <= highest."""

    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def scenario_bounds(
    *, multiples: NDArray[np.float64], max_bucket_weight: float | None
) -> ScenarioBounds:
    """Bounds that use the budget and the bucket maximum alone.

    The lowest multiple of a scenario puts as much as is allowed into its worst bucket, then into
    the next, until all capital is placed (a fractional knapsack); the highest likewise from the
    best. ``multiples`` is (B, S), ``max_bucket_weight`` times B at least 1.
    """
    best_last = np.sort(multiples, axis=0)
    placed = _placed_in_order(len(multiples), max_bucket_weight)
    return ScenarioBounds(lowest=placed @ best_last, highest=placed[::-1] @ best_last)


def _placed_in_order(buckets: int, max_bucket_weight: float | None) -> NDArray[np.float64]:
    maximum = 1.0 if max_bucket_weight is None else max_bucket_weight
    already_placed = np.arange(buckets) * maximum
    return np.clip(1.0 - already_placed, 0.0, maximum)
