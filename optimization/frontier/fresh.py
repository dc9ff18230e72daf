"""Measures the points of a frontier on scenarios that the search has not seen, all on the same."""

from collections.abc import Callable
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
from optimization.validation.part import BLOCK_SCENARIOS, ValidationStopped
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshFigures:
    """Risk and return of one allocation on fresh scenarios, each with its own 95 % interval."""

    loss_probability: Estimate
    cvar: Estimate
    mean_multiple: Estimate

    def as_json(self) -> dict[str, Any]:
        return {
            "loss_probability": {**self.loss_probability._asdict(), "interval": "clopper_pearson"},
            "cvar": {**self.cvar._asdict(), "interval": "asymptotic_normal"},
            "mean_multiple": {**self.mean_multiple._asdict(), "interval": "normal"},
        }


def fresh_figures(
    *,
    config: ScenarioConfig,
    weights: NDArray[np.float64],
    scenarios: int,
    cvar_confidence: float,
    should_stop: Callable[[], bool],
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[FreshFigures, ...]:
    """Figures for each row of ``weights`` (P, B), whose columns are in the order of ``config``.

    The scenarios are those that the validation of an allocation begins with, each simulated once.
    ``progress`` hears how many are done.

    :raises ValidationStopped: ``should_stop`` turned true between two blocks
    """
    model = build_model(config)
    portfolios = np.empty((len(weights), scenarios))
    for first in range(0, scenarios, BLOCK_SCENARIOS):
        if should_stop():
            raise ValidationStopped(f"stopped before scenario {first}")
        count = min(BLOCK_SCENARIOS, scenarios - first)
        multiples = model.multiples(sample=Sample.VALIDATION, first_scenario=first, count=count)
        for portfolio, of_point in zip(portfolios, weights, strict=True):
            portfolio[first : first + count] = risk.portfolio_multiples(
                weights=of_point, multiples=multiples
            )
        progress(first + count)
    return tuple(_figures(portfolio, cvar_confidence) for portfolio in portfolios)


def _figures(portfolio: NDArray[np.float64], confidence: float) -> FreshFigures:
    return FreshFigures(
        loss_probability=clopper_pearson(
            successes=risk.losing_scenarios(portfolio), trials=portfolio.size
        ),
        cvar=cvar_interval(
            risk.losses(portfolio),
            confidence=confidence,
            cvar=risk.cvar(portfolio, confidence=confidence),
        ),
        mean_multiple=mean_interval(portfolio),
    )
