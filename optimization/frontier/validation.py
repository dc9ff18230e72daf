"""What a completed frontier session stores of its points on fresh scenarios."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optimization.frontier.fresh import fresh_figures
from optimization.solver.frontier.grid import problem_at
from optimization.solver.frontier.merge import Frontier
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem
from scenarios.simulation.configuration.config import ScenarioConfig


def frontier_metrics(
    *,
    problem: AllocationProblem,
    frontier: Frontier,
    config: ScenarioConfig,
    scenarios: int,
    should_stop: Callable[[], bool],
    progress: Callable[[int], None] = lambda _done: None,
) -> dict[str, Any]:
    """Figures for every point in the order of the frontier, None for those without an allocation.

    An allocation that is the best of several points is measured once.

    :raises ValidationStopped: ``should_stop`` turned true between two blocks of scenarios
    """
    keys = [bucket.key for bucket in config.buckets]
    rows = [
        tuple(point.weights[key] for key in keys) if point.was_found else None
        for point in frontier.points
    ]
    distinct = list(dict.fromkeys(row for row in rows if row is not None))
    figures = fresh_figures(
        config=config,
        weights=np.array(distinct),
        scenarios=scenarios,
        cvar_confidence=frontier.cvar_confidence,
        should_stop=should_stop,
        progress=progress,
    )
    of_row = {row: found.as_json() for row, found in zip(distinct, figures, strict=True)}
    return {
        "scenarios": scenarios,
        "cvar_confidence": frontier.cvar_confidence,
        "points": [None if row is None else of_row[row] for row in rows],
        "checks": [_limits_check(problem, frontier), _order_check(frontier)],
    }


def _limits_check(problem: AllocationProblem, frontier: Frontier) -> dict[str, Any]:
    broken = []
    for point in frontier.points:
        if point.was_found:
            at_limit = problem_at(problem, varied=frontier.varied, value=point.limit)
            weights = [point.weights[key] for key in at_limit.bucket_keys]
            broken += [
                f"at {point.limit:g}: {limit}"
                for limit in broken_limits(problem=at_limit, weights=weights)
            ]
    return {
        "name": "Independent check of every limit at every point",
        "passed": not broken,
        "detail": "; ".join(broken) or "Every limit holds on recomputed figures.",
    }


def _order_check(frontier: Frontier) -> dict[str, Any]:
    multiples = [point.multiple for point in frontier.points]
    bounds = [point.bound for point in frontier.points]
    rises = multiples == sorted(multiples) and bounds == sorted(bounds)
    return {
        "name": "A looser limit is never worth less",
        "passed": rises,
        "detail": "Multiples and bounds rise along the frontier."
        if rises
        else "A multiple or a bound falls along the frontier.",
    }
