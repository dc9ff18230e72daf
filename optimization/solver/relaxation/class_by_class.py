"""The least slacks in order: those of the most protected limits first, whatever it costs the rest.

The slacks of one class are minimised with those of more protected ones bounded by what was found
for them and all others free: first the largest, then their sum.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pulp

from optimization.solver.budgeted_highs import BudgetedHighs, HighsRun
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.model import NO_LOSS
from optimization.solver.relaxation.granted_values import loosened, rounded_outwards
from optimization.solver.relaxation.loss_probe import probe
from optimization.solver.relaxation.single_limit import closest_to_limit
from optimization.solver.relaxation.slack_program import LimitClass, SlackProgram
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import LimitType

# Found slacks are rounded up to it; the programs keep their rows to as much.
STEP = 1e-9
# What the linear programs can tell apart.
SAME_SLACK = 1e-7
# A slack this close to what is proved is minimal: as close as a proof over all choices of losing
# scenarios comes (`slice_proof.INDISTINCT` of an objective of at most 2).
MINIMAL_WITHIN = 2e-6
# Of branch and bound, for the sum of a class in a small problem.
MAX_NODES = 200
# Of simplex iterations, for one question after a largest slack and for all of them. The more
# protected classes ask first.
PROBE_ITERATIONS = 5_000
MAX_ITERATIONS = 20_000


@dataclass(frozen=True, slots=True)
class LeastSlack:
    """Of one class. The largest slack is nowhere below ``largest_proved``; ``is_minimal`` says that
    the slacks are the least in both senses.
    """

    type: LimitType
    largest: float
    largest_proved: float
    is_minimal: bool


@dataclass(frozen=True, slots=True)
class LeastSlacks:
    """``weights`` (B,) need no more than the slacks of ``classes`` and lose in ``losing`` alone,
    which says nothing where there is no limit on loss probability.
    """

    classes: tuple[LeastSlack, ...]
    weights: Floats
    losing: frozenset[int]


def least_slacks(
    problem: AllocationProblem, *, weights: Floats, losing: frozenset[int], highs: BudgetedHighs
) -> LeastSlacks:
    """Of all classes of ``problem`` but loss probability.

    Without a limit on loss probability every class is proved minimal. With one, ``weights`` (B,)
    must keep it, losing in ``losing`` alone, whatever else they break; what is not proved minimal
    is then the least found.
    """
    return _ClassByClass(problem, weights=weights, losing=losing, highs=highs).settle()


class _ClassByClass:
    def __init__(
        self,
        problem: AllocationProblem,
        *,
        weights: Floats,
        losing: frozenset[int],
        highs: BudgetedHighs,
    ) -> None:
        self._program = SlackProgram(problem, highs=highs)
        self._highs = highs
        self._allowed = problem.allowed_losing_scenarios()
        self._weights = weights
        self._losing = losing
        # What each limit settled so far is granted, or, where only a sum over several is settled
        # and this is not exact, at most.
        self._slacks: dict[str, float] = {}
        self._is_exact = True
        self._spent = 0

    def settle(self) -> LeastSlacks:
        classes = tuple(self._settled_classes())
        self._settle_ties()
        return LeastSlacks(classes, self._weights, self._losing)

    def _settled_classes(self) -> Iterator[LeastSlack]:
        for limits in self._program.classes:
            largest, proved = self._settle(limits.largest, limits)
            is_minimal = proved >= largest - MINIMAL_WITHIN
            if limits.total is not limits.largest and largest > 0:
                total, total_proved = self._settle(limits.total, limits)
                is_minimal &= total_proved >= total - MINIMAL_WITHIN
            self._note(limits, largest)
            yield LeastSlack(limits.type, largest, min(largest, proved), is_minimal)

    def _note(self, limits: LimitClass, largest: float) -> None:
        self._is_exact &= largest == 0 or len(limits.limits) == 1
        self._slacks |= {limit.id: largest for limit in limits.limits}

    def _settle(self, aim: pulp.LpVariable, limits: LimitClass) -> tuple[float, float]:
        """The least value found for ``aim``, which bounds it from now on, and the proved one."""
        free = self._program.least(aim)
        proved, found = free.objective, free.objective
        if self._keeps_loss_limit(free):
            self._take(free, self._losing_with(free))
        else:
            found = self._program.least(aim, losing=self._losing).objective
            if found > proved + SAME_SLACK:
                proved = max(proved, self._search(aim, limits, proved=proved, found=found))
            # As a linear program, whose point keeps its rows most closely.
            run = self._program.least(aim, losing=self._losing)
            self._take(run, self._losing)
            found = run.objective
        value = 0.0
        if found > STEP:
            value = rounded_outwards(found, is_minimum=False, step=STEP)
        self._program.bound(aim, value)
        return value, max(0.0, proved)

    def _search(
        self, aim: pulp.LpVariable, limits: LimitClass, *, proved: float, found: float
    ) -> float:
        """What is proved of every choice of losing scenarios; keeps one that allows less than
        ``found``, if it comes across any.
        """
        if aim is not limits.largest:
            return self._search_small(aim, found)
        if len(limits.limits) == 1 and self._is_exact:
            closest = closest_to_limit(
                self._program.problem,
                limits.limits[0],
                slacks=self._slacks,
                known=self._weights,
                highs=self._highs,
            )
            if closest is not None:
                self._improved(aim, closest.losing, found)
                return closest.proved_slack
        return self._narrow(aim, limits, proved=proved, found=found)

    def _search_small(self, aim: pulp.LpVariable, found: float) -> float:
        if not self._program.is_small:
            return -np.inf
        run = self._program.search(aim, start=self._losing, max_nodes=MAX_NODES)
        if run.values is not None:
            self._improved(aim, self._program.losing(run), found)
        return run.bound

    def _narrow(
        self, aim: pulp.LpVariable, limits: LimitClass, *, proved: float, found: float
    ) -> float:
        """Asks in turn for half of what is between, and for all but the least of it."""
        halve, in_vain = True, 0
        while found - proved > MINIMAL_WITHIN and in_vain < 2 and self._spent < MAX_ITERATIONS:
            asked = (found + proved) / 2 if halve else found - MINIMAL_WITHIN / 2
            budget = SearchBudget(self._highs, PROBE_ITERATIONS)
            answer = self._probe(limits, asked, budget)
            better = found
            if answer == "none":
                proved = asked
            elif answer != "open":
                better = self._improved(aim, answer, found)
            in_vain = 0 if answer == "none" or better < found else in_vain + 1
            halve, found = not halve, better
            self._spent += budget.iterations
        return proved

    def _probe(
        self, limits: LimitClass, slack: float, budget: SearchBudget
    ) -> frozenset[int] | Literal["none", "open"]:
        slacks = self._slacks | {limit.id: slack for limit in limits.limits}
        problem = self._program.problem
        return probe(
            problem.with_limits(loosened(problem.limits, slacks)),
            near=self._weights,
            budget=budget,
        )

    def _improved(self, aim: pulp.LpVariable, losing: frozenset[int], found: float) -> float:
        """Keeps this choice of losing scenarios if it allows less than ``found``; the less of the
        two.
        """
        run = self._program.least(aim, losing=losing)
        if run.values is None or run.objective >= found:
            return found
        self._take(run, losing)
        return run.objective

    def _settle_ties(self) -> None:
        """Of equally small slacks of one class the ones that are least in order of the limits."""
        for limits in self._program.classes:
            for slack in limits.slacks if len(limits.slacks) > 1 else ():
                run = self._program.least(slack, losing=self._losing)
                self._take(run, self._losing)
                value = rounded_outwards(max(0.0, run.objective), is_minimum=False, step=STEP)
                self._program.bound(slack, value)

    def _take(self, run: HighsRun, losing: frozenset[int]) -> None:
        """The point of ``run``, which loses in ``losing`` alone, is the best known from now on."""
        self._weights = self._program.weights(run)
        if self._allowed is not None:
            self._losing = losing & self._losing_with(run)

    def _keeps_loss_limit(self, run: HighsRun) -> bool:
        return self._allowed is None or len(self._losing_with(run)) <= self._allowed

    def _losing_with(self, run: HighsRun) -> frozenset[int]:
        portfolio = self._program.weights(run) @ self._program.problem.multiples
        return frozenset(np.flatnonzero(portfolio < 1 - NO_LOSS).tolist())
