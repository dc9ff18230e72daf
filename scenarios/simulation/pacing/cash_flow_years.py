"""The years in which cash flows are booked, and how much comes after the last of them."""

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.deal_expectations import expected_proceeds
from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.pacing.deal_times import path_times
from scenarios.simulation.randomness.elementary import FloatArray, log, normal_upper_tail

YEARS = 16
"""Cash flows have a row for each of the years 0 to 15 after entry; year t is [t, t + 1)."""

LAST_YEAR = YEARS - 1


def booked_years(years: FloatArray) -> NDArray[np.uint8]:
    """The year of each point in time; what comes later than the last year belongs to it."""
    booked: NDArray[np.uint8] = np.minimum(np.floor(years), LAST_YEAR).astype(np.uint8)
    return booked


def late_value_fraction(law: DealLaw) -> float:
    """The exact part of a deal's expected proceeds that comes YEARS or more after entry.

    The time of a path does not depend on what the deal returns there.
    """
    proceeds = expected_proceeds(law)
    end = log(np.array([float(YEARS)]))
    late, total = 0.0, 0.0
    for paths, values in (
        (law.paths.exits, proceeds.exits),
        (law.paths.failures, proceeds.failures),
    ):
        times = path_times(paths)
        is_late = normal_upper_tail((end - times.log_median) / times.spread)
        for value, probability in zip(values, is_late.tolist(), strict=True):
            late += value * probability
            total += value
    return late / total
