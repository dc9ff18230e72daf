"""The lexicographic minimum by brute force: every choice of losing scenarios, linear programs each.

Written with scipy.optimize.linprog and plain arrays; nothing here uses the package under test
except the problem's own data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from optimization.solver.stated.problem import AllocationProblem, WeightRange

Floats = NDArray[np.float64]
TOLERANCE = 1e-10
# What a value found before may be exceeded by.
LOCK = 1e-9


@dataclass(frozen=True)
class LeastRelaxation:
    """``losses`` is the least number of losing scenarios within or beyond the limit; ``slacks``
    has, for each class of stated limits in order, the largest slack and their sum."""

    losses: int | None
    slacks: list[tuple[str, float, float]]


def least_relaxation(problem: AllocationProblem) -> LeastRelaxation:
    """Of all choices of losing scenarios those are kept that are least in the class at hand."""
    losses, choices = _fewest_losses(problem)
    programs = [_Program(problem, losing) for losing in choices]
    slacks = []
    for type_, columns in _Program(problem, ()).classes:
        largest, programs = _least(programs, columns, largest=True)
        total, programs = _least(programs, columns, largest=False)
        slacks.append((type_, largest, total))
    return LeastRelaxation(losses, slacks)


def _fewest_losses(problem: AllocationProblem) -> tuple[int | None, list[tuple[int, ...]]]:
    limit, scenarios = problem.limits.max_loss_probability, range(problem.scenarios)
    if limit is None:
        return None, [tuple(scenarios)]
    for count in range(floor(limit * problem.scenarios + 1e-9), problem.scenarios + 1):
        choices = [
            losing
            for losing in combinations(scenarios, count)
            if _Program(problem, losing).minimum([]) is not None
        ]
        if choices:
            return count, choices
    raise AssertionError("every allocation loses in at most all scenarios")


def _least(
    programs: list["_Program"], columns: list[int], *, largest: bool
) -> tuple[float, list["_Program"]]:
    groups = [[column] for column in columns] if largest else [columns]
    minima = [program.minimum(groups) for program in programs]
    least = min(minimum for minimum in minima if minimum is not None)
    kept = [
        program
        for program, minimum in zip(programs, minima, strict=True)
        if minimum is not None and minimum <= least + LOCK
    ]
    for program in kept:
        program.lock(groups, least + LOCK)
    return least, kept


class _Program:
    """x is w, tau, u, a slack for each limit, and t. Scenarios outside ``losing`` gain."""

    def __init__(self, problem: AllocationProblem, losing: tuple[int, ...]) -> None:
        buckets, scenarios = problem.multiples.shape
        limits = list(_limits(problem))
        self._first_slack = buckets + 1 + scenarios
        self._size = self._first_slack + len(limits) + 1
        self._buckets = buckets
        self._rows: list[tuple[Floats, float]] = []
        self.classes: list[tuple[str, list[int]]] = []
        for number, (type_, rows) in enumerate(limits):
            column = self._first_slack + number
            if not self.classes or self.classes[-1][0] != type_:
                self.classes.append((type_, []))
            self.classes[-1][1].append(column)
            for row, bound in rows:
                self._add(row, bound, {column: -1.0})
        for s in range(scenarios):
            multiples = -problem.multiples[:, s]
            self._add(multiples, -1.0, {buckets: -1.0, buckets + 1 + s: -1.0})
            if s not in losing:
                self._add(multiples, -1.0, {})

    def minimum(self, groups: list[list[int]]) -> float | None:
        """The least t with the sum of x over each of ``groups`` at most t; None without any."""
        rows = [*self._rows]
        for group in groups:
            row = np.zeros(self._size)
            row[group] = 1.0
            row[-1] = -1.0
            rows.append((row, 0.0))
        costs, budget = np.zeros(self._size), np.zeros(self._size)
        costs[-1] = 1.0
        budget[: self._buckets] = 1.0
        solved = linprog(
            costs,
            A_ub=np.array([row for row, _ in rows]),
            b_ub=[bound for _, bound in rows],
            A_eq=budget[None, :],
            b_eq=[1.0],
            bounds=(0, None),
            method="highs",
            options={
                "primal_feasibility_tolerance": TOLERANCE,
                "dual_feasibility_tolerance": TOLERANCE,
            },
        )
        assert solved.status in (0, 2), solved.message
        return None if solved.status == 2 else float(costs @ solved.x)

    def lock(self, groups: list[list[int]], value: float) -> None:
        for group in groups:
            self._add(np.empty(0), value, dict.fromkeys(group, 1.0))

    def _add(self, row: Floats, bound: float, more: dict[int, float]) -> None:
        wide = np.pad(row, (0, self._size - row.size))
        wide[list(more)] = list(more.values())
        self._rows.append((wide, bound))


def _limits(problem: AllocationProblem) -> Iterator[tuple[str, Sequence[tuple[Floats, float]]]]:
    """Every limit but that on loss probability, as rows a . (w, tau, u) <= b, in order."""
    limits = problem.limits
    buckets, scenarios = problem.multiples.shape
    if limits.cvar:
        tail = np.zeros(buckets + 1 + scenarios)
        tail[buckets] = 1.0
        tail[buckets + 1 :] = 1 / max(1.0, (1 - limits.cvar.confidence) * scenarios)
        yield "cvar", [(tail, limits.cvar.maximum)]
    yield from _group_limits("stage", limits.stages, [bucket.stage for bucket in problem.buckets])
    yield from _group_limits(
        "sector", limits.sectors, [bucket.sector for bucket in problem.buckets]
    )
    if limits.max_bucket_weight is not None:
        maximum = limits.max_bucket_weight
        yield "bucket_maximum", [(row, maximum) for row in np.eye(buckets)]
    if limits.min_expected_winners is not None:
        winners = [
            float(problem.capital_usd / bucket.all_in_cost_usd) * bucket.deal_win_probability
            for bucket in problem.buckets
        ]
        yield "expected_winners", [(-np.array(winners), -limits.min_expected_winners)]


def _group_limits(
    kind: str, ranges: Mapping[str, WeightRange], groups: list[str]
) -> Iterator[tuple[str, Sequence[tuple[Floats, float]]]]:
    members = {name: np.array([float(name == own) for own in groups]) for name in ranges}
    for name, allowed in ranges.items():
        if allowed.minimum is not None:
            yield f"{kind}_minimum", [(-members[name], -allowed.minimum)]
    for name, allowed in ranges.items():
        if allowed.maximum is not None:
            yield f"{kind}_maximum", [(members[name], allowed.maximum)]
