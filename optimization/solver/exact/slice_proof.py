"""Proves an upper bound on the expected multiple by showing that slices hold no allocation.

No allocation in {E >= X} means that the optimum is below X. Slices go down from the bound that
linear programming gives to the target, an incumbent's multiple plus the gap asked for: high slices
are small and soon shown empty, and each is a bound should the next one take too long. Steps are as
long as lets the effort grow by a factor. An allocation found on the way raises the target.
"""

import math
from dataclasses import dataclass

import numpy as np

from optimization.solver.exact.count_program import CountProgram, count_what_loses
from optimization.solver.exact.count_tree import CountTree
from optimization.solver.exact.incremental_lp import LpOutcome
from optimization.solver.exact.losing_sets import Incumbent, LosingSetSearch
from optimization.solver.exact.multiple_slice import MultipleSlice, near_a_loss
from optimization.solver.exact.search_budget import SearchBudget, Stop
from optimization.solver.stated.problem import AllocationProblem

# The first step, as a share of the way from the bound to the target, and the open scenarios beyond
# which it is shorter.
FIRST_STEP = 1 / 8
MANY_SCENARIOS = 200
# Relative: a bound this close to the target is there. CVaR is kept to 1e-8 and gains to 1e-9, and
# either can be worth tens of times as much in expected multiple.
INDISTINCT = 5e-7
# Without an incumbent only a problem with so few scenarios is tried at its last slice.
FEW_SCENARIOS = 60
# A slice with so few open scenarios is worth a try before there is a bound from higher slices.
MOST_AT_ONCE = 300
# What branch and bound in the next slice should take, as a multiple of that in the last one, and by
# how much a step may change.
GROWTH = 3.0
LONGEST_STRETCH = 2.0
# A slice is left for one thinner by a factor when it has taken so many times the last one's
# iterations, or those of few branchings; below the small effort slices count as equal.
THINNER = 4
MOST_GROWTH = 5
FEW_BRANCHINGS = 8_000
SMALL_EFFORT = 500
# Of CVaR over its limit: less may be all that keeps a point apart from its cut.
CLEAR_EXCESS = 1e-6
MOST_HAIRS = 50
# Relative: how far down an allocation is expected when none is known.
BLIND_WAY = 0.02
# Relative: a way this short is taken in one step and to the end, as a part of it is worth little.
SHORT_WAY = 4e-4
# Relative: no gap below this is asked for, the programs cannot tell it from none.
SMALLEST_GAP = 1e-7


@dataclass(frozen=True, slots=True)
class Proof:
    """No allocation has an expected multiple above ``bound``. ``stop`` says what ended the proof
    before the gap was reached, None if nothing did. Without an incumbent and without a stop there
    is no allocation at all.
    """

    bound: float
    incumbent: Incumbent | None
    stop: Stop | None


class SliceProof:
    """``search`` turns what is found into incumbents; ``near`` are scenarios that may lose."""

    def __init__(
        self,
        problem: AllocationProblem,
        *,
        search: LosingSetSearch,
        incumbent: Incumbent | None,
        near: frozenset[int],
        budget: SearchBudget,
    ) -> None:
        self._problem = problem
        self._search = search
        self._incumbent = incumbent
        self._cuts = search.polytope.cuts()
        self._near = near
        # The lowest slice looked at, and whether that was all that was done with it.
        self._lower: MultipleSlice | None = None
        self._untried: MultipleSlice | None = None
        self._given_up = 0
        self._hairs = 0
        self._budget = budget
        # Simplex iterations of the last slice's branch and bound.
        self._branching = 0
        self._gap = max(problem.settings.mip_gap, SMALLEST_GAP)
        self._allowed = problem.allowed_losing_scenarios() or 0

    @property
    def incumbent(self) -> Incumbent | None:
        """The best allocation known."""
        return self._incumbent

    def start_from(self, incumbent: Incumbent) -> None:
        """Takes an allocation that is at least as good as the one known."""
        self._incumbent = incumbent

    @property
    def _target(self) -> float:
        """What the bound must come down to; 0 is below every multiple."""
        if self._incumbent is None:
            return 0.0
        return self._incumbent.expected_multiple * (1 + self._gap)

    def at_once(self, ceiling: float, *, most_iterations: int) -> Proof | None:
        """The proof by the last slice alone; None when that is too much, as when its branch and
        bound takes ``most_iterations``. ``ceiling`` is a bound already proved.
        """
        if self._incumbent is None and self._problem.scenarios > FEW_SCENARIOS:
            return None
        if ceiling <= self._target * (1 + INDISTINCT):
            return Proof(ceiling, self._incumbent, None)
        if self._budget.used_up() is not None or self._is_hopeless():
            return None
        piece = self._tightened(self._target)
        self._lower = piece
        if len(piece.free) > MOST_AT_ONCE and not piece.is_empty:
            self._untried = piece
            return None
        # Cuts at the root take longer than they spare a tree as small as it must be here.
        if self._show_empty(piece, most_iterations=most_iterations, with_envelope_cuts=False):
            self._given_up += 1
            return None
        bound = min(ceiling, piece.minimum)
        # An allocation that is worse when it is solved alone leaves the bound above the target.
        is_there = bound <= self._target * (1 + INDISTINCT)
        return Proof(bound, self._incumbent, None) if is_there else None

    def _is_hopeless(self) -> bool:
        """Whether the last slice has been given up twice, or a lower one had too many open
        scenarios.
        """
        too_many = self._lower is not None and len(self._lower.free) > MOST_AT_ONCE
        return self._given_up > 1 or too_many

    def _first_step(self) -> float:
        """As a share of the way: smaller where many scenarios are open."""
        free = 0 if self._lower is None else len(self._lower.free)
        return FIRST_STEP * min(1.0, MANY_SCENARIOS / max(free, 1))

    def down_from(self, ceiling: float) -> Proof:
        """The proof, as far as the budget goes; ``ceiling`` is a bound already proved."""
        bound = ceiling
        way = ceiling - self._target if self._incumbent else BLIND_WAY * ceiling
        step, effort, failures = way * self._first_step(), 0, 0
        while bound > self._target * (1 + INDISTINCT):
            is_short = bound - self._target - step < max(step / 2, SHORT_WAY * bound)
            minimum = self._target if is_short else bound - step
            stop = self._budget.used_up()
            if stop is not None or self._has_too_many_hairs():
                return Proof(bound, self._incumbent, stop or "iteration_limit")
            piece = self._tightened(minimum)
            most = MOST_GROWTH * max(effort, FEW_BRANCHINGS) * 2**failures
            if bound - self._target < SHORT_WAY * bound:
                most = self._budget.max_iterations
            if self._show_empty(piece, most_iterations=most) is not None:
                step, failures = (bound - minimum) / THINNER, failures + 1
                continue
            bound = min(bound, piece.minimum)
            before, effort = effort, max(self._branching, SMALL_EFFORT)
            step, failures = next_step(step, effort=effort, before=before), 0
        return Proof(bound, self._incumbent, None)

    def _tightened(self, minimum: float) -> MultipleSlice:
        piece, self._untried = self._untried, None
        if piece is None or piece.minimum != minimum:
            piece = self._slice(minimum)
            piece.tighten()
        return piece

    def _slice(self, minimum: float) -> MultipleSlice:
        near = self._near | self._search.active
        if self._incumbent is None:
            near = frozenset(range(self._problem.scenarios))
        else:
            near |= near_a_loss(self._incumbent.weights @ self._problem.multiples)
        return MultipleSlice(
            self._problem,
            minimum=minimum,
            cuts=self._cuts,
            near=near,
            lower=self._lower,
            budget=self._budget,
        )

    def _show_empty(
        self, piece: MultipleSlice, *, most_iterations: int, with_envelope_cuts: bool = True
    ) -> Stop | None:
        """What ended the attempt, ``iteration_limit`` also when branching took ``most_iterations``;
        None when nothing above ``piece.minimum`` is left.
        """
        self._branching = 0
        if piece.is_empty:
            return None
        stop = self._budget.used_up()
        if stop is not None:
            return stop
        program = CountProgram(piece, budget=self._budget, counted=())
        if with_envelope_cuts:
            root = program.add_envelope_cuts()
            if not program.may_hold_an_allocation(root):
                return None

        def consider(outcome: LpOutcome, lost: frozenset[int]) -> None:
            self._consider(program, outcome, lost)

        tree = CountTree(program, on_candidate=consider, budget=self._budget)
        started = self._budget.iterations
        verdict = tree.search(last_iteration=started + most_iterations)
        self._branching = self._budget.iterations - started
        return None if verdict == "empty" else verdict

    def _consider(self, program: CountProgram, outcome: LpOutcome, lost: frozenset[int]) -> None:
        """Cuts off a point that is no allocation; else keeps it and asks for a better one."""
        piece = program.piece
        if len(lost) > self._allowed:
            if not piece.polytope.cut_tail(piece.polytope.portfolio(outcome)):
                count_what_loses(program, lost)
            return
        found = self._search.best_losing_in(lost)
        if found is not None:
            known = -np.inf if self._incumbent is None else self._incumbent.expected_multiple
            if found.expected_multiple > known:
                self._incumbent = found
        best = -np.inf if found is None else found.expected_multiple
        if best < piece.minimum * (1 - INDISTINCT) and self._cut_as_alone(piece, outcome):
            return
        if found is None:
            self._hairs += 1
            if self._has_too_many_hairs():
                return
        # Solved alone it may be worse by what the programs cannot tell.
        piece.raise_minimum(max(self._target, piece.minimum * (1 + self._gap)))

    def _has_too_many_hairs(self) -> bool:
        """Whether points that keep all limits but for what rows may be broken by, and are none when
        they are solved alone, come without an end.
        """
        return self._hairs > MOST_HAIRS

    def _cut_as_alone(self, piece: MultipleSlice, outcome: LpOutcome) -> bool:
        """Takes over the cuts on CVaR by which what loses there is below the slice when it is
        solved alone: the point breaks one of them. Whether there are any.
        """
        known = {id(cut) for cut in piece.polytope.cuts()}
        new = [cut for cut in self._search.polytope.cuts() if id(cut) not in known]
        for cut in new:
            piece.polytope.add_cut(cut)
        portfolio = piece.polytope.portfolio(outcome)
        return piece.polytope.cut_tail(portfolio, tolerance=CLEAR_EXCESS) or bool(new)


def next_step(step: float, *, effort: int, before: int) -> float:
    """How far to go down after ``step``, whose slice took ``effort`` and the one above it
    ``before`` (0: there was none), so that the next takes about `GROWTH` times as much: effort
    grows exponentially with the way down.
    """
    if before == 0:
        return step if effort > SMALL_EFFORT else step * LONGEST_STRETCH
    growth = math.log(max(effort / before, 1.0))
    if growth * LONGEST_STRETCH <= math.log(GROWTH):
        return step * LONGEST_STRETCH
    return step * max(math.log(GROWTH) / growth, 1 / LONGEST_STRETCH)
