"""A lower bound on the number of losing scenarios, by branch and bound that opens the lowest first.

`count_tree` answers whether a slice is empty; this raises a bound over all allocations for as long
as the budget lasts. An allocation of a node loses in no fewer scenarios than the node's program
says, so the least count among the open nodes is a bound at any time.
"""

import heapq
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.branching import GainsPerUnit
from optimization.solver.exact.count_program import COUNT_TOLERANCE, WHOLE, CountProgram
from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.search_budget import SearchBudget

Numbers = NDArray[np.intp]

# Half as many as where a slice is to be shown empty: here a node is solved for its count alone.
CANDIDATES = 4
SMALLEST_GAIN = 1e-3


@dataclass(frozen=True, slots=True, order=True)
class _Node:
    count: float
    number: int
    decisions: dict[int, int] = field(compare=False)
    basis: highspy.HighsBasis = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Parent:
    """A node's program at its optimum, before anything more is decided."""

    decisions: dict[int, int]
    basis: highspy.HighsBasis
    outcome: LpOutcome


class _Split(NamedTuple):
    """``sides`` are the nodes that remain of the two, None before they were solved."""

    switch: int
    value: float
    score: float
    sides: tuple[_Node, ...] | None


class CountBound:
    """``fewest`` is the least number of losing scenarios that was met, at first one more than the
    program's slice allows; ``losing`` are the scenarios if the tree met it itself.
    """

    def __init__(self, program: CountProgram, *, budget: SearchBudget) -> None:
        self._program = program
        self._always = program.piece.always
        self._budget = budget
        self._gains = GainsPerUnit.of(len(program.scenarios))
        self._open: list[_Node] = []
        self._made = 0
        self.fewest = program.piece.allowed + len(self._always) + 1
        self.losing: frozenset[int] | None = None

    def raised(self) -> int:
        """No allocation loses in fewer scenarios: the bound when the budget is used up, or
        ``fewest`` when nothing below it is left.
        """
        program = self._program
        root = program.solve()
        if program.may_hold_an_allocation(root):
            self._open.append(self._node({}, root))
        while self._open and self._open[0].count <= program.cutoff:
            if self._budget.used_up() is not None:
                return len(self._always) + math.ceil(self._open[0].count - COUNT_TOLERANCE)
            node = heapq.heappop(self._open)
            self._budget.highs.nodes += 1
            program.decide(node.decisions)
            program.lp.start_from(node.basis)
            self._expand(node.decisions)
        return self.fewest

    def _node(self, decisions: dict[int, int], outcome: LpOutcome) -> _Node:
        self._made += 1
        return _Node(outcome.objective, self._made, decisions, self._program.lp.basis())

    def _expand(self, decisions: dict[int, int]) -> None:
        """Puts what is left of a node among the open ones, with one more decision."""
        program = self._program
        while program.may_hold_an_allocation(outcome := program.solve()):
            undecided = self._undecided(outcome, decisions)
            lost = program.lost(outcome)
            if undecided.size and len(lost) >= self.fewest:
                self._branch(_Parent(decisions, program.lp.basis(), outcome), undecided)
                return
            self._consider(outcome, lost)

    def _undecided(self, outcome: LpOutcome, decisions: dict[int, int]) -> Numbers:
        """Switches to decide on: the fractional ones, else any that is not exactly whole."""
        switches = self._program.switches(outcome)
        open_ = np.ones(switches.size, dtype=bool)
        open_[list(decisions)] = False
        fractional = open_ & (switches > WHOLE) & (switches < 1 - WHOLE)
        return np.flatnonzero(fractional if fractional.any() else open_ & (switches > 0))

    def _consider(self, outcome: LpOutcome, lost: frozenset[int]) -> None:
        """Cuts off a point that is no allocation, counts more scenarios, or asks for fewer."""
        program = self._program
        if program.piece.polytope.cut_tail(program.piece.polytope.portfolio(outcome)):
            return
        if len(lost) < self.fewest:
            self.fewest, self.losing = len(lost), lost
            program.cutoff = self.fewest - 1 - len(self._always) + COUNT_TOLERANCE
            program.lp.set_cutoff(program.cutoff)
            return
        uncounted = lost - set(program.scenarios) - self._always
        if not uncounted:
            raise SolverFailed("a count of losing scenarios contradicts its own switches")
        for scenario in sorted(uncounted):
            program.add_switch(scenario)
        self._gains.grow_to(len(program.scenarios))

    def _branch(self, parent: _Parent, undecided: Numbers) -> None:
        """On the switch whose two decisions raise the count most, by the product of the gains."""
        values = self._program.switches(parent.outcome)[undecided]
        expected = _product(*self._gains.expected(undecided, values))
        best: _Split | None = None
        for index in np.argsort(-expected, kind="stable")[:CANDIDATES].tolist():
            switch, value = int(undecided[index]), float(values[index])
            if self._gains.is_trusted(switch):
                split = _Split(switch, value, float(expected[index]), None)
            else:
                split = self._tried(parent, switch, value)
            if best is None or split.score > best.score:
                best = split
            if split.sides is not None and len(split.sides) < 2:
                break
        if best is None:
            raise SolverFailed("there is no switch to decide on")
        if best.sides is None:
            best = self._tried(parent, best.switch, best.value)
        for node in best.sides or ():
            heapq.heappush(self._open, node)

    def _tried(self, parent: _Parent, switch: int, value: float) -> _Split:
        """Solves both sides; those that may hold an allocation are kept."""
        program = self._program
        sides, gains = [], []
        for decision in (0, 1):
            decisions = parent.decisions | {switch: decision}
            program.decide(decisions)
            program.lp.start_from(parent.basis)
            side = program.solve()
            count = min(side.objective, program.cutoff)
            gains.append(np.array(max(0.0, count - parent.outcome.objective)))
            distance = value if decision == 0 else 1 - value
            self._gains.record(switch, decision, gain=float(gains[-1]), distance=distance)
            if program.may_hold_an_allocation(side):
                sides.append(self._node(decisions, side))
        # A side that is closed for good is worth more than any two that stay open.
        score = float(_product(*gains)) if len(sides) == 2 else np.inf
        return _Split(switch, value, score, tuple(sides))


def _product(zero: Floats, one: Floats) -> Floats:
    return np.asarray(np.maximum(zero, SMALLEST_GAIN) * np.maximum(one, SMALLEST_GAIN))
