"""Which part of the variance of log multiples is macro, bucket and idiosyncratic, as measured.

The streams are those of no sample and of no calibration, so a share that was calibrated is measured
independently.
"""

import numpy as np

from scenarios.simulation.configuration.parameters import VarianceShares
from scenarios.simulation.model import ScenarioModel
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.random_words import PURPOSES
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.randomness.stream import Stream

SMALLEST_MULTIPLE = 0.01
"""Multiples are raised to this before the logarithm is taken."""

REDRAW_PURPOSES = (4, 5)
"""Streams for the redrawn factors; no sample uses them."""


class NoVariance(ValueError):
    """The portfolio multiple is the same in every pilot scenario, so it has no shares."""


def measured_variance_shares(
    *, model: ScenarioModel, weights: FloatArray | None = None, scenarios: int = 8192
) -> VarianceShares:
    """The shares for a portfolio of the pilot sample; ``weights`` (B,) default to equal ones.

    Pick-freeze estimator: of three draws of T = log(max(M, 0.01)), two share the macro factor
    only and two share macro and bucket factors; their covariances over the variance of T are the
    macro share and the macro and bucket shares together. At 8,192 scenarios a share has a
    standard error of about 0.01. Source: I. M. Sobol', Global sensitivity indices for nonlinear
    mathematical models (2001).

    :raises ValueError: if the weights do not match the buckets
    :raises NoVariance: if the multiple does not vary
    """
    portfolio = _portfolio_weights(model, weights)
    draws = [_log_multiples(portfolio @ matrix) for matrix in _pick_freeze(model, scenarios)]
    return _shares(draws, "the portfolio")


def measured_bucket_shares(
    *, model: ScenarioModel, scenarios: int = 8192
) -> tuple[VarianceShares, ...]:
    """For every bucket the shares of its own matrix entry, on the same streams.

    :raises NoVariance: if the multiple of a bucket does not vary
    """
    draws = [_log_multiples(matrix) for matrix in _pick_freeze(model, scenarios)]
    return tuple(
        _shares([draw[row] for draw in draws], key) for row, key in enumerate(model.bucket_keys)
    )


def _pick_freeze(model: ScenarioModel, scenarios: int) -> list[FloatArray]:
    """Three (B, scenarios) matrices: a first, one that shares its macro factor only, and one that
    shares macro and bucket factors."""
    pilot = PURPOSES[Sample.PILOT]
    first, second = REDRAW_PURPOSES
    return [
        model.draw(
            Stream(
                macro_purpose=pilot,
                factor_purpose=factor_purpose,
                deal_purpose=deal_purpose,
                first_scenario=0,
                count=scenarios,
            )
        ).astype(np.float64)
        for factor_purpose, deal_purpose in ((pilot, pilot), (first, first), (pilot, second))
    ]


def _shares(draws: list[FloatArray], name: str) -> VarianceShares:
    base, same_macro, same_factors = draws
    variance = float(np.mean([np.var(draw) for draw in draws]))
    if variance == 0.0:
        raise NoVariance(f"the multiple of {name} is the same in {len(base)} scenarios")
    macro = float(np.cov(base, same_macro, bias=True)[0, 1]) / variance
    macro_and_bucket = float(np.cov(base, same_factors, bias=True)[0, 1]) / variance
    return VarianceShares(
        macro=macro, bucket=macro_and_bucket - macro, idiosyncratic=1.0 - macro_and_bucket
    )


def _portfolio_weights(model: ScenarioModel, weights: FloatArray | None) -> FloatArray:
    buckets = len(model.bucket_keys)
    if weights is None:
        return np.full(buckets, 1.0 / buckets)
    if weights.shape != (buckets,) or not np.all(np.isfinite(weights)) or np.any(weights < 0.0):
        raise ValueError(f"weights must be {buckets} finite numbers of at least 0, one a bucket")
    return weights


def _log_multiples(multiples: FloatArray) -> FloatArray:
    return np.log(np.maximum(multiples, SMALLEST_MULTIPLE))
