"""Proves an allocation on scenarios that the search has not seen, and against a simple rival."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from optimization.solver.measures.out_of_sample import OutOfSample, out_of_sample
from optimization.solver.rivals.greedy_comparison import GreedyComparison, compare_with_greedy
from optimization.solver.rivals.limit_check import BrokenLimit, broken_limits
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import with_values
from optimization.validation.cash_flows import cash_flow_metrics
from optimization.validation.part import ValidationCase, ValidationPart, simulate_part
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.model import build_model
from scenarios.simulation.variance.variance_shares import measured_variance_shares


def validation_metrics(
    *,
    problem: AllocationProblem,
    solution: dict[str, Any],
    config: ScenarioConfig,
    scenarios: int,
    should_stop: Callable[[], bool],
    progress: Callable[[int], None] = lambda _done: None,
) -> dict[str, Any]:
    """The figures that a completed session stores, all scenarios simulated here.

    ``solution`` is ``Allocation.as_json()``; ``progress`` hears how many scenarios are done.

    :raises ValidationStopped: ``should_stop`` turned true between two blocks of scenarios
    """
    case = ValidationCase.of(
        config=config,
        weights=solution["weights"],
        capital_usd=problem.capital_usd,
        all_in_costs_usd={bucket.key: bucket.all_in_cost_usd for bucket in problem.buckets},
    )
    part = simulate_part(
        case=case,
        first_scenario=0,
        scenarios=scenarios,
        should_stop=should_stop,
        progress=progress,
    )
    return metrics_of_part(problem=problem, solution=solution, case=case, part=part)


def metrics_of_part(
    *,
    problem: AllocationProblem,
    solution: dict[str, Any],
    case: ValidationCase,
    part: ValidationPart,
) -> dict[str, Any]:
    """The figures that a completed session stores, from all its scenarios in one part.

    The allocation is held against the limits that it was granted, of ``problem`` or relaxed.
    """
    problem = _with_granted_limits(problem, solution)
    confidence = solution["cvar_confidence"]
    fresh = out_of_sample(outcomes=part.reference, cvar_confidence=confidence)
    as_bought = out_of_sample(outcomes=part.as_bought, cvar_confidence=confidence)
    greedy = compare_with_greedy(
        problem=problem, first_pass_expected_multiple=solution["first_pass_expected_multiple"]
    )
    broken = broken_limits(
        problem=problem, weights=[case.weights[key] for key in problem.bucket_keys]
    )
    model, weights = build_model(case.config), case.weights_in_row_order()
    shares = measured_variance_shares(model=model, weights=weights)
    return {
        "out_of_sample": fresh.as_json(),
        "bucket_loss_probability": dict(
            zip(problem.bucket_keys, fresh.bucket_loss_probabilities, strict=True)
        ),
        "greedy": greedy.as_json(),
        "checks": [_limits_check(broken), _greedy_check(greedy)],
        "deals_bought": _as_bought(case, as_bought),
        **cash_flow_metrics(
            model=model, weights=weights, sums=part.flows, scenarios=part.reference.scenarios
        ),
        "variance_shares": asdict(shares),
    }


def _with_granted_limits(problem: AllocationProblem, solution: dict[str, Any]) -> AllocationProblem:
    granted = {row["constraint"]: row["granted"] for row in solution["relaxations"]}
    return problem.with_limits(with_values(problem.limits, granted))


def _as_bought(case: ValidationCase, figures: OutOfSample) -> dict[str, Any]:
    return {
        **figures.as_json(),
        "buckets": [
            {
                "key": bucket.key,
                "weight": case.weights[bucket.key],
                "deals": case.deals[bucket.key],
                "reference_deals": bucket.reference_deals,
            }
            for bucket in case.config.buckets
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
