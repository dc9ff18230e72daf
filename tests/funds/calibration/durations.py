"""Durations with causes for property tests: few distinct times, so that ties are common."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from funds.calibration.aalen_johansen import CumulativeIncidence, cumulative_incidence
from tests.funds.calibration.oracles import Observation

CAUSES = 3

moments = st.integers(min_value=0, max_value=20).map(lambda quarters: Fraction(quarters, 4))
half_years = st.integers(min_value=0, max_value=8).map(lambda halves: Fraction(halves, 2))
causes = st.integers(min_value=-1, max_value=CAUSES - 1)
watched_from_entry = st.tuples(half_years, causes, st.just(Fraction(0)))
observations = st.lists(watched_from_entry, min_size=1, max_size=15)


@st.composite
def _watched_late(draw: st.DrawFn) -> Observation:
    quarters = draw(st.integers(min_value=1, max_value=16))
    start = draw(st.integers(min_value=0, max_value=quarters - 1))
    return Fraction(quarters, 4), draw(causes), Fraction(start, 4)


late_observations = st.lists(_watched_late(), min_size=1, max_size=15)

_open_throughout: Observation = (Fraction(9, 2), -1, Fraction(0))

watched_without_gap = st.one_of(
    observations, late_observations.map(lambda late: [_open_throughout, *late])
)


def estimated(found: list[Observation]) -> CumulativeIncidence:
    return cumulative_incidence(
        durations_years=np.array([float(end) for end, _, _ in found]),
        causes=np.array([cause for _, cause, _ in found]),
        cause_count=CAUSES,
        unwatched_years=np.array([float(start) for _, _, start in found]),
    )
