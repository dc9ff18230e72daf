"""The allocation problem with a slack in every limit but that on loss probability.

One linear program over weights and slacks that is edited and solved again and again. CVaR is stated
for the scenarios that get into the tail, and a gain for those that would lose and must not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.exact.incremental_lp import Floats, Indices, LpOutcome
from optimization.solver.exact.multiple_slice import MARGIN
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import LOST_BELOW, WeightPolytope
from optimization.solver.first_pass import FirstPass
from optimization.solver.relaxation.limit_rows import LimitRows, limit_rows, slack_unit
from optimization.solver.relaxation.loss_sum import LossSum
from optimization.solver.relaxation.slack_tail import SlackTail
from optimization.solver.stated.limits import Limits
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import LimitType, SingleLimit, single_limits


@dataclass(frozen=True, slots=True)
class LimitClass:
    """The stated limits of one type with the columns of their slacks, in units of `slack_unit`, of
    the largest of these and of their sum.
    """

    type: LimitType
    limits: tuple[SingleLimit, ...]
    slacks: tuple[int, ...]
    largest: int
    total: int


class SlackPoint(NamedTuple):
    """``weights`` (B,) where the program has its minimum, which is ``least``."""

    weights: Floats
    least: float


class SlackProgram:
    """``classes`` are those that `in_order` has given out; all others are given up. The tail is
    looked for first where ``start`` (B,) has it.
    """

    def __init__(self, problem: AllocationProblem, *, start: Floats, highs: BudgetedHighs) -> None:
        self.problem = problem
        free = problem.with_limits(Limits())
        self._polytope = WeightPolytope(free, budget=SearchBudget(highs))
        self._lp = self._polytope.lp
        self._start = start
        self._tail: SlackTail | None = None
        self._rows: dict[str, LimitRows] = {}
        self.classes: list[LimitClass] = []
        is_limited = problem.limits.max_loss_probability is not None
        self._loss_sum = LossSum(problem) if is_limited else None
        self._priced: Indices = np.empty(0, dtype=np.int32)
        # Scenarios that have lost where they must not.
        self._active: frozenset[int] = frozenset()

    def in_order(self) -> Iterator[LimitClass]:
        """The classes that may be relaxed, most protected first. A class has its rows in the
        program from when it is given out.
        """
        relaxable = (
            limit
            for limit in single_limits(self.problem.limits)
            if limit.type != "loss_probability" and not (limit.is_minimum and limit.value == 0)
        )
        for type_, limits in groupby(relaxable, key=lambda limit: limit.type):
            self.classes.append(self._limit_class(type_, tuple(limits)))
            yield self.classes[-1]

    def least(self, aim: int, *, losing: frozenset[int] | None = None) -> SlackPoint | None:
        """The minimum of the column ``aim`` with losses in ``losing`` alone, or, without it, with
        the sums of losses that the limit on them leaves: then no allocation has less, but it may
        lose in too many scenarios. None when ``losing`` leaves no allocation.
        """
        self._price(np.array([aim], dtype=np.int32), np.ones(1))
        outcome = self._solved(losing)
        if outcome.status != "optimal":
            return None
        return SlackPoint(outcome.values[self._polytope.weights], outcome.objective)

    def bound(self, column: int, highest: float) -> None:
        """``column`` is at most ``highest`` from now on."""
        bounded = np.array([column], dtype=np.int32)
        self._lp.bound_columns(bounded, np.zeros(1), np.array([highest]))

    def needed(self, limits: LimitClass, weights: Floats) -> dict[int, float]:
        """By column, the slacks that ``weights`` (B,) need in a class, their largest and sum."""
        slacks = [self._needed(limit, weights) for limit in limits.limits]
        both = {limits.largest: max(slacks), limits.total: sum(slacks)}
        return both | dict(zip(limits.slacks, slacks, strict=True))

    def highest_expected_multiple(self, granted: Mapping[str, float]) -> FirstPass | None:
        """With any number of losing scenarios, and with what is ``granted``, by the limits' ids, in
        place of what is stated; None when there is no allocation.
        """
        for limits in self.classes:
            for column in (limits.largest, limits.total):
                self.bound(column, float(len(limits.limits)))
            for limit, slack in zip(limits.limits, limits.slacks, strict=True):
                more = abs(granted.get(limit.id, limit.value) - limit.value)
                self.bound(slack, more / slack_unit(limit))
        weights = self._polytope.weights
        self._price(weights, -self.problem.expected_multiples())
        outcome = self._solved(None)
        if outcome.status != "optimal":
            return None
        losing = np.flatnonzero(self._polytope.portfolio(outcome) < LOST_BELOW).tolist()
        return FirstPass(-outcome.objective, outcome.values[weights], frozenset(losing))

    def always_lose(self, scenarios: Iterable[int]) -> bool:
        """Whether all that was granted for the last `highest_expected_multiple` has no allocation
        that gains in any of these.
        """
        for scenario in scenarios:
            self._price(self._polytope.weights, -self._polytope.scenario(scenario))
            if -self._solved(None).objective > 1 - MARGIN:
                return False
        return True

    def _price(self, columns: Indices, costs: Floats) -> None:
        self._lp.set_costs(self._priced, np.zeros(self._priced.size))
        self._lp.set_costs(columns, costs)
        self._priced = columns

    def _solved(self, losing: frozenset[int] | None) -> LpOutcome:
        """The minimum, with what it breaks added until it breaks nothing."""
        self._require_gains(losing)
        outcome = self._lp.solve()
        while outcome.status == "optimal" and self._add_broken(outcome, losing):
            outcome = self._lp.solve()
        return outcome

    def _require_gains(self, losing: frozenset[int] | None) -> None:
        gaining = frozenset() if losing is None else self._active - losing
        self._polytope.require_gain(gaining)

    def _add_broken(self, outcome: LpOutcome, losing: frozenset[int] | None) -> bool:
        portfolio = self._polytope.portfolio(outcome)
        added = self._tail is not None and self._tail.refine_at(outcome, portfolio)
        if losing is not None:
            return self._add_gains(portfolio, losing) or added
        cut = None if self._loss_sum is None else self._loss_sum.cut(portfolio)
        if cut is not None:
            self._polytope.add_cut(cut)
        return added or cut is not None

    def _add_gains(self, portfolio: Floats, losing: frozenset[int]) -> bool:
        lost = frozenset(np.flatnonzero(portfolio < LOST_BELOW).tolist()) - losing
        if not lost:
            return False
        if lost <= self._active:
            raise SolverFailed("a linear program does not keep the gains required of it")
        self._active |= lost
        self._require_gains(losing)
        return True

    def _needed(self, limit: SingleLimit, weights: Floats) -> float:
        if limit.type == "cvar" and self._tail is not None:
            return self._tail.needed(weights)
        return self._rows[limit.id].needed(weights)

    def _limit_class(self, type_: LimitType, limits: tuple[SingleLimit, ...]) -> LimitClass:
        slacks = self._lp.add_columns(np.zeros(len(limits)), np.ones(len(limits)))
        for limit, slack in zip(limits, slacks.tolist(), strict=True):
            self._add_limit(limit, slack)
        columns = tuple(slacks.tolist())
        if len(columns) == 1:
            return LimitClass(type_, limits, columns, columns[0], columns[0])
        bounds = np.zeros(2), np.array([1.0, float(len(limits))])
        largest, total = self._lp.add_columns(*bounds).tolist()
        self._add_rows(np.full(len(limits), largest), 1.0, slacks, -1.0, minimum=0.0)
        signs = np.array([1.0, *np.full(len(limits), -1.0)])
        self._lp.add_row(_indices(total, *columns), signs, 0.0, np.inf)
        return LimitClass(type_, limits, columns, largest, total)

    def _add_limit(self, limit: SingleLimit, slack: int) -> None:
        """CVaR, or coefficients . w + slack >= minimum in each of the limit's rows."""
        cvar = self.problem.limits.cvar
        if limit.type == "cvar" and cvar is not None:
            self._tail = SlackTail(self._polytope, cvar, slack=slack, start=self._start)
            return
        rows = limit_rows(self.problem, limit)
        self._rows[limit.id] = rows
        weights = self._polytope.weights
        if limit.type == "bucket_maximum":
            self._add_rows(weights, -1.0, np.full(weights.size, slack), 1.0, minimum=rows.minimum)
            return
        for row in rows.coefficients:
            self._lp.add_row(
                _indices(*weights.tolist(), slack), np.append(row, 1.0), rows.minimum, np.inf
            )

    def _add_rows(
        self, first: Indices, sign: float, second: Indices, other: float, *, minimum: float
    ) -> None:
        """sign x first + other x second >= minimum, for each pair of columns."""
        columns = np.column_stack([first, second]).astype(np.int32)
        coefficients = np.tile([sign, other], (len(columns), 1))
        self._lp.add_rows(
            columns, coefficients, np.full(len(columns), minimum), np.full(len(columns), np.inf)
        )


def _indices(*columns: int) -> Indices:
    return np.array(columns, dtype=np.int32)
