"""What recycling adds to the expected multiple, estimated on scenarios of its own.

The gain is R (m_new - 1), a product of two dependent quantities, and has no closed form. It is
averaged over control scenarios that serve nothing else, so the estimate is independent of every
sample that is judged by it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.exact_sum import exact_sum
from scenarios.simulation.randomness.stream import Stream

CONTROL_SCENARIOS = 65_536
CONTROL_PURPOSE = 21
"""No sample and no calibration draws from it."""

CONTROL_STREAM = Stream(
    macro_purpose=CONTROL_PURPOSE,
    factor_purpose=CONTROL_PURPOSE,
    deal_purpose=CONTROL_PURPOSE,
    first_scenario=0,
    count=CONTROL_SCENARIOS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedGains:
    """Both (B,) float64, per allocated dollar."""

    means: FloatArray
    standard_errors: FloatArray


def estimated_gains(chunks: Iterable[Sequence[FloatArray]]) -> EstimatedGains:
    """Means over independent scenarios; every chunk has a row of gains for each bucket.

    Sums are rounded once, so the bits are the same on every processor.
    """
    count, sums, squares = 0, [], []
    for rows in chunks:
        count += len(rows[0])
        sums.append([exact_sum(row) for row in rows])
        squares.append([exact_sum(row * row) for row in rows])
    means = [math.fsum(column) / count for column in zip(*sums, strict=True)]
    variances = [
        max(0.0, math.fsum(column) - count * mean * mean) / (count - 1)
        for column, mean in zip(zip(*squares, strict=True), means, strict=True)
    ]
    return EstimatedGains(
        means=np.array(means), standard_errors=np.sqrt(np.array(variances) / count)
    )
