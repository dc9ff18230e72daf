"""Finds the loadings under which a portfolio has given variance shares."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scenarios.simulation.configuration.canonical_numbers import canonical
from scenarios.simulation.configuration.parameters import VarianceShares
from scenarios.simulation.dependence.variance_presets import Loadings
from scenarios.simulation.randomness.elementary import exp, log
from scenarios.simulation.variance.pilot_portfolio import PilotPortfolio

LARGEST_MISS = 0.02
"""Shares that miss their target by more are not what was asked for."""

CLOSE_ENOUGH = 0.001
"""The search stops at a miss a quarter of the pilot's standard error."""

MOST_TRIALS = 16
MOST_IDLE_TRIALS = 3
"""Trials in a row that hardly improve on the best: what is wanted is out of reach."""
PROGRESS = 0.9

SMALLEST_SHARE = 1e-4
"""Measured and wanted shares are raised to this before their logarithms are compared."""

SMALLEST_LOGIT, LARGEST_LOGIT = -9.0, 5.0
LARGEST_STEP = 1.5
SMALLEST_STEP = 0.004
"""Moves no share by more than CLOSE_ENOUGH."""

SMALLEST_DETERMINANT = 0.05

Pair = tuple[float, float]
Slope = tuple[Pair, Pair]
ONE_FOR_ONE: Slope = ((1.0, 0.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedLoadings:
    """The best loadings found, on the grid of 1e-6, and the shares the pilot then has."""

    loadings: Loadings
    reached: VarianceShares

    def miss(self, wanted: VarianceShares) -> float:
        """The largest distance of a share from what is wanted."""
        return _miss(self.reached, wanted)


class NoVariation(ValueError):
    """The pilot's multiple does not vary, so it has no shares."""


@lru_cache(maxsize=512)
def calibrated_loadings(
    *, portfolio: PilotPortfolio, wanted: VarianceShares, start: Loadings
) -> CalibratedLoadings:
    """The loadings with the least miss, the same on every processor.

    Broyden's method on the logarithms of the shares of macro and bucket over the own share, as a
    function of the same logarithms of squared loadings; the first step takes one for the other.
    Source: C. G. Broyden, A class of methods for solving nonlinear simultaneous equations (1965).

    :raises NoVariation: if the portfolio's multiple is the same in all scenarios
    """

    def trial(logits: Pair) -> CalibratedLoadings:
        loadings = _loadings(logits, wanted)
        reached = portfolio.shares(loadings)
        if reached is None:
            raise NoVariation("the multiple is the same in every scenario")
        return CalibratedLoadings(loadings=loadings, reached=reached)

    return _search(trial, wanted=wanted, logits=_logits(start))


def _search(
    trial: Callable[[Pair], CalibratedLoadings], *, wanted: VarianceShares, logits: Pair
) -> CalibratedLoadings:
    target = _share_logits(wanted, wanted)
    slope = ONE_FOR_ONE
    best = found = trial(logits)
    idle = 0
    for _ in range(MOST_TRIALS):
        if best.miss(wanted) <= CLOSE_ENOUGH or idle == MOST_IDLE_TRIALS:
            break
        short = _minus(target, _share_logits(found.reached, wanted))
        following = _bounded(logits, _solve(slope, short))
        moved = _minus(following, logits)
        if max(abs(moved[0]), abs(moved[1])) < SMALLEST_STEP:
            break
        before, found = found, trial(following)
        changed = _minus(
            _share_logits(found.reached, wanted), _share_logits(before.reached, wanted)
        )
        slope = _corrected(slope, moved=moved, changed=changed)
        logits = following
        idle = 0 if found.miss(wanted) < PROGRESS * best.miss(wanted) else idle + 1
        best = min(best, found, key=lambda calibrated: calibrated.miss(wanted))
    return best


def _miss(reached: VarianceShares, wanted: VarianceShares) -> float:
    return max(
        abs(reached.macro - wanted.macro),
        abs(reached.bucket - wanted.bucket),
        abs(reached.idiosyncratic - wanted.idiosyncratic),
    )


def _share_logits(shares: VarianceShares, wanted: VarianceShares) -> Pair:
    """ln(macro / own), ln(bucket / own); 0 where nothing is wanted, so nothing is searched."""
    found = np.array([shares.macro, shares.bucket, shares.idiosyncratic])
    macro, bucket, own = log(np.maximum(found, SMALLEST_SHARE)).tolist()
    return (
        macro - own if wanted.macro > 0.0 else 0.0,
        bucket - own if wanted.bucket > 0.0 else 0.0,
    )


def _logits(loadings: Loadings) -> Pair:
    ratios = np.array([loadings.macro_squared, loadings.bucket_squared]) / loadings.own_squared
    macro, bucket = log(np.maximum(ratios, SMALLEST_SHARE)).tolist()
    return macro, bucket


def _loadings(logits: Pair, wanted: VarianceShares) -> Loadings:
    macro, bucket = exp(np.array(logits)).tolist()
    macro = macro if wanted.macro > 0.0 else 0.0
    bucket = bucket if wanted.bucket > 0.0 else 0.0
    total = 1.0 + macro + bucket
    return Loadings(
        macro_squared=canonical(macro / total), bucket_squared=canonical(bucket / total)
    )


def _minus(one: Pair, other: Pair) -> Pair:
    return one[0] - other[0], one[1] - other[1]


def _bounded(logits: Pair, step: Pair) -> Pair:
    """The logits after a step that is cut in length and leaves the deals a part of their own."""
    macro, bucket = (
        at + min(max(by, -LARGEST_STEP), LARGEST_STEP) for at, by in zip(logits, step, strict=True)
    )
    excess = max(macro - LARGEST_LOGIT, bucket - LARGEST_LOGIT, 0.0)
    return max(macro - excess, SMALLEST_LOGIT), max(bucket - excess, SMALLEST_LOGIT)


def _solve(slope: Slope, short: Pair) -> Pair:
    """The step that closes the gap if the slope is right."""
    (a, b), (c, d) = slope
    determinant = a * d - b * c
    if determinant < SMALLEST_DETERMINANT:
        return short
    return (d * short[0] - b * short[1]) / determinant, (a * short[1] - c * short[0]) / determinant


def _corrected(slope: Slope, *, moved: Pair, changed: Pair) -> Slope:
    """The slope closest to the last one that explains the last change."""
    square = moved[0] * moved[0] + moved[1] * moved[1]
    if square == 0.0:
        return slope
    (a, b), (c, d) = slope
    unexplained = (
        (changed[0] - a * moved[0] - b * moved[1]) / square,
        (changed[1] - c * moved[0] - d * moved[1]) / square,
    )
    return (
        (a + unexplained[0] * moved[0], b + unexplained[0] * moved[1]),
        (c + unexplained[1] * moved[0], d + unexplained[1] * moved[1]),
    )
