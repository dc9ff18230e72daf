"""A lower bound on the number of losing scenarios: ever higher counts are shown to be impossible.

That no allocation loses in k scenarios or fewer is shown by branch and bound (`count_tree`), which
goes depth first and so says nothing before its end. Each k takes a search of its own, from the
root; as searches grow exponentially with k, all before the last together cost little.
"""

import math

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.count_program import COUNT_TOLERANCE, CountProgram
from optimization.solver.exact.count_tree import CountTree
from optimization.solver.exact.incremental_lp import LpOutcome
from optimization.solver.exact.search_budget import SearchBudget

# What the next search should take, as a multiple of the last one.
GROWTH = 4.0
# Of what is left, for a search that is to exclude more than one count.
SAFE_SHARE = 1 / 3
# Of logarithms, for one more losing scenario: what is assumed at first, and at least.
FIRST_RATE = math.log(2.0)
SLOWEST_RATE = math.log(1.1)
# In nodes: smaller searches count as equal.
FEW_NODES = 10
# Before so many, most of a search goes to trying switches out, once for all searches to come.
MANY_NODES = 100
# Of a tableau whose pivots take as long as the budget assumes: 200 rows and as many columns.
ENTRIES = 40_000
# A search is not begun when it is expected to take so many times what is left.
OVERDRAWN = 1.2


class CountBound:
    """No allocation loses in fewer scenarios than ``certified``. ``fewest`` is the least number
    that was met, at first one more than the program's slice allows; ``losing`` are the scenarios
    if a search met it itself.
    """

    def __init__(self, program: CountProgram, *, root: LpOutcome, budget: SearchBudget) -> None:
        """``root`` is the least count of the program with nothing decided."""
        self.fewest = program.most_losing + 1
        self.certified = len(program.piece.always) + math.ceil(root.objective - COUNT_TOLERANCE)
        self.losing: frozenset[int] | None = None
        self._program = program
        self._budget = budget
        self._rate = FIRST_RATE
        # Of a pivot, in units of one in a tableau of `ENTRIES`.
        self._work = 1.0
        # Iterations and nodes of the last search.
        self._effort = 1
        self._nodes = FEW_NODES

    def raise_it(self) -> None:
        """Until ``certified`` is ``fewest``, or the next search is beyond the budget."""
        tree = CountTree(self._program, on_candidate=self._consider, budget=self._budget)
        while self.certified < self.fewest:
            ahead = self._counts_ahead()
            if ahead == 0:
                return
            self._program.allow(min(self.certified + ahead, self.fewest) - 1)
            tree.start_again()
            nodes = self._budget.highs.nodes
            if not self._is_empty(tree):
                return
            self._learn(self._budget.highs.nodes - nodes)
            # What was met on the way has lowered it.
            self.certified = self._program.most_losing + 1

    @property
    def _left(self) -> int:
        return self._budget.max_iterations - self._budget.iterations

    def _is_empty(self, tree: CountTree) -> bool:
        """Searches to the end if what is left is enough. More is booked for large tableaus, whose
        pivots take longer.
        """
        before = self._budget.iterations
        verdict = tree.search(last_iteration=before + int(self._left / self._work))
        self._work = max(1.0, tree.entries_at_root / ENTRIES)
        taken = self._budget.iterations - before
        self._budget.spend(iterations=int(taken * (self._work - 1)), seconds=0.0)
        self._effort = self._budget.iterations - before
        return verdict == "empty"

    def _counts_ahead(self) -> int:
        """How many counts the next search is to exclude; 0 when that of one more takes too long."""
        left = self._left
        next_effort = self._effort * math.exp(self._rate)
        if left <= 0 or (self._nodes >= MANY_NODES and next_effort > OVERDRAWN * left):
            return 0
        affordable = min(GROWTH, SAFE_SHARE * left / self._effort)
        return max(1, int(math.log(max(affordable, 1.0)) / self._rate))

    def _learn(self, nodes: int) -> None:
        """How fast searches grow, from one that has ended with nothing left. Nodes tell better than
        iterations, of which the first searches take more, to try switches out.
        """
        nodes = max(nodes, FEW_NODES)
        counts = self._program.most_losing + 1 - self.certified
        if counts > 0:
            rate = math.log(nodes / self._nodes) / counts
            self._rate = max((self._rate + rate) / 2, SLOWEST_RATE)
        self._nodes = nodes

    def _consider(self, outcome: LpOutcome, lost: frozenset[int]) -> None:
        """Cuts off a point that is no allocation, asks for fewer, or counts more scenarios."""
        program = self._program
        if program.piece.polytope.cut_tail(program.piece.polytope.portfolio(outcome)):
            return
        if len(lost) <= program.most_losing:
            self.fewest, self.losing = len(lost), lost
            program.allow(self.fewest - 1)
            return
        uncounted = lost - set(program.scenarios) - program.piece.always
        if not uncounted:
            raise SolverFailed("a count of losing scenarios contradicts its own switches")
        for scenario in sorted(uncounted):
            program.add_switch(scenario)
