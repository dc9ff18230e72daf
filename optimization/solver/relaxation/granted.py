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
from optimization.solver.exact.least_cvar import least_cvar
from optimization.solver.exact.least_losses import LeastLosses, least_losses
from optimization.solver.exact.portfolio import portfolio_of
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.first_pass import FirstPass
from optimization.solver.relaxation.class_by_class import (
    LeastSlack,
    LeastSlacks,
    least_slacks,
)
from optimization.solver.relaxation.granted_values import granted_values
from optimization.solver.rounding import exact_weights
from optimization.solver.stated.limits import Limits
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import SingleLimit, single_limits, with_values

LOSS = "max_loss_probability"
# Of simplex iterations: to count losses with; to look for an allocation that may not be there; and
# for the first pass from one that is known.
COUNT_ITERATIONS = 40_000
BLIND_ITERATIONS = 20_000
FIRST_PASS_ITERATIONS = 60_000
# Granted values are rounded outwards to the first of these, or to the next where the programs find
# no allocation because the limits are kept by less than they can tell.
STEPS = (1e-9, 1e-8, 1e-7)
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
        fewest = _counted(problem, highs)
        found = _found_after_all(problem, fewest, highs=highs)
        if found is not None:
            return found
        is_proved = fewest is None or bool(_granted_losses(problem, fewest.certified))
    granted = _relaxed_without_losses(problem, highs=highs) or _relaxed_with_losses(
        problem, highs=highs
    )
    return granted if is_proved else replace(granted, caveat=NOT_PROVED)


def _found_after_all(
    problem: AllocationProblem, fewest: LeastLosses | None, *, highs: BudgetedHighs
) -> Granted | None:
    """The answer if counting losses found an allocation within the limits as requested."""
    if fewest is None or _granted_losses(problem, len(fewest.losing)):
        return None
    first = _first_pass(problem, np.array(exact_weights(fewest.weights.tolist())), highs)
    return None if first is None else Granted(problem, first)


def _relaxed_without_losses(problem: AllocationProblem, *, highs: BudgetedHighs) -> Granted | None:
    """The answer if limits other than that on loss probability alone have to give way."""
    linear = problem.with_limits(replace(problem.limits, max_loss_probability=None))
    least = least_slacks(linear, weights=_start(problem, highs), losing=frozenset(), highs=highs)
    weights = exact_weights(least.weights.tolist())
    for step in STEPS:
        values = granted_values(linear, weights, step=step)
        if not values and problem.limits.max_loss_probability is not None:
            return None
        relaxed_problem = problem.with_limits(with_values(problem.limits, values))
        first = least.program.highest_expected_multiple(values)
        if first is None:
            continue
        if _granted_losses(problem, len(first.losing)):
            hopeless = least.program.always_lose(_worst_too_many(problem, first))
            first = None if hopeless else _blind_first_pass(relaxed_problem, highs)
        if first is None:
            return None
        return Granted(relaxed_problem, first, _relaxations(problem, values, least, fewest=None))
    raise SolverFailed("the granted limits have an allocation and none was found")


def _start(problem: AllocationProblem, highs: BudgetedHighs) -> Floats:
    """(B,): of all weights those with the least CVaR, the uniform ones if it is not limited."""
    buckets, limit = len(problem.buckets), problem.limits.cvar
    uniform = np.full(buckets, 1 / buckets)
    if limit is None:
        return uniform
    free = problem.with_limits(Limits())
    least = least_cvar(free, confidence=limit.confidence, budget=SearchBudget(highs))
    return uniform if least is None else least.weights


def _worst_too_many(problem: AllocationProblem, first: FirstPass) -> list[int]:
    """The worst scenarios of ``first``, one more than may lose; those least likely to lose come
    first.
    """
    allowed = problem.allowed_losing_scenarios()
    if first.weights is None or allowed is None:
        return []
    portfolio = portfolio_of(first.weights, multiples=problem.multiples)
    worst: list[int] = np.argsort(portfolio, kind="stable")[: allowed + 1].tolist()
    return worst[::-1]


def _relaxed_with_losses(problem: AllocationProblem, *, highs: BudgetedHighs) -> Granted:
    alone = problem.with_limits(Limits(max_loss_probability=problem.limits.max_loss_probability))
    fewest = _counted(alone, highs)
    if fewest is None:
        raise SolverFailed("no allocation was found where every limit but one was given up")
    limits = with_values(problem.limits, _granted_losses(problem, len(fewest.losing)))
    least = least_slacks(
        problem.with_limits(limits), weights=fewest.weights, losing=fewest.losing, highs=highs
    )
    return _granted(problem, least, fewest=fewest, highs=highs)


def _granted(
    problem: AllocationProblem,
    least: LeastSlacks,
    *,
    fewest: LeastLosses | None,
    highs: BudgetedHighs,
) -> Granted:
    """What the weights of ``least`` need, and the first pass under it."""
    weights = exact_weights(least.weights.tolist())
    for step in STEPS:
        values = granted_values(problem, weights, step=step)
        values |= _granted_losses(problem, len(least.losing))
        relaxed_problem = problem.with_limits(with_values(problem.limits, values))
        first = _first_pass(relaxed_problem, np.array(weights), highs)
        if first is not None:
            relaxations = _relaxations(problem, values, least, fewest=fewest)
            return Granted(relaxed_problem, first, relaxations)
    raise SolverFailed("the granted limits have an allocation and none was found")


def _blind_first_pass(problem: AllocationProblem, highs: BudgetedHighs) -> FirstPass | None:
    """At length only once an allocation was found; None where none soon is."""
    first = highest_expected_multiple(
        problem, highs=highs, max_iterations=BLIND_ITERATIONS, last_nodes=0
    )
    if first.weights is None:
        return None
    if first.stop is None:
        return first
    longer = _first_pass(problem, np.array(exact_weights(first.weights.tolist())), highs)
    return first if longer is None else longer


def _first_pass(
    problem: AllocationProblem, weights: Floats, highs: BudgetedHighs
) -> FirstPass | None:
    """From ``weights`` (B,), which keep the limits; None when they do by less than the programs
    can tell, so that these find no allocation.
    """
    first = highest_expected_multiple(
        problem,
        highs=highs,
        known_weights=weights,
        max_iterations=FIRST_PASS_ITERATIONS,
        last_nodes=0,
    )
    return None if first.weights is None else first


def _counted(problem: AllocationProblem, highs: BudgetedHighs) -> LeastLosses | None:
    """The fewest losing scenarios, or no more than ``problem`` allows; None without an allocation
    within its other limits.
    """
    budget = SearchBudget(highs, COUNT_ITERATIONS)
    return least_losses(problem, budget=budget, enough=problem.allowed_losing_scenarios() or 0)


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
    fewest: LeastLosses | None,
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
