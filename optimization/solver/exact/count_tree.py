"""Shows that a slice holds no allocation with few enough losing scenarios, or finds one.

Branch and bound on the switches of `CountProgram`, depth first. A node is given up only when its
program is proved infeasible or its least count is above what is allowed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import highspy
import numpy as np
from numpy.typing import NDArray

from optimization.solver.exact.branching import CANDIDATES, GainsPerUnit, scores
from optimization.solver.exact.count_program import WHOLE, CountProgram
from optimization.solver.exact.incremental_lp import LpOutcome
from optimization.solver.exact.search_budget import SearchBudget, Stop

Verdict = Literal["empty"] | Stop
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Node:
    decisions: dict[int, int]
    basis: highspy.HighsBasis
    count: float


class CountTree:
    """``on_candidate`` is told the losing scenarios of a point that may be an allocation; it may
    raise the slice's minimum or add a switch or a cut, and must do one of these, because the node
    is solved again after it.
    """

    def __init__(
        self,
        program: CountProgram,
        *,
        on_candidate: Callable[[LpOutcome, frozenset[int]], None],
        budget: SearchBudget,
    ) -> None:
        self._program = program
        self._on_candidate = on_candidate
        self._budget = budget
        self._gains = GainsPerUnit.of(len(program.scenarios))

    def search(self, *, last_iteration: int) -> Verdict:
        """``empty`` when no allocation is left in the slice, as it is at the end; else what ended
        the search, ``iteration_limit`` also when the budget's count reached ``last_iteration``.
        """
        program = self._program
        root = program.solve()
        if not program.may_hold_an_allocation(root):
            return "empty"
        open_nodes = [_Node({}, program.lp.basis(), root.objective)]
        while open_nodes:
            stop = self._budget.used_up()
            if stop is not None:
                return stop
            if self._budget.iterations >= last_iteration:
                return "iteration_limit"
            node = open_nodes.pop()
            if node.count > program.cutoff:
                continue
            self._budget.highs.nodes += 1
            program.decide(node.decisions)
            program.lp.start_from(node.basis)
            open_nodes += self._children(dict(node.decisions))
        return "empty"

    def _children(self, decisions: dict[int, int]) -> list[_Node]:
        """The two sides of one more decision, the better one last; none when the node is done."""
        program = self._program
        while True:
            outcome = program.solve()
            if not program.may_hold_an_allocation(outcome):
                return []
            lost = program.lost(outcome)
            if program.count(lost):
                self._gains.grow_to(len(program.scenarios))
                continue
            undecided = self._undecided(outcome, decisions)
            if len(lost) <= program.piece.allowed + len(program.piece.always) or not undecided.size:
                self._on_candidate(outcome, lost)
                self._gains.grow_to(len(program.scenarios))
                continue
            children = self._branch(outcome, undecided, decisions)
            if len(children) != 1:
                return sorted(children, key=lambda child: -child.count)
            # Only one side is left: it is no branch, and more may follow from it.
            decisions = children[0].decisions
            program.decide(decisions)
            program.lp.start_from(children[0].basis)

    def _undecided(self, outcome: LpOutcome, decisions: dict[int, int]) -> Numbers:
        """Switches to decide on: the fractional ones, else any that is not exactly whole."""
        switches = self._program.switches(outcome)
        open_ = np.ones(switches.size, dtype=bool)
        open_[list(decisions)] = False
        fractional = open_ & (switches > WHOLE) & (switches < 1 - WHOLE)
        return np.flatnonzero(fractional if fractional.any() else open_ & (switches > 0))

    def _branch(
        self, outcome: LpOutcome, undecided: Numbers, decisions: dict[int, int]
    ) -> list[_Node]:
        values = self._program.switches(outcome)[undecided]
        zero, one = self._gains.expected(undecided, values)
        missing = max(self._program.cutoff - outcome.objective, 1e-6)
        expected = scores(zero, one, missing=missing)
        basis = self._program.lp.basis()
        best_score, best_children = -np.inf, list[_Node]()
        for index in np.argsort(-expected, kind="stable")[:CANDIDATES].tolist():
            switch = int(undecided[index])
            if self._gains.is_trusted(switch):
                predicted = (outcome.objective + zero[index], outcome.objective + one[index])
                children = [
                    _Node(decisions | {switch: decision}, basis, outcome.objective)
                    for decision in sorted((0, 1), key=lambda side: -predicted[side])
                ]
                score = float(expected[index])
            else:
                children, score = self._tried(switch, outcome, decisions, basis)
                if len(children) < 2:
                    return children
            if score > best_score:
                best_score, best_children = score, children
        return best_children

    def _tried(
        self,
        switch: int,
        outcome: LpOutcome,
        decisions: dict[int, int],
        basis: highspy.HighsBasis,
    ) -> tuple[list[_Node], float]:
        """Solves both sides; the ones that remain, and the score of the gains they show."""
        program = self._program
        missing = max(program.cutoff - outcome.objective, 1e-6)
        value = float(program.switches(outcome)[switch])
        children, gains = [], []
        for decision in (0, 1):
            tried = decisions | {switch: decision}
            program.decide(tried)
            program.lp.start_from(basis)
            side = program.lp.solve()
            remains = program.may_hold_an_allocation(side)
            gain = side.objective - outcome.objective if remains else missing
            distance = value if decision == 0 else 1 - value
            self._gains.record(switch, decision, gain=gain, distance=distance)
            gains.append(np.array([gain]))
            if remains:
                children.append(_Node(tried, program.lp.basis(), side.objective))
        program.decide(decisions)
        program.lp.start_from(basis)
        return children, float(scores(*gains, missing=missing)[0])
