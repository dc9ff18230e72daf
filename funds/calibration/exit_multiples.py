"""Median and P90 of exit multiples, each exit weighted for those that censoring hides.

Long-lived companies are still open at the cut more often, so short exits are over-represented. An
exit after T years stands for 1 / K(T-) companies, where K is the product-limit estimate of not
yet being censored (inverse probability of censoring weights). Source: G. A. Satten and S. Datta,
The American Statistician 55 (2001) 207-210.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funds.calibration.aalen_johansen import FloatArray
from funds.calibration.first_cheques import FirstCheque
from funds.calibration.spells import Outcome

LEAST_EXITS = 10
"""With fewer exits a P90 rests on less than one of them."""

SMALLEST_MULTIPLE = 0.001
LARGEST_P90 = 100_000.0
"""The range in which a scenario configuration takes a median and a P90."""

_SHARE_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitMultiples:
    """Of the first cheques into a stage; ``median`` and ``p90`` are None if ``unknown_because``.

    ``exits`` counts cheques; None without invested amounts.
    """

    exits: int | None
    median: float | None
    p90: float | None
    unknown_because: str | None


def unknown_exit_multiples(*, exits: int | None, because: str) -> ExitMultiples:
    return ExitMultiples(exits=exits, median=None, p90=None, unknown_because=because)


def exit_multiples(cheques: Sequence[FirstCheque], *, multiple_cap: float | None) -> ExitMultiples:
    """From the cheques into one stage; unknown with fewer than ``LEAST_EXITS`` exits.

    ``multiple_cap`` is where the simulated exits end; a P90 must lie below it.
    """
    exited = np.array([cheque.multiple is not None for cheque in cheques], dtype=bool)
    exits = int(exited.sum())
    if exits < LEAST_EXITS:
        return unknown_exit_multiples(
            exits=exits, because=f"{exits} exits are too few, {LEAST_EXITS} are needed"
        )
    weights = censoring_weights(
        durations_years=np.array([cheque.duration_years for cheque in cheques]),
        is_open=np.array([cheque.outcome is Outcome.OPEN for cheque in cheques]),
    )[exited]
    multiples = np.array([cheque.multiple for cheque in cheques if cheque.multiple is not None])
    median = weighted_quantile(values=multiples, weights=weights, share=0.5)
    p90 = weighted_quantile(values=multiples, weights=weights, share=0.9)
    limit = LARGEST_P90 if multiple_cap is None else multiple_cap
    if not SMALLEST_MULTIPLE <= median < p90 < limit:
        because = f"exits cannot be simulated with median {median:g} and P90 {p90:g}"
        return unknown_exit_multiples(exits=exits, because=because)
    return ExitMultiples(exits=exits, median=median, p90=p90, unknown_because=None)


def censoring_weights(*, durations_years: FloatArray, is_open: NDArray[np.bool_]) -> FloatArray:
    """1 / K(T-) for each duration, float64 (n,) >= 1; 0 for the open ones, whose end is unknown.

    At equal times events come before censorings, so an event is not weighted by the censorings of
    its own time. The weights of an event type sum to n times its Aalen-Johansen incidence.
    """
    times, positions = np.unique(durations_years, return_inverse=True)
    counts = np.bincount(positions)
    censored = np.bincount(positions, weights=is_open)
    # Who has the event at a time can no longer be censored at it.
    at_risk = np.cumsum(counts[::-1])[::-1] - (counts - censored)
    kept = np.ones(len(times))
    np.divide(at_risk - censored, at_risk, out=kept, where=at_risk > 0)
    kept_before = np.concatenate(([1.0], np.cumprod(kept)))[:-1]
    weights = np.zeros(len(durations_years))
    np.divide(1.0, kept_before[positions], out=weights, where=~is_open)
    return weights


def weighted_quantile(*, values: FloatArray, weights: FloatArray, share: float) -> float:
    """The smallest value that at least ``share`` of the total weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    # A sum of rounded shares may miss the one it equals.
    return float(values[order][np.searchsorted(reached, share - _SHARE_ROUNDING, side="left")])
