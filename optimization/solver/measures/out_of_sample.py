"""What an allocation does in scenarios it was not chosen on.

Of fresh scenarios only the portfolio's multiple of each is kept (`outcomes`), so memory grows with
8 bytes a scenario and not with the number of buckets. Intervals take scenarios as independent.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.solver.measures import risk
from optimization.solver.measures.intervals import (
    Estimate,
    clopper_pearson,
    cvar_interval,
    mean_interval,
)
from optimization.solver.measures.outcomes import Outcomes

QUANTILES = (0.05, 0.10, 0.25, 0.75, 0.90, 0.95)
HISTOGRAM_BIN_WIDTH = 0.1
# 0.0, 0.1, ... 5.0, each the double nearest to its decimal, so 0.3 opens the bin [0.3, 0.4).
_HISTOGRAM_EDGES = np.arange(51) / 10


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfSample:
    """Risk and return over fresh scenarios; estimates carry 95 % intervals.

    ``quantiles`` maps 0.05 to P5 and so on (linear between order statistics).
    ``histogram`` counts scenarios by portfolio multiple in bins of 0.1x from 0 up to 5x;
    ``overflow_share`` is the share at 5x and above. ``bucket_loss_probabilities`` is the loss
    probability of each bucket held alone, in the order of the weights.
    """

    scenarios: int
    loss_probability: Estimate
    cvar_confidence: float
    cvar: Estimate
    mean_multiple: Estimate
    median_multiple: float
    quantiles: dict[float, float]
    share_at_least_2x: float
    share_at_least_3x: float
    histogram: tuple[int, ...]
    overflow_share: float
    bucket_loss_probabilities: tuple[float, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "scenarios": self.scenarios,
            "loss_probability": {**self.loss_probability._asdict(), "interval": "clopper_pearson"},
            "cvar": {
                "confidence": self.cvar_confidence,
                **self.cvar._asdict(),
                "interval": "asymptotic_normal",
            },
            "mean_multiple": {**self.mean_multiple._asdict(), "interval": "normal"},
            "median_multiple": self.median_multiple,
            "quantiles": {f"p{round(level * 100)}": q for level, q in self.quantiles.items()},
            "share_at_least_2x": self.share_at_least_2x,
            "share_at_least_3x": self.share_at_least_3x,
            "histogram": {
                "bin_width": HISTOGRAM_BIN_WIDTH,
                "counts": list(self.histogram),
                "overflow_share": self.overflow_share,
            },
            "bucket_loss_probabilities": list(self.bucket_loss_probabilities),
        }


class NotEnoughScenarios(ValueError):
    """Too few scenarios for the figures that were asked for."""


def out_of_sample(*, outcomes: Outcomes, cvar_confidence: float) -> OutOfSample:
    """The figures of an allocation over all scenarios of ``outcomes``.

    :raises NotEnoughScenarios: there are fewer than two
    :raises ValueError: a portfolio multiple is not a finite number
    """
    portfolio = outcomes.portfolio_multiples
    if portfolio.size < 2:
        raise NotEnoughScenarios(f"{portfolio.size} scenarios, at least 2 are needed")
    if not np.isfinite(portfolio).all():
        raise ValueError("a scenario holds a multiple that is not a finite number")
    cvar = risk.cvar(portfolio, confidence=cvar_confidence)
    median, *quantiles = np.quantile(portfolio, (0.5, *QUANTILES)).tolist()
    counts = _histogram(portfolio)
    return OutOfSample(
        scenarios=portfolio.size,
        loss_probability=clopper_pearson(
            successes=risk.losing_scenarios(portfolio), trials=portfolio.size
        ),
        cvar_confidence=cvar_confidence,
        cvar=cvar_interval(risk.losses(portfolio), confidence=cvar_confidence, cvar=cvar),
        mean_multiple=mean_interval(portfolio),
        median_multiple=median,
        quantiles=dict(zip(QUANTILES, quantiles, strict=True)),
        share_at_least_2x=float(np.mean(portfolio >= 2)),
        share_at_least_3x=float(np.mean(portfolio >= 3)),
        histogram=tuple(counts[:-1]),
        overflow_share=counts[-1] / portfolio.size,
        bucket_loss_probabilities=tuple((outcomes.losing_alone / portfolio.size).tolist()),
    )


def _histogram(portfolio: NDArray[np.float64]) -> list[int]:
    """Scenarios per bin, the last one open upwards."""
    bins = np.searchsorted(_HISTOGRAM_EDGES, portfolio, side="right") - 1
    counts: list[int] = np.bincount(bins, minlength=len(_HISTOGRAM_EDGES)).tolist()
    return counts
