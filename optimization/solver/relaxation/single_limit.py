"""The least slack of a limit on weights or winners that is alone in its class.

It is linear in the weights, so finding it is a first pass with another objective: the same search
for a choice of losing scenarios and the same proof.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.relaxation.granted_values import loosened
from optimization.solver.relaxation.limit_rows import members, slack_unit
from optimization.solver.rounding import exact_weights
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.scenario_input import LARGEST_MULTIPLE
from optimization.solver.stated.single_limits import SingleLimit

MAX_ITERATIONS = 30_000
SEARCH_PROGRAMS = 500
# Relative to the objective: a slack this close to the least is the least.
SMALLEST_GAP = 1e-7
LINEAR = ("stage_minimum", "stage_maximum", "sector_minimum", "sector_maximum", "expected_winners")


@dataclass(frozen=True, slots=True)
class Closest:
    """With losses in ``losing`` alone an allocation comes close to a limit; none needs less than
    ``proved_slack``, in units of `slack_unit`.
    """

    losing: frozenset[int]
    proved_slack: float


class _Objective(NamedTuple):
    """``values`` (B,) of a unit of weight; the slack is ``constant`` - ``unit`` x the objective."""

    values: Floats
    constant: float
    unit: float


def closest_to_limit(
    problem: AllocationProblem,
    limit: SingleLimit,
    *,
    slacks: Mapping[str, float],
    known: Floats,
    highs: BudgetedHighs,
) -> Closest | None:
    """``slacks`` has by id what each more protected limit is granted, and ``known`` (B,) is an
    allocation within these. None when the limit is of no linear kind or nothing was found.
    """
    objective = _objective(problem, limit, known) if limit.type in LINEAR else None
    if objective is None:
        return None
    aimed = replace(
        problem,
        limits=loosened(problem.limits, slacks),
        buckets=tuple(
            replace(bucket, expected_multiple=value)
            for bucket, value in zip(problem.buckets, objective.values.tolist(), strict=True)
        ),
        settings=replace(problem.settings, mip_gap=SMALLEST_GAP),
    )
    first = highest_expected_multiple(
        aimed,
        highs=highs,
        known_weights=np.array(exact_weights(known.tolist())),
        max_iterations=MAX_ITERATIONS,
        last_nodes=0,
        search_programs=SEARCH_PROGRAMS,
    )
    if first.weights is None:
        return None
    return Closest(first.losing, objective.constant - objective.unit * first.bound)


def _objective(problem: AllocationProblem, limit: SingleLimit, known: Floats) -> _Objective | None:
    """Scaled to be near 1, because the search and the proof go by relative differences."""
    if limit.type == "expected_winners":
        winners = problem.expected_winners_per_weight()
        unit = slack_unit(limit)
        reached = float(winners @ known)
        if reached <= 0 or winners.max() > LARGEST_MULTIPLE * reached:
            return None
        return _Objective(winners / reached, limit.value / unit, reached / unit)
    share = members(problem, limit)
    # The weights sum to 1, so 1 more for every bucket moves the objective to between 1 and 2.
    if limit.is_minimum:
        return _Objective(1.0 + share, limit.value + 1, 1.0)
    return _Objective(2.0 - share, 2 - limit.value, 1.0)
