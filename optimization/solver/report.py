"""What weights amount to: risk, return and every limit, from the weights and the scenarios alone.

Nothing is read from the solver's variables, so a figure here is true of the weights it is shown
with.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimization.solver.allocation import ConstraintRow, ConstraintType
from optimization.solver.measures import risk
from optimization.solver.stated.limits import Limits, WeightRange
from optimization.solver.stated.problem import AllocationProblem

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
    weights: Sequence[float],
    first_pass_weights: Sequence[float],
    loss_limit_costs_multiple: bool,
) -> tuple[ConstraintRow, ...]:
    """A row for every stated limit, most protected first.

    A limit is binding when its slack is within `BINDING_TOLERANCE` at these weights or at the
    first pass's: the second pass may step back from a limit that stopped the first. The limit on
    loss probability is binding when not one more scenario may lose, or when the expected multiple
    is provably higher without it (``loss_limit_costs_multiple``), because losses come in whole
    scenarios and the limit can stop the optimum far from its value.
    """
    before = _actual_values(problem, first_pass_weights)
    now = _actual_values(problem, weights)
    return tuple(
        _row(
            problem,
            stated,
            actual=now[stated.id],
            first_pass_actual=before[stated.id],
            costs_multiple=stated.type == "loss_probability" and loss_limit_costs_multiple,
        )
        for stated in _stated_limits(problem.limits)
    )


@dataclass(frozen=True, slots=True)
class _StatedLimit:
    id: str
    type: ConstraintType
    value: float
    is_minimum: bool = False

    def slack(self, actual: float) -> float:
        return actual - self.value if self.is_minimum else self.value - actual


def _stated_limits(limits: Limits) -> Iterator[_StatedLimit]:
    if limits.max_loss_probability is not None:
        yield _StatedLimit("max_loss_probability", "loss_probability", limits.max_loss_probability)
    if limits.cvar is not None:
        yield _StatedLimit("cvar", "cvar", limits.cvar.maximum)
    yield from _stated_ranges("stages", limits.stages, "stage_minimum", "stage_maximum")
    yield from _stated_ranges("sectors", limits.sectors, "sector_minimum", "sector_maximum")
    if limits.max_bucket_weight is not None:
        yield _StatedLimit("max_bucket_weight", "bucket_maximum", limits.max_bucket_weight)
    if limits.min_expected_winners is not None:
        yield _StatedLimit(
            "min_expected_winners",
            "expected_winners",
            limits.min_expected_winners,
            is_minimum=True,
        )


def _stated_ranges(
    kind: str,
    ranges: Mapping[str, WeightRange],
    minimum_type: ConstraintType,
    maximum_type: ConstraintType,
) -> Iterator[_StatedLimit]:
    for name, stated in ranges.items():
        if stated.minimum is not None:
            yield _StatedLimit(f"{kind}.{name}.min", minimum_type, stated.minimum, is_minimum=True)
    for name, stated in ranges.items():
        if stated.maximum is not None:
            yield _StatedLimit(f"{kind}.{name}.max", maximum_type, stated.maximum)


def _actual_values(problem: AllocationProblem, weights: Sequence[float]) -> dict[str, float]:
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
    stated: _StatedLimit,
    *,
    actual: float,
    first_pass_actual: float,
    costs_multiple: bool,
) -> ConstraintRow:
    slack = stated.slack(actual)
    smallest_slack = min(slack, stated.slack(first_pass_actual))
    if stated.type == "loss_probability":
        margin = 1 / problem.scenarios - SATISFIED_TOLERANCE
    elif stated.type == "expected_winners":
        margin = BINDING_TOLERANCE * max(1.0, stated.value)
    else:
        margin = BINDING_TOLERANCE
    return ConstraintRow(
        id=stated.id,
        type=stated.type,
        requested=stated.value,
        granted=stated.value,
        actual=actual,
        slack=slack,
        satisfied=slack >= -SATISFIED_TOLERANCE * max(1.0, stated.value),
        relaxed=False,
        binding=smallest_slack <= margin or costs_multiple,
    )
