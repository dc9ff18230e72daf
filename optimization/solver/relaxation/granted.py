"""The problem with limits that can be met, as close to those requested as is known.

A limit gives way only if no allocation keeps it with every less protected limit given up, and then
by the least that works: a lexicographic minimum over the classes of limits.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.solver.allocation import Relaxation
from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.first_pass import FirstPass
from optimization.solver.relaxation.class_by_class import (
    LeastSlack,
    LeastSlacks,
    least_slacks,
    least_slacks_without_loss_limit,
)
from optimization.solver.relaxation.fewest_losses import LeastLosses, least_losses
from optimization.solver.relaxation.granted_values import granted_values
from optimization.solver.report import portfolio_figures
from optimization.solver.rounding import exact_weights
from optimization.solver.stated.limits import Limits
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import SingleLimit, single_limits, with_values

LOSS = "max_loss_probability"
NOT_PROVED = (
    "The search ended before an allocation within every limit was found; that there is none is "
    "not proved."
)


@dataclass(frozen=True, slots=True)
class Granted:
    """``problem`` has the limits that were granted, ``first`` is its first pass.

    ``caveat`` says in words what is not known about the limits as requested.
    """

    problem: AllocationProblem
    first: FirstPass
    relaxations: tuple[Relaxation, ...] = ()
    caveat: str | None = None


def relaxed(problem: AllocationProblem, failed: FirstPass, *, highs: BudgetedHighs) -> Granted:
    """For a ``problem`` whose first pass ``failed``: it found no allocation.

    Most often the limit on loss probability has no part in it. The rest is then a linear program,
    and what it needs is enough as soon as an allocation is found under it.
    """
    is_proved = failed.status == "infeasible"
    if not is_proved:
        found = _found_after_all(problem, highs=highs)
        if found is not None:
            return found
    granted = _relaxed_without_losses(problem, highs=highs) or _relaxed_with_losses(
        problem, highs=highs
    )
    return granted if is_proved else replace(granted, caveat=NOT_PROVED)


def _found_after_all(problem: AllocationProblem, *, highs: BudgetedHighs) -> Granted | None:
    """An allocation within the limits as requested, looked for by counting losses alone."""
    fewest = least_losses(problem, budget=SearchBudget(highs))
    allowed = problem.allowed_losing_scenarios()
    if fewest is None or allowed is None or len(fewest.losing) > allowed:
        return None
    return _solved(problem, fewest.weights, (), highs)


def _relaxed_without_losses(problem: AllocationProblem, *, highs: BudgetedHighs) -> Granted | None:
    """The answer if limits other than that on loss probability alone have to give way."""
    linear = problem.with_limits(replace(problem.limits, max_loss_probability=None))
    least = least_slacks_without_loss_limit(linear, highs=highs)
    weights = exact_weights(least.weights.tolist())
    granted = granted_values(linear, weights)
    if not granted:
        return None
    relaxations = _relaxations(problem, granted, least)
    relaxed_problem = problem.with_limits(with_values(problem.limits, granted))
    if problem.allowed_losing_scenarios() is None:
        return _solved(relaxed_problem, np.array(weights), relaxations, highs)
    first = highest_expected_multiple(relaxed_problem, highs=highs)
    return None if first.weights is None else Granted(relaxed_problem, first, relaxations)


def _relaxed_with_losses(problem: AllocationProblem, *, highs: BudgetedHighs) -> Granted:
    alone = Limits(max_loss_probability=problem.limits.max_loss_probability)
    fewest = least_losses(problem.with_limits(alone), budget=SearchBudget(highs))
    if fewest is None:
        raise SolverFailed("no allocation was found where every limit but one was given up")
    limits = with_values(problem.limits, _granted_losses(problem, len(fewest.losing)))
    least = least_slacks(problem.with_limits(limits), losing=fewest.losing, highs=highs)
    weights = exact_weights(least.weights.tolist())
    losing = portfolio_figures(problem=problem, weights=weights).losing_scenarios
    granted = _granted_losses(problem, losing) | granted_values(problem, weights)
    relaxations = _relaxations(problem, granted, least, fewest=fewest)
    relaxed_problem = problem.with_limits(with_values(problem.limits, granted))
    return _solved(relaxed_problem, np.array(weights), relaxations, highs)


def _solved(
    problem: AllocationProblem,
    weights: Floats,
    relaxations: tuple[Relaxation, ...],
    highs: BudgetedHighs,
) -> Granted:
    """From ``weights`` (B,), which keep every limit of ``problem``."""
    first = highest_expected_multiple(problem, highs=highs, known_weights=weights)
    if first.weights is None and first.stop is None:
        raise SolverFailed("the granted limits have an allocation and none was found")
    return Granted(problem, first, relaxations)


def _granted_losses(problem: AllocationProblem, losing: int) -> dict[str, float]:
    """By id, what the limit on loss probability is granted, if anything."""
    allowed = problem.allowed_losing_scenarios()
    if allowed is None or losing <= allowed:
        return {}
    return {LOSS: losing / problem.scenarios}


def _relaxations(
    problem: AllocationProblem,
    granted: dict[str, float],
    least: LeastSlacks,
    *,
    fewest: LeastLosses | None = None,
) -> tuple[Relaxation, ...]:
    slacks = {found.type: found for found in least.classes}
    relaxations = []
    for limit in single_limits(problem.limits):
        if limit.id not in granted:
            continue
        if limit.type == "loss_probability" and fewest is not None:
            certified = fewest.certified / problem.scenarios
            relaxations.append(_relaxation_of_losses(limit, granted[limit.id], certified))
        else:
            relaxations.append(_relaxation(limit, granted[limit.id], slacks[limit.type]))
    return tuple(relaxations)


def _relaxation_of_losses(limit: SingleLimit, granted: float, certified: float) -> Relaxation:
    return Relaxation(
        constraint=limit.id,
        requested=limit.value,
        granted=granted,
        is_minimal=certified >= granted,
        tightest_possible=max(limit.value, certified),
    )


def _relaxation(limit: SingleLimit, granted: float, least: LeastSlack) -> Relaxation:
    tightest = granted
    if not least.is_minimal:
        unit = limit.value if limit.type == "expected_winners" else 1.0
        proved = min(least.largest_proved * unit, abs(granted - limit.value))
        tightest = limit.value - proved if limit.is_minimum else limit.value + proved
    return Relaxation(
        constraint=limit.id,
        requested=limit.value,
        granted=granted,
        is_minimal=least.is_minimal,
        tightest_possible=tightest,
    )
