"""The allocation problem with a slack in every limit but that on loss probability.

The same program as `model.build_model`. As a linear program, with the scenarios that may lose
given or the switches between 0 and 1, it is loaded once and solved again and again; with binaries
it is left to HiGHS's branch and bound.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import BudgetedHighs, HighsRun, SolverFailed
from optimization.solver.measures.risk import LOSS_THRESHOLD
from optimization.solver.model import build_model, fix_losing_scenarios, switch_values
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import LimitType, SingleLimit, single_limits

FEW_SWITCHES = 150


@dataclass(frozen=True, slots=True)
class LimitClass:
    """The stated limits of one type with a slack each, the largest slack and their sum.

    The slack of the minimum of expected winners is relative to it, every other absolute.
    """

    type: LimitType
    limits: tuple[SingleLimit, ...]
    slacks: tuple[pulp.LpVariable, ...]
    largest: pulp.LpVariable
    total: pulp.LpVariable


class SlackProgram:
    """``classes`` are those that may be relaxed, most protected first."""

    def __init__(self, problem: AllocationProblem, *, highs: BudgetedHighs) -> None:
        self.problem = problem
        self._highs = highs
        # The bucket maximum may be relaxed as well, so nothing but the budget bounds a scenario.
        bounds = scenario_bounds(multiples=problem.multiples, max_bucket_weight=None)
        self._certain = frozenset(np.flatnonzero(bounds.highest < LOSS_THRESHOLD).tolist())
        self._model = build_model(problem, bounds=bounds)
        self._slacks = 0
        self.classes = tuple(self._limit_classes())
        self._loaded: highspy.Highs = self._load()
        self._aim: pulp.LpVariable | None = None

    def least(self, aim: pulp.LpVariable, *, losing: Collection[int] | None = None) -> HighsRun:
        """The minimum of ``aim`` with losses in ``losing`` alone, or, without it, with switches
        between 0 and 1: then no allocation has less, but it may lose in too many scenarios.
        The run has no point when ``losing`` leaves no allocation.
        """
        if self._aim is not None:
            self._loaded.changeColCost(self._aim.index, 0.0)
        self._loaded.changeColCost(aim.index, 1.0)
        self._aim = aim
        for s, switch in self._model.switches.items():
            lower = float(s in self._certain if losing is None else s in losing)
            upper = 1.0 if losing is None else lower
            self._loaded.changeColBounds(switch.index, lower, upper)
        return self._highs.run(self._loaded)

    def search(self, aim: pulp.LpVariable, *, start: Collection[int], max_nodes: int) -> HighsRun:
        """The minimum of ``aim`` over every choice of losing scenarios, as far as ``max_nodes`` of
        branch and bound go, from the choice ``start``.
        """
        model = self._model
        for s, switch in model.switches.items():
            switch.lowBound, switch.upBound = int(s in self._certain), 1
            switch.cat = pulp.LpInteger
        model.program.setObjective(pulp.LpAffineExpression([(aim, 1.0)]))
        return self._highs.solve(
            model.program, max_nodes=max_nodes, start=switch_values(model, start)
        )

    @property
    def is_small(self) -> bool:
        """Whether a search over every choice of losing scenarios is soon done."""
        return len(self._model.switches) <= FEW_SWITCHES

    def bound(self, aim: pulp.LpVariable, highest: float) -> None:
        """``aim`` is at most ``highest`` from now on."""
        aim.upBound = highest
        self._loaded.changeColBounds(aim.index, 0.0, highest)

    def losing(self, run: HighsRun) -> frozenset[int]:
        """The scenarios that may lose at the point that a search ended at."""
        if run.values is None:
            raise SolverFailed("a search with a known allocation ended without a point")
        switches = self._model.switches.items()
        return frozenset(s for s, switch in switches if run.values[switch.index] > 0.5)

    def weights(self, run: HighsRun) -> NDArray[np.float64]:
        """(B,) of the point that a solve ended at."""
        if run.values is None:
            raise SolverFailed("a program with a known allocation ended without a point")
        return np.asarray(run.values[[weight.index for weight in self._model.weights]])

    def _limit_classes(self) -> Iterator[LimitClass]:
        relaxable = (
            limit
            for limit in single_limits(self.problem.limits)
            if limit.type != "loss_probability" and not (limit.is_minimum and limit.value == 0)
        )
        for type_, limits in groupby(relaxable, key=lambda limit: limit.type):
            yield self._limit_class(type_, tuple(limits))

    def _limit_class(self, type_: LimitType, limits: tuple[SingleLimit, ...]) -> LimitClass:
        program = self._model.program
        slacks = tuple(self._slack(limit) for limit in limits)
        if len(slacks) == 1:
            return LimitClass(type_, limits, slacks, slacks[0], slacks[0])
        largest = program.add_variable(f"largest.{type_}", 0, 1)
        total = program.add_variable(f"total.{type_}", 0, len(slacks))
        for limit, slack in zip(limits, slacks, strict=True):
            self._model.add_row(
                f"largest.{limit.id}", [(slack, 1), (largest, -1)], pulp.LpConstraintLE, 0.0
            )
        terms = [(total, -1.0), *((slack, 1.0) for slack in slacks)]
        self._model.add_row(f"total.{type_}", terms, pulp.LpConstraintLE, 0.0)
        return LimitClass(type_, limits, slacks, largest, total)

    def _slack(self, limit: SingleLimit) -> pulp.LpVariable:
        # Numbered, because PuLP makes one name of ids that differ in signs alone.
        slack = self._model.program.add_variable(f"slack.{self._slacks}", 0, 1)
        self._slacks += 1
        rows = [limit.id]
        if limit.type == "bucket_maximum":
            rows = [f"{limit.id}.{key}" for key in self.problem.bucket_keys]
        for row in rows:
            self._model.add_to_row(row, slack, 1.0 if limit.is_minimum else -1.0)
        return slack

    def _load(self) -> highspy.Highs:
        """Solves for any point, which leaves the program in HiGHS."""
        program = self._model.program
        fix_losing_scenarios(self._model, self._model.switches)
        program.sense = pulp.LpMinimize
        program.setObjective(pulp.LpAffineExpression([(self._model.weights[0], 0.0)]))
        self._highs.solve_to_the_end(program)
        loaded: highspy.Highs = program.solverModel
        return loaded
