"""Whether some allocation within given limits loses in few enough scenarios: one, or a proof.

The same proof as that of a bound on the expected multiple (`slice_proof`), for the limits alone.
"""

from collections.abc import Iterable
from typing import Literal

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.count_tree import CountTree
from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.multiple_slice import MAY_COME_NEAR, MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.tail_cuts import Cut
from optimization.solver.stated.problem import AllocationProblem

Answer = frozenset[int] | Literal["none", "open"]


class _Found(Exception):
    def __init__(self, losing: frozenset[int]) -> None:
        self.losing = losing
        super().__init__()


def probe(
    problem: AllocationProblem, *, cuts: Iterable[Cut], near: Floats, budget: SearchBudget
) -> Answer:
    """The scenarios in which some allocation within the limits of ``problem`` loses, few enough;
    ``none`` when no such allocation is within ``cuts`` as well, which one that is found may break;
    ``open`` when the budget ended before either. ``near`` (B,) are weights in whose neighbourhood
    to count losses first.
    """
    scenarios = np.flatnonzero(near @ problem.multiples < MAY_COME_NEAR).tolist()
    piece = MultipleSlice(problem, minimum=0.0, cuts=cuts, near=scenarios, budget=budget)
    piece.tighten()
    if piece.is_empty:
        return "none"
    if budget.used_up() is not None:
        return "open"
    program = CountProgram(piece, budget=budget)
    root = program.add_envelope_cuts()
    if not program.may_hold_an_allocation(root):
        return "none"

    def consider(outcome: LpOutcome, lost: frozenset[int]) -> None:
        _consider(program, outcome, lost)

    try:
        tree = CountTree(program, on_candidate=consider, budget=budget)
        verdict = tree.search(last_iteration=budget.max_iterations)
    except _Found as found:
        return found.losing
    return "none" if verdict == "empty" else "open"


def _consider(program: CountProgram, outcome: LpOutcome, lost: frozenset[int]) -> None:
    """Cuts off a point that is no allocation, or counts what was not counted."""
    piece = program.piece
    if piece.polytope.cut_tail(piece.polytope.portfolio(outcome)):
        return
    if len(lost) <= (piece.polytope.problem.allowed_losing_scenarios() or 0):
        raise _Found(lost)
    uncounted = lost - set(program.scenarios) - piece.always
    if not uncounted:
        raise SolverFailed("a count of losing scenarios contradicts its own switches")
    for scenario in sorted(uncounted):
        program.add_switch(scenario)
