"""What an allocation calls and returns by year, over fresh scenarios. Pure.

Means are over every scenario. They are kept as sums of whole units, which are the same in whatever
order and in whatever parts they are added. Quantiles and IRR, which need every scenario at once,
are those of the first `FULL_SCENARIOS`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.solver.measures.internal_rate_of_return import (
    TOTAL_LOSS,
    internal_rates_of_return,
)
from scenarios.simulation.model import ScenarioModel
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.randomness.sample import Sample

FloatArray = NDArray[np.float64]

# 95 % of samples of this size hold P5 and P95 between the true P4.86 and P5.14, P94.86 and P95.14.
FULL_SCENARIOS = 100_000
UNITS = 2**32
"""In one allocated dollar: so fine that rounding a flow to one loses nothing that is shown."""
MOST_DOLLARS, MOST_SCENARIOS = 2**16, 2**14
"""Of so many scenarios with flows below so many allocated dollars, sums fit 63 bits."""

IRR_QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
NET_QUANTILES = (0.10, 0.50, 0.90)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSums:
    """By year, in units of 1 / `UNITS` allocated dollar, over all scenarios of a range."""

    calls: tuple[int, ...] = (0,) * YEARS
    distributions: tuple[int, ...] = (0,) * YEARS

    def __add__(self, other: "FlowSums") -> "FlowSums":
        return FlowSums(
            calls=_added(self.calls, other.calls),
            distributions=_added(self.distributions, other.distributions),
        )


def flow_sums(*, calls: FloatArray, distributions: FloatArray) -> FlowSums:
    """Of calls and distributions (YEARS, scenarios) per allocated dollar.

    :raises ValueError: too many scenarios, or a flow that is negative, too large or no number
    """
    return FlowSums(calls=_units(calls), distributions=_units(distributions))


def cash_flow_metrics(
    *, model: ScenarioModel, weights: FloatArray, sums: FlowSums, scenarios: int
) -> dict[str, Any]:
    """``irr`` and ``cash_flows`` as fractions of the capital; ``sums`` are of all ``scenarios``."""
    flows = model.portfolio_cash_flows(
        weights=weights,
        sample=Sample.VALIDATION,
        first_scenario=0,
        count=min(scenarios, FULL_SCENARIOS),
    )
    return {
        "irr": irr_figures(calls=flows.calls, distributions=flows.distributions),
        "cash_flows": {
            "years": list(range(YEARS)),
            "mean_calls": _means(sums.calls, scenarios),
            "mean_distributions": _means(sums.distributions, scenarios),
            "cumulative_net": _cumulative_net(flows.distributions - flows.calls),
        },
    }


def irr_figures(*, calls: FloatArray, distributions: FloatArray) -> dict[str, Any]:
    """Of the yearly rate in each scenario, before fees and carry; a total loss counts as -1."""
    rates = internal_rates_of_return(calls=calls, distributions=distributions)
    return {
        "scenarios": rates.size,
        "quantiles": dict(
            zip(map(_name, IRR_QUANTILES), np.quantile(rates, IRR_QUANTILES).tolist(), strict=True)
        ),
        "share_below_zero": int(np.count_nonzero(rates < 0)) / rates.size,
        "share_total_loss": int(np.count_nonzero(rates == TOTAL_LOSS)) / rates.size,
    }


def _cumulative_net(net: FloatArray) -> dict[str, list[float]]:
    """At the end of each year, quantiles of all that has come back less all that was called."""
    by_level = np.quantile(np.cumsum(net, axis=0), NET_QUANTILES, axis=1)
    return {
        _name(level): by_year.tolist()
        for level, by_year in zip(NET_QUANTILES, by_level, strict=True)
    }


def _units(flows: FloatArray) -> tuple[int, ...]:
    if flows.ndim != 2 or len(flows) != YEARS or flows.shape[1] > MOST_SCENARIOS:
        raise ValueError(f"flows have the shape {flows.shape}, not ({YEARS}, <= {MOST_SCENARIOS})")
    if not ((flows >= 0) & (flows < MOST_DOLLARS)).all():
        raise ValueError(f"a flow is not a number from 0 to {MOST_DOLLARS}")
    return tuple(np.rint(flows * UNITS).astype(np.int64).sum(axis=1).tolist())


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _means(sums: tuple[int, ...], scenarios: int) -> list[float]:
    return [total / (UNITS * scenarios) for total in sums]


def _name(level: float) -> str:
    return f"p{round(level * 100)}"
