"""The least number of losing scenarios in a slice, as a linear program with switches.

    minimise  sum z_s   over the slice,   M_s + loss_s z_s >= 1,   0 <= z_s <= 1

with loss_s the largest loss in the slice. Deciding z_s = 0 requires a gain; deciding z_s = 1 also
asks for M_s <= 1, since allocations that gain are on the other side. Scenarios that may lose but
have no switch yet only make the count smaller, so a lower bound stays one.
"""

from collections.abc import Iterable

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.envelope_cuts import EnvelopeProgram
from optimization.solver.exact.incremental_lp import Floats, Indices, LpOutcome
from optimization.solver.exact.multiple_slice import MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import LOST_BELOW

# A count above the allowed number by this much is above it: whole scenarios are counted.
COUNT_TOLERANCE = 1e-6
# What a switch may be off 0 or 1 and still be whole, and what a cut must add to be worth a row.
WHOLE = 1e-7
WORTHWHILE_CUT = 1e-3
MOST_ENVELOPE_ROUNDS = 8
WORTHWHILE_ROUND = 0.05
MOST_TAIL_CUTS = 150
TAIL_EXCESS = 1e-3


def count_what_loses(program: "CountProgram", lost: frozenset[int]) -> None:
    """Counts the scenarios that lose at a point and have no switch; raises `SolverFailed` when
    there are none.
    """
    uncounted = lost - set(program.scenarios) - program.piece.always
    if not uncounted:
        raise SolverFailed("a count of losing scenarios contradicts its own switches")
    for scenario in sorted(uncounted):
        program.add_switch(scenario)


class CountProgram:
    """Switches are numbered 0 .. n - 1; ``scenarios[i]`` is the scenario of switch i. At first
    the scenarios ``counted`` have one, all that may lose unless stated.
    """

    def __init__(
        self,
        piece: MultipleSlice,
        *,
        budget: SearchBudget,
        counted: Iterable[int] | None = None,
    ) -> None:
        self.piece = piece
        self.lp = piece.polytope.lp
        self._budget = budget
        self.scenarios: list[int] = []
        self._columns = np.empty(0, dtype=np.int32)
        self._rows: list[int] = []
        self.allow(piece.allowed + len(piece.always))
        self._uncounted = set(piece.free)
        for scenario in piece.free if counted is None else counted:
            self.add_switch(scenario)

    def allow(self, most_losing: int) -> None:
        """Asks for allocations that lose in so many scenarios or fewer, no more than the slice
        allows.
        """
        self.most_losing = most_losing
        self.cutoff = most_losing - len(self.piece.always) + COUNT_TOLERANCE
        self.lp.set_cutoff(self.cutoff)

    def add_switch(self, scenario: int) -> None:
        """Counts one more scenario."""
        self._uncounted.discard(scenario)
        polytope = self.piece.polytope
        column = self.lp.add_columns(np.zeros(1), np.ones(1))
        self.lp.set_costs(column, np.ones(1))
        coefficients = np.append(polytope.scenario(scenario), self.piece.largest_loss(scenario))
        row = self.lp.add_row(np.append(polytope.weights, column), coefficients, 1.0, np.inf)
        self.scenarios.append(scenario)
        self._columns = np.append(self._columns, column)
        self._rows.append(row)

    def count(self, lost: Iterable[int]) -> bool:
        """Counts those of ``lost`` that may lose in the slice and are not counted yet; whether
        there are any.
        """
        missing = sorted(self._uncounted.intersection(lost))
        for scenario in missing:
            self.add_switch(scenario)
        return bool(missing)

    def switches(self, outcome: LpOutcome) -> Floats:
        return outcome.values[self._columns]

    def switch_columns(self) -> Indices:
        """The program's columns of the switches."""
        return self._columns

    def switch_rows(self) -> Indices:
        """The program's rows M_s + loss_s z_s >= 1, by switch."""
        return np.array(self._rows, dtype=np.int32)

    def solve(self) -> LpOutcome:
        """The least count; CVaR far over its limit is cut off on the way."""
        polytope = self.piece.polytope
        outcome = self.lp.solve()
        while (
            outcome.status == "optimal"
            and len(polytope.cuts()) < MOST_TAIL_CUTS
            and polytope.cut_tail(polytope.portfolio(outcome), tolerance=TAIL_EXCESS)
        ):
            outcome = self.lp.solve()
        return outcome

    def _solve_counting_all(self) -> LpOutcome:
        """The least count when every scenario that loses at it is counted."""
        outcome = self.solve()
        while self.may_hold_an_allocation(outcome) and self.count(self.lost(outcome)):
            outcome = self.solve()
        return outcome

    def may_hold_an_allocation(self, outcome: LpOutcome) -> bool:
        """Whether few enough scenarios may lose, going by the relaxation."""
        return outcome.status == "optimal" and outcome.objective <= self.cutoff

    def lost(self, outcome: LpOutcome) -> frozenset[int]:
        """The scenarios, with a switch or not, that lose at the program's point."""
        portfolio = self.piece.polytope.portfolio(outcome)
        return frozenset(np.flatnonzero(portfolio < LOST_BELOW).tolist())

    def add_envelope_cuts(self) -> LpOutcome:
        """Rounds of cuts at the minimum, while they raise it; those that hold nothing go again."""
        program = EnvelopeProgram(self.piece, budget=self._budget)
        outcome = self._solve_counting_all()
        cut_rows: list[int] = []
        for _ in range(MOST_ENVELOPE_ROUNDS):
            if not self.may_hold_an_allocation(outcome):
                return outcome
            before = outcome.objective
            cut_rows += self._cut_at(outcome, program)
            outcome = self._solve_counting_all()
            if outcome.objective < before + WORTHWHILE_ROUND:
                break
        if outcome.status == "optimal":
            moved = self.piece.polytope.drop_slack(cut_rows)
            self._rows = [moved[row] for row in self._rows]
        return outcome

    def _cut_at(self, outcome: LpOutcome, program: EnvelopeProgram) -> list[int]:
        """The rows of the new cuts."""
        polytope = self.piece.polytope
        portfolio = polytope.portfolio(outcome)
        program.move_to(outcome.values[polytope.weights])
        rows = []
        for i, z in enumerate(self.switches(outcome).tolist()):
            if portfolio[self.scenarios[i]] >= LOST_BELOW or z >= 1 - WHOLE:
                continue
            cut = program.cut(polytope.scenario(self.scenarios[i]))
            if cut is not None and cut.value > z + WORTHWHILE_CUT:
                columns = np.append(polytope.weights, self._columns[i])
                coefficients = np.append(-cut.slope, 1.0)
                rows.append(self.lp.add_row(columns, coefficients, cut.constant, np.inf))
        return rows
