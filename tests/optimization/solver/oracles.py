"""Slow, separate ways to the right answer: every choice of losing scenarios, one LP each.

Written with scipy.optimize.linprog and plain arrays; nothing here uses the package under test
except the problem's own data.
"""

from collections.abc import Iterator
from itertools import combinations
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from optimization.solver.stated.problem import AllocationProblem

Rows = list[tuple[NDArray[np.float64], float]]


def best_expected_multiple(problem: AllocationProblem) -> float | None:
    """The optimum over all allocations within the limits; None when there is none."""
    optima = [
        -solved
        for rows in _choices_of_losing_scenarios(problem)
        if (solved := _minimum(problem, -problem.expected_multiples(), rows)) is not None
    ]
    return max(optima) if optima else None


def smallest_distance_to_uniform(
    problem: AllocationProblem, *, minimum_expected_multiple: float
) -> float:
    """min sum |w_b - 1/B| over the limits and an expected multiple of at least the minimum.

    The variables of the LP are w followed by one distance per bucket.
    """
    buckets = len(problem.buckets)
    identity = np.eye(buckets)
    distance_rows: Rows = []
    for b in range(buckets):
        distance_rows.append((np.concatenate([identity[b], -identity[b]]), 1 / buckets))
        distance_rows.append((np.concatenate([-identity[b], -identity[b]]), -1 / buckets))
    costs = np.concatenate([np.zeros(buckets), np.ones(buckets)])
    lock = (-problem.expected_multiples(), -minimum_expected_multiple)
    distances = [
        solved
        for rows in _choices_of_losing_scenarios(problem)
        if (solved := _minimum(problem, costs, [*rows, lock], distance_rows)) is not None
    ]
    return min(distances)


def _choices_of_losing_scenarios(problem: AllocationProblem) -> Iterator[Rows]:
    """Rows a . w <= b for every largest set of scenarios that may lose."""
    if problem.limits.max_loss_probability is None:
        yield []
        return
    allowed = floor(problem.limits.max_loss_probability * problem.scenarios + 1e-9)
    for losing in combinations(range(problem.scenarios), allowed):
        yield [
            (-problem.multiples[:, s], -1.0) for s in range(problem.scenarios) if s not in losing
        ]


def _minimum(
    problem: AllocationProblem,
    costs: NDArray[np.float64],
    rows: Rows,
    extended_rows: Rows | None = None,
) -> float | None:
    """min costs . x; x is w, then whatever variables ``costs`` has beyond, then tau and u."""
    buckets, own = len(problem.buckets), costs.size
    cvar_rows, extra = _cvar_rows(problem, own)
    everything = [*rows, *_weight_rows(problem), *(extended_rows or []), *cvar_rows]
    size = own + extra
    a_ub = np.array([np.pad(a, (0, size - a.size)) for a, _ in everything]).reshape(-1, size)
    solved = linprog(
        np.pad(costs, (0, extra)),
        A_ub=a_ub if everything else None,
        b_ub=[b for _, b in everything] if everything else None,
        A_eq=np.pad(np.ones(buckets), (0, size - buckets))[None, :],
        b_eq=[1.0],
        bounds=[(0, None)] * size,
        method="highs",
    )
    if solved.status == 2:
        return None
    assert solved.status == 0, solved.message
    assert solved.x is not None
    return float(costs @ solved.x[:own])


def _weight_rows(problem: AllocationProblem) -> Rows:
    limits, identity = problem.limits, np.eye(len(problem.buckets))
    rows: Rows = []
    if limits.max_bucket_weight is not None:
        rows += [(row, limits.max_bucket_weight) for row in identity]
    for ranges, names in (
        (limits.stages, [bucket.stage for bucket in problem.buckets]),
        (limits.sectors, [bucket.sector for bucket in problem.buckets]),
    ):
        for name, allowed in ranges.items():
            members = np.array([float(name == own) for own in names])
            if allowed.maximum is not None:
                rows.append((members, allowed.maximum))
            if allowed.minimum is not None:
                rows.append((-members, -allowed.minimum))
    if limits.min_expected_winners is not None:
        winners = [
            float(problem.capital_usd / bucket.all_in_cost_usd) * bucket.deal_win_probability
            for bucket in problem.buckets
        ]
        rows.append((-np.array(winners), -limits.min_expected_winners))
    return rows


def _cvar_rows(problem: AllocationProblem, first: int) -> tuple[Rows, int]:
    """tau at index ``first``, then u_s with u_s >= 1 - M_s - tau."""
    limit = problem.limits.cvar
    if limit is None:
        return [], 0
    scenarios = problem.scenarios
    size = first + 1 + scenarios
    tail = np.zeros(size)
    tail[first] = 1.0
    tail[first + 1 :] = 1 / ((1 - limit.confidence) * scenarios)
    rows: Rows = [(tail, limit.maximum)]
    for s in range(scenarios):
        row = np.zeros(size)
        row[: len(problem.buckets)] = -problem.multiples[:, s]
        row[first] = row[first + 1 + s] = -1.0
        rows.append((row, -1.0))
    return rows, 1 + scenarios
