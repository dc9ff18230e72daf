"""Cumulative incidences of competing causes under right censoring, with their variance.

The Aalen-Johansen estimator for one transient state, that is the product-limit estimator of
Kaplan and Meier with every step split by cause; docs/model.md, section "Calibration".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

OPEN = -1
"""The cause of a duration that ended without an event: it is censored."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CumulativeIncidence:
    """Step functions of the time since entry, over m distinct event times and K causes.

    ``times_years`` float64 (m,) ascending; ``at_risk`` int64 (m,); ``events`` int64 (m, K);
    ``survival`` float64 (m,) and ``incidence`` float64 (m, K) hold from each time on.
    ``followed_years`` is the longest duration: nothing is known beyond it.
    """

    times_years: FloatArray
    at_risk: IntArray
    events: IntArray
    survival: FloatArray
    incidence: FloatArray
    followed_years: float

    def incidence_at(self, years: float) -> FloatArray:
        """Probability of each cause within ``years``, float64 (K,)."""
        steps = self._steps_until(years)
        if steps == 0:
            return np.zeros(self.events.shape[1])
        reached: FloatArray = self.incidence[steps - 1]
        return reached

    def survival_at(self, years: float) -> float:
        """Probability that nothing has happened within ``years``."""
        steps = self._steps_until(years)
        return 1.0 if steps == 0 else float(self.survival[steps - 1])

    def incidence_errors_at(self, years: float) -> FloatArray:
        """Standard errors of ``incidence_at``, float64 (K,), by the delta method.

        Without censoring they are those of a multinomial share, sqrt(F (1 - F) / n).
        Source: G. E. Dinse and M. G. Larson, Biometrika 73 (1986) 379-386.
        """
        steps = self._steps_until(years)
        risk = self.at_risk[:steps, np.newaxis].astype(np.float64)
        events = self.events[:steps].astype(np.float64)
        before = self._survival_before()[:steps, np.newaxis]
        later = self.incidence_at(years) - self.incidence[:steps]
        variance = (
            later**2 * self._greenwood_terms()[:steps, np.newaxis]
            + before**2 * (risk - events) * events / risk**3
            - 2.0 * later * before * events / risk**2
        )
        # Every time contributes at least 0; rounding alone can leave less.
        errors: FloatArray = np.sqrt(np.maximum(variance.sum(axis=0), 0.0))
        return errors

    def survival_error_at(self, years: float) -> float:
        """Standard error of ``survival_at`` by Greenwood's formula; 0 when nobody is left."""
        steps = self._steps_until(years)
        return float(self.survival_at(years) * np.sqrt(self._greenwood_terms()[:steps].sum()))

    def restricted_mean_years(self) -> float:
        """Mean time in the state, counting at most ``followed_years`` of it: the area under S."""
        edges = np.concatenate(([0.0], self.times_years, [self.followed_years]))
        heights = np.concatenate(([1.0], self.survival))
        return float(np.sum(np.diff(edges) * heights))

    def _steps_until(self, years: float) -> int:
        return int(np.searchsorted(self.times_years, years, side="right"))

    def _survival_before(self) -> FloatArray:
        return np.concatenate(([1.0], self.survival))[:-1]

    def _greenwood_terms(self) -> FloatArray:
        """d / (n (n - d)); 0 where all at risk had the event, for nothing varies after it."""
        total = self.events.sum(axis=1)
        left = self.at_risk - total
        terms = np.zeros(len(total))
        np.divide(total, self.at_risk * left, out=terms, where=left > 0)
        return terms


def cumulative_incidence(
    *,
    durations_years: FloatArray,
    causes: IntArray,
    cause_count: int,
    unwatched_years: FloatArray | None = None,
) -> CumulativeIncidence:
    """The incidences of ``cause_count`` causes; at equal times events come before censorings.

    ``durations_years`` float64 (n,) >= 0, finite; ``causes`` int64 (n,): 0 .. cause_count - 1, or
    ``OPEN``. ``unwatched_years`` float64 (n,) is the time that had passed when watching began
    (left truncation): 0, or below the duration.

    Incidences and survival sum to 1 at every time.

    :raises ValueError: for arrays that break these rules, and where nobody was watched for a
        while (``first_unwatched_gap``): the incidences are unknown then
    """
    unwatched = np.zeros_like(durations_years) if unwatched_years is None else unwatched_years
    _check(durations_years, causes, unwatched, cause_count=cause_count)
    ended = causes != OPEN
    times, positions = np.unique(durations_years[ended], return_inverse=True)
    events = np.zeros((len(times), cause_count), dtype=np.int64)
    np.add.at(events, (positions, causes[ended]), 1)
    at_risk = _at_risk(times, durations_years, unwatched)
    total = events.sum(axis=1)
    survival = np.cumprod((at_risk - total) / at_risk)
    before = np.concatenate(([1.0], survival))[:-1]
    incidence = np.cumsum(before[:, np.newaxis] * events / at_risk[:, np.newaxis], axis=0)
    return CumulativeIncidence(
        times_years=times,
        at_risk=at_risk,
        events=events,
        survival=survival,
        incidence=incidence,
        followed_years=float(durations_years.max()),
    )


def first_unwatched_gap(
    *, durations_years: FloatArray, unwatched_years: FloatArray
) -> tuple[float, float] | None:
    """From when to when, in years since entry, nobody was watched; None without such a gap.

    Time after the longest duration is no gap, and neither is none at all without truncation.
    """
    order = np.argsort(unwatched_years, kind="stable")
    starts, ends = unwatched_years[order], np.maximum.accumulate(durations_years[order])
    if starts[0] > 0.0:
        return 0.0, float(starts[0])
    # Who comes under watch at the very time at which the others end is at risk only after it.
    gaps = np.flatnonzero((starts[1:] >= ends[:-1]) & (starts[1:] > 0.0))
    if len(gaps) == 0:
        return None
    return float(ends[gaps[0]]), float(starts[gaps[0] + 1])


def _at_risk(times: FloatArray, durations: FloatArray, unwatched: FloatArray) -> IntArray:
    """Watched and not yet ended just before each time; who is watched from 0 on is so at 0."""
    not_ended = len(durations) - np.searchsorted(np.sort(durations), times, side="left")
    late = np.sort(unwatched[unwatched > 0.0])
    not_yet_watched = len(late) - np.searchsorted(late, times, side="left")
    at_risk: IntArray = (not_ended - not_yet_watched).astype(np.int64)
    return at_risk


def _check(
    durations: FloatArray, causes: IntArray, unwatched: FloatArray, *, cause_count: int
) -> None:
    if not len(durations) == len(causes) == len(unwatched) > 0:
        raise ValueError("durations, causes and unwatched years must be equally many, at least one")
    if not (np.isfinite(durations).all() and (durations >= 0.0).all()):
        raise ValueError("durations must be finite and at least 0")
    if not ((causes >= OPEN) & (causes < cause_count)).all():
        raise ValueError(f"causes must be from 0 to {cause_count - 1}, or {OPEN} for none")
    if not ((unwatched == 0.0) | ((unwatched > 0.0) & (unwatched < durations))).all():
        raise ValueError("watching must begin at 0 or before the duration ends")
    gap = first_unwatched_gap(durations_years=durations, unwatched_years=unwatched)
    if gap is not None:
        raise ValueError(f"nobody was watched from {gap[0]:g} to {gap[1]:g} years")
