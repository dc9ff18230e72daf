"""The estimates of a package for survival analysis, lifelines, on data without ties.

Where several causes share a time lifelines moves the times at random, so every time here is one of
its own. Its variance has no value once all at risk have had an event, so the longest spell is open.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from funds.calibration.aalen_johansen import (
    OPEN,
    CumulativeIncidence,
    FloatArray,
    IntArray,
    cumulative_incidence,
)
from funds.calibration.confidence import log_log_interval

CAUSES = 3
# Sums of at most 2,000 terms below 1, each right to 1e-16, in another order.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Spells:
    years: FloatArray
    causes: IntArray
    unwatched: FloatArray

    def ours(self) -> CumulativeIncidence:
        return cumulative_incidence(
            durations_years=self.years,
            causes=self.causes,
            cause_count=CAUSES,
            unwatched_years=self.unwatched,
        )

    def theirs(self, cause: int) -> AalenJohansenFitter:
        """Cause 0 means censored to lifelines, so causes are counted from 1."""
        fitter = AalenJohansenFitter()
        # Intervals of incidences of 0 divide by the logarithm of 0; they are not compared.
        with np.errstate(divide="ignore", invalid="ignore"):
            fitter.fit(
                self.years,
                self.causes + 1,
                event_of_interest=cause + 1,
                entry=self.unwatched if self.unwatched.any() else None,
            )
        return fitter


def spells_of(years: list[int], causes: list[int], unwatched: list[float]) -> Spells:
    """Years in eighths, each a number of its own; watching began at a share of the duration."""
    order = np.argsort(years)
    sorted_causes = np.array(causes)[order]
    sorted_causes[-1] = OPEN
    sorted_unwatched = np.array(unwatched)[order]
    # Somebody is watched throughout, or there would be times of which nothing is known.
    sorted_unwatched[-1] = 0.0
    duration = np.array(years)[order] / 8
    # Halfway between two eighths, so that nobody comes under watch at the time of an event.
    began = np.floor(duration * sorted_unwatched * 8) / 8
    began = np.where((began > 0.0) & (began + 1 / 16 < duration), began + 1 / 16, 0.0)
    return Spells(years=duration, causes=sorted_causes, unwatched=began)


@st.composite
def spells(draw: st.DrawFn, *, late: bool) -> Spells:
    years = draw(st.lists(st.integers(1, 400), min_size=3, max_size=40, unique=True))
    causes = st.integers(OPEN, CAUSES - 1)
    watched = st.floats(0, 0.99) if late else st.just(0.0)
    return spells_of(
        years,
        draw(st.lists(causes, min_size=len(years), max_size=len(years))),
        draw(st.lists(watched, min_size=len(years), max_size=len(years))),
    )


def assert_estimators_agree(found: Spells) -> None:
    ours = found.ours()
    moments = [0.0, *found.years.tolist()]
    for cause in range(CAUSES):
        fitter = found.theirs(cause)
        incidence = fitter.cumulative_density_.iloc[:, 0]
        for years in moments:
            # Theirs has a row at every spell's end and when watching begins, and holds between.
            row = incidence.index.searchsorted(years, side="right") - 1
            shares, errors = ours.incidence_at(years), ours.incidence_errors_at(years)
            assert shares[cause] == pytest.approx(float(incidence.iloc[row]), abs=ROUNDING)
            variance = float(fitter.variance_.iloc[row])
            assert errors[cause] ** 2 == pytest.approx(variance, abs=ROUNDING)


@settings(max_examples=25, deadline=None)
@given(spells(late=False))
def test_incidences_and_variances_agree_under_censoring(found: Spells) -> None:
    assert_estimators_agree(found)


@settings(max_examples=25, deadline=None)
@given(spells(late=True))
def test_incidences_and_variances_agree_where_watching_began_late(found: Spells) -> None:
    assert_estimators_agree(found)


def large_sample() -> Spells:
    """2,000 spells to the millionth of a year, two fifths of them censored."""
    generator = np.random.default_rng(23)
    causes = generator.choice(CAUSES, size=2_000, p=[0.15, 0.5, 0.35])
    ended = generator.exponential(np.array([4.0, 1.5, 2.5])[causes])
    censored = generator.uniform(0.0, 5.0, 2_000)
    years = np.minimum(ended, censored)
    codes = np.where(ended <= censored, causes, OPEN)
    codes[np.argmax(years)] = OPEN
    return Spells(years=years, causes=codes, unwatched=np.zeros(2_000))


def test_large_sample_agrees_in_incidence_variance_and_interval() -> None:
    found = large_sample()
    ours, horizon = found.ours(), 2.0
    for cause in range(CAUSES):
        fitter = found.theirs(cause)
        row = fitter.cumulative_density_.index.searchsorted(horizon, side="right") - 1
        share = ours.incidence_at(horizon)[cause]
        error = ours.incidence_errors_at(horizon)[cause]
        assert share == pytest.approx(fitter.cumulative_density_.iloc[row, 0], abs=ROUNDING)
        assert error**2 == pytest.approx(fitter.variance_.iloc[row], abs=ROUNDING)
        # The columns are sorted, for the release in use names the lower bound the upper one.
        bounds = sorted(fitter.confidence_interval_.iloc[row])
        interval = log_log_interval(estimate=float(share), standard_error=float(error))
        assert interval == pytest.approx(bounds, abs=1e-9)


def test_survival_and_its_error_agree_with_the_product_limit_estimator() -> None:
    found = large_sample()
    fitter = KaplanMeierFitter().fit(found.years, found.causes != OPEN)
    for years in (0.1, 0.5, 1.0, 2.0, 4.0):
        survival = found.ours().survival_at(years)
        assert survival == pytest.approx(float(fitter.predict(years)), abs=ROUNDING)
        # Their interval is the log-log one of Greenwood's variance.
        row = fitter.confidence_interval_.index.searchsorted(years, side="right") - 1
        interval = log_log_interval(
            estimate=survival, standard_error=found.ours().survival_error_at(years)
        )
        assert interval == pytest.approx(sorted(fitter.confidence_interval_.iloc[row]), abs=1e-9)
