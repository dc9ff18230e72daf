"""What weights amount to: risk, return and every limit, from the weights and the scenarios alone.

Nothing is read from the solver's variables, so a figure here is true of the weights it is shown
with.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimization.solver.allocation import ConstraintRow
from optimization.solver.measures import risk
from optimization.solver.stated.limits import Limits
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import SingleLimit, single_limits

# In the limit's own unit, relative where that is above 1. What the solver may leave between a
# value and the limit that stops it, or put it beyond, is a tenth of the second; both are far
# below anything an analyst would call slack.
BINDING_TOLERANCE = 1e-6
SATISFIED_TOLERANCE = 1e-7
DEFAULT_CVAR_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class PortfolioFigures:
    """Return and risk of weights; fractions 0..1, multiples per allocated dollar."""

    expected_multiple: float
    sample_expected_multiple: float
    losing_scenarios: int
    loss_probability: float
    cvar: float
    expected_winners: float
    distance_to_uniform: float


def cvar_confidence(problem: AllocationProblem) -> float:
    """The confidence of the problem's CVaR limit, else the one reports use."""
    return problem.limits.cvar.confidence if problem.limits.cvar else DEFAULT_CVAR_CONFIDENCE


def portfolio_figures(*, problem: AllocationProblem, weights: Sequence[float]) -> PortfolioFigures:
    """The figures of ``weights``, one per bucket of ``problem``."""
    vector = np.array(weights, dtype=np.float64)
    portfolio = risk.portfolio_multiples(weights=vector, multiples=problem.multiples)
    return PortfolioFigures(
        expected_multiple=float(vector @ problem.expected_multiples()),
        sample_expected_multiple=float(portfolio.mean()),
        losing_scenarios=risk.losing_scenarios(portfolio),
        loss_probability=risk.loss_probability(portfolio),
        cvar=risk.cvar(portfolio, confidence=cvar_confidence(problem)),
        expected_winners=float(vector @ problem.expected_winners_per_weight()),
        distance_to_uniform=float(np.abs(vector - 1 / vector.size).sum()),
    )


def constraint_rows(
    *,
    problem: AllocationProblem,
    requested: Limits,
    weights: Sequence[float],
    first_pass_weights: Sequence[float],
    loss_limit_costs_multiple: bool,
) -> tuple[ConstraintRow, ...]:
    """A row for every stated limit, most protected first.

    The limits of ``problem`` are those granted; ``requested`` are the same limits as asked for.
    A limit is binding when its slack is within `BINDING_TOLERANCE` at these weights or at the
    first pass's: the second pass may step back from a limit that stopped the first. The limit on
    loss probability is binding when not one more scenario may lose, or when the expected multiple
    is provably higher without it (``loss_limit_costs_multiple``), because losses come in whole
    scenarios and the limit can stop the optimum far from its value.
    """
    before = actual_values(problem, first_pass_weights)
    now = actual_values(problem, weights)
    return tuple(
        _row(
            problem,
            granted,
            requested=asked.value,
            actual=now[granted.id],
            first_pass_actual=before[granted.id],
            costs_multiple=granted.type == "loss_probability" and loss_limit_costs_multiple,
        )
        for asked, granted in zip(
            single_limits(requested), single_limits(problem.limits), strict=True
        )
    )


def actual_values(problem: AllocationProblem, weights: Sequence[float]) -> dict[str, float]:
    """What each limit of the problem limits, by the limit's id."""
    figures = portfolio_figures(problem=problem, weights=weights)
    actual = {
        "max_loss_probability": figures.loss_probability,
        "cvar": figures.cvar,
        "max_bucket_weight": max(weights),
        "min_expected_winners": figures.expected_winners,
    }
    for kind, names, group_of in (
        ("stages", problem.limits.stages, [bucket.stage for bucket in problem.buckets]),
        ("sectors", problem.limits.sectors, [bucket.sector for bucket in problem.buckets]),
    ):
        for name in names:
            share = math.fsum(
                weight for group, weight in zip(group_of, weights, strict=True) if group == name
            )
            actual[f"{kind}.{name}.min"] = actual[f"{kind}.{name}.max"] = share
    return actual


def _row(
    problem: AllocationProblem,
    granted: SingleLimit,
    *,
    requested: float,
    actual: float,
    first_pass_actual: float,
    costs_multiple: bool,
) -> ConstraintRow:
    slack = granted.slack(actual)
    smallest_slack = min(slack, granted.slack(first_pass_actual))
    if granted.type == "loss_probability":
        margin = 1 / problem.scenarios - SATISFIED_TOLERANCE
    elif granted.type == "expected_winners":
        margin = BINDING_TOLERANCE * max(1.0, granted.value)
    else:
        margin = BINDING_TOLERANCE
    return ConstraintRow(
        id=granted.id,
        type=granted.type,
        requested=requested,
        granted=granted.value,
        actual=actual,
        slack=slack,
        satisfied=slack >= -SATISFIED_TOLERANCE * max(1.0, granted.value),
        relaxed=granted.value != requested,
        binding=smallest_slack <= margin or costs_multiple,
    )
