"""Descriptive statistics of the rows of a scenario matrix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.elementary import FloatArray

LOSS_THRESHOLD = 1.0 - 1e-6
"""A multiple below this is a loss; the margin keeps a float32 1.0 from counting as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketStatistics:
    """Per bucket, float64 (B,): sample median and 90 % quantile of the multiple, and the share
    of scenarios in which the bucket loses money."""

    medians: FloatArray
    p90s: FloatArray
    loss_probabilities: FloatArray


def bucket_statistics(multiples: NDArray[np.float32]) -> BucketStatistics:
    """Statistics of a (B, S) matrix; quantiles are interpolated linearly between scenarios."""
    values = multiples.astype(np.float64)
    medians, p90s = np.quantile(values, [0.5, 0.9], axis=1)
    return BucketStatistics(
        medians=medians,
        p90s=p90s,
        loss_probabilities=np.mean(values < LOSS_THRESHOLD, axis=1),
    )
