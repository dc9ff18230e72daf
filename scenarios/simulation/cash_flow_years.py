"""The years in which cash flows are booked."""

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.elementary import FloatArray

YEARS = 16
"""Cash flows have a row for each of the years 0 to 15 after entry; year t is [t, t + 1)."""

LAST_YEAR = YEARS - 1


def booked_years(years: FloatArray) -> NDArray[np.uint8]:
    """The year of each point in time; what comes later than the last year belongs to it."""
    booked: NDArray[np.uint8] = np.minimum(np.floor(years), LAST_YEAR).astype(np.uint8)
    return booked
