"""How long a deal takes on its path, in years from entry.

A path has a mean number of years and of rounds. Durations of rounds vary independently, so that
the time of a path has the squared coefficient of variation .46 / rounds; it is taken as lognormal
with that and the path's mean: years = mean * exp(s N - s^2 / 2), s^2 = ln(1 + .46 / rounds).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.deal_outcomes import DealOutcomes
from scenarios.simulation.deals.outcome_paths import Path
from scenarios.simulation.deals.path_slots import time_normals
from scenarios.simulation.randomness.elementary import FloatArray, exp, log

ROUND_SQUARED_VARIATION = 0.46
"""Squared coefficient of variation of the duration of a round: Weibull with shape 1.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathTimes:
    """(paths,) float64: years = exp(``log_median`` + ``spread`` N) with a standard normal N."""

    log_median: FloatArray
    spread: FloatArray

    def years(self, *, path: NDArray[np.intp], normal: FloatArray) -> FloatArray:
        """The years that each deal takes on its path, in the shape of ``path``."""
        return exp(self.log_median[path] + self.spread[path] * normal)


def path_times(paths: Sequence[Path]) -> PathTimes:
    mean_years = np.array([path.mean_years for path in paths])
    mean_rounds = np.array([path.mean_rounds for path in paths])
    squared_spread = log(1.0 + ROUND_SQUARED_VARIATION / mean_rounds)
    return PathTimes(
        log_median=log(mean_years) - 0.5 * squared_spread, spread=np.sqrt(squared_spread)
    )


def outcome_years(outcomes: DealOutcomes) -> list[FloatArray]:
    """(cells, SLOTS) years of every place, part by part in the order of the cells."""
    normals = time_normals(outcomes.lattice.cells)
    years, first = [], 0
    for part in outcomes.by_cell():
        end = first + len(part.path)
        years.append(path_times(part.paths).years(path=part.path, normal=normals[first:end]))
        first = end
    return years
