"""Proves an allocation on scenarios that the search has not seen, and against a simple rival."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.solver.greedy_comparison import GreedyComparison, compare_with_greedy
from optimization.solver.limit_check import BrokenLimit, broken_limits
from optimization.solver.out_of_sample import OutOfSample, out_of_sample
from optimization.solver.problem import AllocationProblem
from scenarios.simulation.config import ScenarioConfig
from scenarios.simulation.model import build_model
from scenarios.simulation.sample import Sample

CHUNK_SCENARIOS = 16_384
# A bucket cannot be simulated with less than one deal, even if it buys a part of one.
FEWEST_DEALS = 1.0


class ValidationStopped(Exception):
    """The caller asked to stop; nothing was concluded."""


def validation_metrics(
    *,
    problem: AllocationProblem,
    solution: dict[str, Any],
    config: ScenarioConfig,
    scenarios: int,
    should_stop: Callable[[], bool],
) -> dict[str, Any]:
    """The figures that a completed session stores; ``solution`` is ``Allocation.as_json()``.

    :raises ValidationStopped: ``should_stop`` turned true between two chunks
    """
    weights = solution["weights"]
    deals = _deals_bought(problem, weights)
    confidence = solution["cvar_confidence"]

    def fresh(law: ScenarioConfig) -> OutOfSample:
        return _fresh_figures(
            law, weights, scenarios=scenarios, confidence=confidence, should_stop=should_stop
        )

    figures = fresh(config)
    greedy = compare_with_greedy(
        problem=problem, first_pass_expected_multiple=solution["first_pass_expected_multiple"]
    )
    broken = broken_limits(problem=problem, weights=[weights[key] for key in problem.bucket_keys])
    return {
        "out_of_sample": figures.as_json(),
        "bucket_loss_probability": dict(
            zip(problem.bucket_keys, figures.bucket_loss_probabilities, strict=True)
        ),
        "greedy": greedy.as_json(),
        "checks": [_limits_check(broken), _greedy_check(greedy)],
        "deals_bought": _as_bought(config, weights, deals, fresh(_with_deals(config, deals))),
    }


def _fresh_figures(
    config: ScenarioConfig,
    weights: dict[str, float],
    *,
    scenarios: int,
    confidence: float,
    should_stop: Callable[[], bool],
) -> OutOfSample:
    model = build_model(config)

    def chunks() -> Iterator[NDArray[np.float32]]:
        for first in range(0, scenarios, CHUNK_SCENARIOS):
            if should_stop():
                raise ValidationStopped(f"stopped before scenario {first}")
            yield model.multiples(
                sample=Sample.VALIDATION,
                first_scenario=first,
                count=min(CHUNK_SCENARIOS, scenarios - first),
            )

    return out_of_sample(
        weights=[weights[key] for key in model.bucket_keys],
        chunks=chunks(),
        cvar_confidence=confidence,
    )


def _deals_bought(problem: AllocationProblem, weights: dict[str, float]) -> dict[str, float]:
    """Deals that each weight pays for; a fraction means a part of one."""
    capital_usd = float(problem.capital_usd)
    return {
        bucket.key: weights[bucket.key] * capital_usd / float(bucket.all_in_cost_usd)
        for bucket in problem.buckets
    }


def _with_deals(config: ScenarioConfig, deals: dict[str, float]) -> ScenarioConfig:
    """The same law with as many deals in each bucket as the allocation buys there."""
    return replace(
        config,
        buckets=tuple(
            replace(bucket, reference_deals=max(FEWEST_DEALS, round(deals[bucket.key], 6)))
            for bucket in config.buckets
        ),
    )


def _as_bought(
    config: ScenarioConfig,
    weights: dict[str, float],
    deals: dict[str, float],
    figures: OutOfSample,
) -> dict[str, Any]:
    return {
        **figures.as_json(),
        "buckets": [
            {
                "key": bucket.key,
                "weight": weights[bucket.key],
                "deals": deals[bucket.key],
                "reference_deals": bucket.reference_deals,
            }
            for bucket in config.buckets
        ],
    }


def _limits_check(broken: tuple[BrokenLimit, ...]) -> dict[str, Any]:
    detail = "; ".join(map(str, broken)) if broken else "Every limit holds on recomputed figures."
    return {"name": "Independent check of every limit", "passed": not broken, "detail": detail}


def _greedy_check(greedy: GreedyComparison) -> dict[str, Any]:
    if greedy.optimum_is_at_least_greedy is None:
        detail = (
            f"The greedy allocation ({greedy.expected_multiple:.4f}x) breaks"
            f" {_limits(len(greedy.broken_limits))}, so it is no rival."
        )
    else:
        detail = f"The greedy allocation meets every limit with {greedy.expected_multiple:.4f}x."
    return {
        "name": "Not beaten by a greedy allocation",
        "passed": greedy.optimum_is_at_least_greedy is not False,
        "detail": detail,
    }


def _limits(count: int) -> str:
    return "1 limit" if count == 1 else f"{count} limits"
