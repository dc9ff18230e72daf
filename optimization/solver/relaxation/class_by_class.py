"""The least slacks in order: those of the most protected limits first, whatever it costs the rest.

The slacks of one class are minimised with those of more protected ones bounded by what was found
for them and all others free: first the largest, then their sum.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pulp
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import BudgetedHighs, HighsRun
from optimization.solver.model import NO_LOSS
from optimization.solver.relaxation.granted_values import STEP, rounded_outwards
from optimization.solver.relaxation.slack_program import SlackProgram
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import LimitType

# What the programs can tell apart: a slack within it of what is proved is the least.
SAME_SLACK = 1e-7
# Of branch and bound, for one minimum over all choices of losing scenarios.
MAX_NODES = 200


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
    """``weights`` (B,) need no more than the slacks of ``classes``."""

    classes: tuple[LeastSlack, ...]
    weights: NDArray[np.float64]


def least_slacks_without_loss_limit(
    problem: AllocationProblem, *, highs: BudgetedHighs
) -> LeastSlacks:
    """For ``problem`` without a limit on loss probability: each class is proved minimal."""
    return _ClassByClass(SlackProgram(problem, highs=highs), losing=frozenset()).settle()


def least_slacks(
    problem: AllocationProblem, *, losing: frozenset[int], highs: BudgetedHighs
) -> LeastSlacks:
    """For ``problem`` with a limit on loss probability that some allocation keeps which loses in
    ``losing`` alone; what is not proved minimal is the least found.
    """
    return _ClassByClass(SlackProgram(problem, highs=highs), losing=losing).settle()


class _ClassByClass:
    def __init__(self, program: SlackProgram, *, losing: frozenset[int]) -> None:
        self._program = program
        self._losing = losing
        self._allowed = program.problem.allowed_losing_scenarios()
        self._weights = np.empty(0)

    def settle(self) -> LeastSlacks:
        classes = tuple(self._settled_classes())
        self._settle_ties()
        return LeastSlacks(classes, self._weights)

    def _settled_classes(self) -> Iterator[LeastSlack]:
        for limits in self._program.classes:
            largest, proved = self._settle(limits.largest)
            is_minimal = proved >= largest - SAME_SLACK
            if limits.total is not limits.largest and largest > 0:
                total, total_proved = self._settle(limits.total)
                is_minimal &= total_proved >= total - SAME_SLACK
            yield LeastSlack(limits.type, largest, min(largest, proved), is_minimal)

    def _settle(self, aim: pulp.LpVariable) -> tuple[float, float]:
        """The least value found for ``aim``, which bounds it from now on, and the proved one."""
        free = self._program.least(aim)
        proved = free.objective
        found = free
        if not self._keeps_loss_limit(free):
            found = self._program.least(aim, losing=self._losing)
            if found.objective > proved + SAME_SLACK:
                found, proved = self._searched(aim, found, proved)
        self._take(found)
        value = 0.0
        if found.objective > STEP:
            value = rounded_outwards(found.objective, is_minimum=False)
        self._program.bound(aim, value)
        return value, max(0.0, proved)

    def _searched(
        self, aim: pulp.LpVariable, known: HighsRun, proved: float
    ) -> tuple[HighsRun, float]:
        run = self._program.search(aim, start=self._losing, max_nodes=MAX_NODES)
        proved = max(proved, run.bound)
        if run.values is None or run.objective > known.objective - SAME_SLACK:
            return known, proved
        # Once more as a linear program, whose point keeps its rows more closely.
        return self._program.least(aim, losing=self._lost(run)), proved

    def _settle_ties(self) -> None:
        """Of equally small slacks of one class the ones that are least in order of the limits."""
        for limits in self._program.classes:
            for slack in limits.slacks if len(limits.slacks) > 1 else ():
                run = self._program.least(slack, losing=self._losing)
                self._take(run)
                value = rounded_outwards(max(0.0, run.objective), is_minimum=False)
                self._program.bound(slack, value)

    def _take(self, run: HighsRun) -> None:
        self._weights = self._program.weights(run)
        if self._allowed is not None:
            self._losing = self._lost(run)

    def _keeps_loss_limit(self, run: HighsRun) -> bool:
        return self._allowed is None or len(self._lost(run)) <= self._allowed

    def _lost(self, run: HighsRun) -> frozenset[int]:
        portfolio = self._program.weights(run) @ self._program.problem.multiples
        return frozenset(np.flatnonzero(portfolio < 1 - NO_LOSS).tolist())
