"""Which part of the variance of a portfolio's log multiple is macro, bucket and idiosyncratic."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.model import ScenarioModel
from scenarios.simulation.random_words import PURPOSES
from scenarios.simulation.sample import Sample
from scenarios.simulation.stream import Stream

SMALLEST_MULTIPLE = 0.01
"""Multiples are raised to this before the logarithm is taken."""

REDRAW_PURPOSES = (4, 5)
"""Streams for the redrawn factors; no sample uses them."""


class NoVariance(ValueError):
    """The portfolio multiple is the same in every pilot scenario, so it has no shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceShares:
    """Estimated shares; they sum to 1 by construction."""

    macro: float
    bucket: float
    idiosyncratic: float


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
    pilot = PURPOSES[Sample.PILOT]
    first, second = REDRAW_PURPOSES
    portfolio = _portfolio_weights(model, weights)

    def log_multiples(factor_purpose: int, deal_purpose: int) -> FloatArray:
        matrix = model.draw(
            Stream(
                macro_purpose=pilot,
                factor_purpose=factor_purpose,
                deal_purpose=deal_purpose,
                first_scenario=0,
                count=scenarios,
            )
        )
        return _log_portfolio_multiple(matrix, portfolio)

    base = log_multiples(pilot, pilot)
    same_macro = log_multiples(first, first)
    same_factors = log_multiples(pilot, second)
    variance = float(np.mean([np.var(draw) for draw in (base, same_macro, same_factors)]))
    if variance == 0.0:
        raise NoVariance(f"the portfolio multiple is the same in {scenarios} scenarios")
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


def _log_portfolio_multiple(matrix: NDArray[np.float32], weights: FloatArray) -> FloatArray:
    multiple = weights @ matrix.astype(np.float64)
    return np.log(np.maximum(multiple, SMALLEST_MULTIPLE))
