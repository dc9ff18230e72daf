"""Solves an allocation problem: two passes, exact weights, an independent check, the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np

from optimization.solver.allocation import Allocation, ConstraintRow, SolverRun
from optimization.solver.budgeted_highs import (
    FEASIBILITY_TOLERANCE,
    RANDOM_SEED,
    BudgetedHighs,
    SolveInterrupted,
)
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.explanation.explain import explain
from optimization.solver.explanation.explanation import Explanation
from optimization.solver.first_pass import OBJECTIVE_TOLERANCE, FirstPass
from optimization.solver.infeasibility import explain_infeasibility
from optimization.solver.mip_pass import reference_optimum
from optimization.solver.relaxation.granted import Granted, relaxed
from optimization.solver.report import constraint_rows, cvar_confidence, portfolio_figures
from optimization.solver.rivals.limit_check import BrokenLimit, broken_limits
from optimization.solver.rounding import dollars_by_largest_remainder, exact_weights
from optimization.solver.second_pass import SecondPass, closest_to_uniform
from optimization.solver.stated.problem import AllocationProblem

Method = Literal["exact", "reference"]

_FIRST_PASS = {"exact": highest_expected_multiple, "reference": reference_optimum}

__all__ = ["AllocationCheckFailed", "Method", "SolveInterrupted", "allocate"]


class AllocationCheckFailed(ArithmeticError):
    """The solver's weights break a limit or a proved bound; no allocation is returned."""

    def __init__(self, message: str, broken: Sequence[BrokenLimit] = ()) -> None:
        self.broken = tuple(broken)
        super().__init__("; ".join([message, *map(str, broken)]))


def allocate(
    problem: AllocationProblem,
    *,
    method: Method = "exact",
    should_stop: Callable[[], bool] | None = None,
    clock: Callable[[], float] | None = None,
) -> Allocation:
    """The allocation with the highest expected multiple that keeps every limit.

    Of all that are within ``primary_lock_epsilon`` of it, the one closest to uniform, and then
    the smallest in order of bucket key, is returned; equal problems get byte-equal weights unless
    the wall clock stops a search. An infeasible problem is a result with status ``infeasible``, or,
    where ``problem.relax`` allows it, ``relaxed`` with an allocation under looser limits.

    ``method`` is how the first pass goes about it: ``exact``, or ``reference``, the original
    formulation left to HiGHS, which finds the same optimum where it finds it in time.
    ``should_stop`` is asked in the calling thread, up to thousands of times a second and at times
    only every few seconds, so it must be cheap; once it is true `SolveInterrupted` is raised.
    The time limit counts the seconds of ``clock`` (as `time.monotonic`) from the call on, or those
    inside the solver without one; it changes no result that ends with a proof.
    Raises `AllocationCheckFailed` when the independent check of the result finds a broken limit,
    and `SolverFailed` when HiGHS gives no usable status.
    """
    highs = BudgetedHighs(problem.settings.time_limit_seconds, should_stop, clock)
    ordered = problem.in_key_order()
    first = _FIRST_PASS[method](ordered, highs=highs)
    granted = Granted(ordered, first)
    if first.weights is None and problem.relax and first.stop != "time_limit":
        granted = relaxed(ordered, first, highs=highs)
        first = granted.first
    if first.weights is None:
        return _nothing_found(ordered, first, _run(ordered, highs, method, first, None), highs)
    first_weights = exact_weights(first.weights.tolist())
    second = _second_pass(granted.problem, first, first_weights, highs)
    weights = first_weights if second is None else exact_weights(second.weights.tolist())
    answer = _Answer(granted, first_weights, weights)
    _check(answer)
    rows = _rows(answer, asked=problem)
    explanation = explain(
        granted.problem,
        first=first,
        weights=weights,
        binding=[row.id for row in rows if row.binding],
        keys=problem.bucket_keys,
        highs=highs,
    )
    run = _run(ordered, highs, method, first, second)
    return _report(answer, asked=problem, rows=rows, explanation=explanation, run=run)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Exact weights after each pass, in the order of the granted problem, which is that of keys."""

    granted: Granted
    first_weights: tuple[float, ...]
    weights: tuple[float, ...]


def _second_pass(
    problem: AllocationProblem,
    first: FirstPass,
    first_weights: Sequence[float],
    highs: BudgetedHighs,
) -> SecondPass | None:
    """None when the first pass ran out of time. One that a count ended is evened out as well: its
    optimum is a vertex, whose extremes are worth nothing more when it is not proved.
    """
    if first.stop == "time_limit":
        return None
    best = portfolio_figures(problem=problem, weights=first_weights).expected_multiple
    return closest_to_uniform(
        problem,
        minimum_expected_multiple=_locked(best, problem),
        first_weights=np.array(first_weights),
        losing=first.losing,
        highs=highs,
        briefly=first.stop is not None,
    )


def _locked(best: float, problem: AllocationProblem) -> float:
    return best * (1 - problem.settings.primary_lock_epsilon)


def _check(answer: _Answer) -> None:
    """Holds the weights of both passes against the limits, and the multiples against the proof."""
    problem, first = answer.granted.problem, answer.granted.first
    for stage, weights in (("first", answer.first_weights), ("second", answer.weights)):
        broken = broken_limits(problem=problem, weights=weights)
        if broken:
            raise AllocationCheckFailed(f"the weights of the {stage} pass break limits", broken)
    best = portfolio_figures(problem=problem, weights=answer.first_weights).expected_multiple
    final = portfolio_figures(problem=problem, weights=answer.weights).expected_multiple
    tolerance = OBJECTIVE_TOLERANCE * max(1.0, best)
    if best > first.bound + tolerance:
        raise AllocationCheckFailed(
            f"expected multiple {best!r} is above its proved bound {first.bound!r}"
        )
    if final < _locked(best, problem) - tolerance:
        raise AllocationCheckFailed(
            f"the second pass lowered the expected multiple from {best!r} to {final!r}"
        )


def _rows(answer: _Answer, *, asked: AllocationProblem) -> tuple[ConstraintRow, ...]:
    return constraint_rows(
        problem=answer.granted.problem,
        requested=asked.limits,
        weights=answer.weights,
        first_pass_weights=answer.first_weights,
        loss_limit_costs_multiple=answer.granted.first.loss_limit_costs_multiple,
    )


def _report(
    answer: _Answer,
    *,
    asked: AllocationProblem,
    rows: tuple[ConstraintRow, ...],
    explanation: Explanation,
    run: SolverRun,
) -> Allocation:
    problem, first = answer.granted.problem, answer.granted.first
    figures = portfolio_figures(problem=problem, weights=answer.weights)
    best = portfolio_figures(problem=problem, weights=answer.first_weights).expected_multiple
    # The bound and the multiple come from different sums; the larger of the two bounds both.
    bound = max(first.bound, best)
    dollars = dollars_by_largest_remainder(weights=answer.weights, capital_usd=problem.capital_usd)
    weight_of = dict(zip(problem.bucket_keys, answer.weights, strict=True))
    dollars_of = dict(zip(problem.bucket_keys, dollars, strict=True))
    return Allocation(
        status="relaxed" if answer.granted.relaxations else first.status,
        weights={key: weight_of[key] for key in asked.bucket_keys},
        dollars={key: dollars_of[key] for key in asked.bucket_keys},
        expected_multiple=figures.expected_multiple,
        sample_expected_multiple=figures.sample_expected_multiple,
        first_pass_expected_multiple=best,
        best_bound=bound,
        mip_gap=(bound - best) / best if best > 0 else 0.0,
        loss_probability=figures.loss_probability,
        cvar=figures.cvar,
        cvar_confidence=cvar_confidence(problem),
        expected_winners=figures.expected_winners,
        distance_to_uniform=figures.distance_to_uniform,
        relaxations=answer.granted.relaxations,
        constraints=rows,
        explanation=explanation,
        infeasibility=answer.granted.caveat,
        solver=run,
    )


def _nothing_found(
    problem: AllocationProblem, first: FirstPass, run: SolverRun, highs: BudgetedHighs
) -> Allocation:
    infeasible = first.status == "infeasible"
    return Allocation(
        status=first.status,
        best_bound=None if infeasible else first.bound,
        cvar_confidence=cvar_confidence(problem),
        infeasibility=explain_infeasibility(problem, highs=highs) if infeasible else None,
        solver=run,
    )


def _run(
    problem: AllocationProblem,
    highs: BudgetedHighs,
    method: Method,
    first: FirstPass,
    second: SecondPass | None,
) -> SolverRun:
    return SolverRun(
        name="HiGHS",
        version=version("highspy"),
        settings=problem.settings.as_json()
        | {
            "threads": 1,
            "random_seed": RANDOM_SEED,
            "feasibility_tolerance": FEASIBILITY_TOLERANCE,
        },
        seconds=highs.seconds,
        nodes=highs.nodes,
        iterations=highs.iterations,
        method=method,
        first_pass=first.stop or first.status,
        second_pass=None if second is None else second.search,
    )
