"""Looks for an allocation that is closer to uniform with other scenarios losing, or proves there is
none.

What is closer than the closest known, nearly best and within the limits on weights and CVaR is a
small polytope. Few scenarios can go either way in it, so that `CountTree` either finds an
allocation with few enough losing scenarios, and goes on below its distance, or shows that none is
left.
"""

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.count_program import CountProgram, count_what_loses
from optimization.solver.exact.count_tree import CountTree
from optimization.solver.exact.distance_program import MOST_DISTANCE, DistanceProgram
from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.losing_sets import Incumbent, LosingSetSearch
from optimization.solver.exact.multiple_slice import MultipleSlice, near_a_loss
from optimization.solver.exact.search_budget import SearchBudget, Stop
from optimization.solver.exact.tail_cuts import Cut
from optimization.solver.stated.problem import AllocationProblem

# An allocation that is closer by less is none; the programs cannot tell it.
SMALLEST_GAIN = 1e-7


def distance_of(found: Incumbent) -> float:
    """Of what a search for closeness has found."""
    return MOST_DISTANCE - found.expected_multiple


class CloserAllocation:
    """``search`` looks for closeness; ``known`` is the closest allocation so far, and no other one
    with an expected multiple of at least ``minimum`` counts.
    """

    def __init__(
        self,
        problem: AllocationProblem,
        *,
        minimum: float,
        search: LosingSetSearch,
        known: Incumbent,
        budget: SearchBudget,
    ) -> None:
        self._problem = problem
        self._search = search
        self._budget = budget
        self.known = known
        self._wanted = np.inf
        near = near_a_loss(known.weights @ problem.multiples)
        self._piece = MultipleSlice(
            problem,
            minimum=minimum,
            cuts=(),
            near=search.active | near,
            budget=budget,
        )
        self._distance = DistanceProgram(self._piece.polytope)
        for cut in search.polytope.cuts():
            self._piece.polytope.add_cut(cut)
        self._demand_closer()

    def search_to_the_end(self) -> Stop | None:
        """What ended the search, None when nothing did: ``known`` is then the closest, but for the
        relative gap of the problem's settings.
        """
        self._piece.tighten()
        if self._piece.is_empty:
            return None
        stop = self._budget.used_up()
        if stop is not None:
            return stop
        program = CountProgram(self._piece, budget=self._budget)
        if not program.may_hold_an_allocation(program.add_envelope_cuts()):
            return None

        def consider(outcome: LpOutcome, lost: frozenset[int]) -> None:
            self._consider(program, outcome, lost)

        tree = CountTree(program, on_candidate=consider, budget=self._budget)
        verdict = tree.search(last_iteration=self._budget.max_iterations)
        return None if verdict == "empty" else verdict

    def _demand_closer(self) -> None:
        distance = distance_of(self.known)
        wanted = distance - max(SMALLEST_GAIN, distance * self._problem.settings.mip_gap)
        # A point that is no closer when it is solved alone must not be met again.
        self._wanted = min(wanted, self._wanted - SMALLEST_GAIN)
        self._distance.limit(self._wanted)
        self._piece.polytope.add_cut(_closer_cut(self.known.weights, self._wanted))

    def _consider(self, program: CountProgram, outcome: LpOutcome, lost: frozenset[int]) -> None:
        """Cuts off a point that is no allocation; else keeps it and asks for a closer one."""
        piece = self._piece
        if piece.polytope.cut_tail(piece.polytope.portfolio(outcome)):
            return
        if len(lost) > piece.allowed + len(piece.always):
            count_what_loses(program, lost)
            return
        found = self._search.best_losing_in(lost)
        if found is None:
            raise SolverFailed("a closer allocation is lost when it is solved alone")
        if found.expected_multiple > self.known.expected_multiple:
            self.known = found
        self._demand_closer()


def _closer_cut(weights: Floats, distance: float) -> Cut:
    """2 sum over (w_b - 1/B) <= distance over the buckets above uniform in ``weights``: stated by
    weights alone, for the cuts that are made from such rows.
    """
    above = np.where(weights > 1 / weights.size, 2.0, 0.0)
    return Cut(-above, -distance - float(above.mean()))
