"""The fewest scenarios in which an allocation can lose: one that is known, and a proved bound.

Which allocation loses least often is a combinatorial question that stays open for problems of
ordinary size, so both ends are returned and neither is called the minimum unless they meet.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.solver.exact.count_bound import CountBound
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.fewest_losses import FewestLosses, LossPoint
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.multiple_slice import MAY_COME_NEAR, MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.measures.risk import LOSS_THRESHOLD
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.scenario_input import LARGEST_MULTIPLE

SEARCH_SEED = 20_260_102
# Of the budget's iterations, for the search for an allocation; the rest goes to the proof.
SEARCH_SHARE = 0.3
# Branching goes about this share of the way from the first bound to the count that was found,
# unless they are so close that it may go all of it.
PROOF_REACH = 0.5
CLOSE = 10


@dataclass(frozen=True, slots=True)
class LeastLosses:
    """``weights`` (B,) reach 1 in every scenario but those in ``losing``; no allocation loses in
    fewer than ``certified``.
    """

    weights: Floats
    losing: frozenset[int]
    certified: int


def least_losses(
    problem: AllocationProblem, *, budget: SearchBudget, enough: int = 0
) -> LeastLosses | None:
    """The fewest losing scenarios within the limits of ``problem``, but for its own limit on loss
    probability; None when the other limits contradict one another.

    An allocation that loses in ``enough`` scenarios, or fewer, is as good as the best: it ends the
    search with nothing certified, and a bound that is not likely to come above is not raised.

    A loss is M_s < `LOSS_THRESHOLD`. Equal problems and budgets in iterations give equal results;
    the clock of ``budget`` only ends the search early. Raises `SolveInterrupted`.
    """
    free = problem.with_limits(replace(problem.limits, max_loss_probability=None))
    search = FewestLosses(free, budget=budget)
    start = search.start()
    if start is None:
        return None
    random = np.random.default_rng(SEARCH_SEED)
    share = int(SEARCH_SHARE * max(0, budget.max_iterations - budget.iterations))
    found = search.improve(start, random=random, iterations=share, enough=enough)
    if found.losing <= enough:
        return LeastLosses(found.weights, found.losing_scenarios(), certified=0)
    certified, losing = _certified(free, found, budget, enough=enough)
    if losing is not None:
        # Met by the proof, where a loss starts a tolerance lower.
        better = search.losing_only_in(losing)
        found = found if better is None or better.losing >= found.losing else better
    if certified < found.losing:
        rest = budget.max_iterations - budget.iterations
        found = search.improve(found, random=random, iterations=rest, enough=certified)
    return LeastLosses(found.weights, found.losing_scenarios(), certified)


def _certified(
    problem: AllocationProblem, known: LossPoint, budget: SearchBudget, *, enough: int
) -> tuple[int, frozenset[int] | None]:
    """The proved bound, and the losing scenarios of a better allocation if the proof met one."""
    portfolio = known.weights @ problem.multiples
    piece = MultipleSlice(
        _with_losses_below_one(problem, most=known.losing - 1),
        minimum=0.0,
        cuts=(),
        near=np.flatnonzero(portfolio < MAY_COME_NEAR).tolist(),
        budget=budget,
    )
    piece.tighten()
    if piece.is_empty:
        return known.losing, None
    program = CountProgram(piece, budget=budget)
    # Envelope cuts would raise the count here, but make each of the nodes below take longer.
    root = program.solve()
    if not program.may_hold_an_allocation(root):
        return known.losing, None
    bound = CountBound(program, root=root, budget=budget)
    if not _is_out_of_reach(enough, bound.certified, found=known.losing):
        bound.raise_it()
    return bound.certified, bound.losing


def _is_out_of_reach(enough: int, bound: int, *, found: int) -> bool:
    """Whether ``bound`` is not likely to be raised above ``enough``."""
    return found - bound > CLOSE and bound + PROOF_REACH * (found - bound) <= enough


def _with_losses_below_one(problem: AllocationProblem, *, most: int) -> AllocationProblem:
    """The same question for programs that take every M_s < 1 for a loss, and allow ``most``.

    A scenario with a multiple so high that it cannot be scaled is made to gain, which can only
    lower the count.
    """
    scaled = problem.multiples / LOSS_THRESHOLD
    scaled[:, scaled.max(axis=0) > LARGEST_MULTIPLE] = 1.0
    limits = replace(problem.limits, max_loss_probability=most / problem.scenarios)
    return replace(problem, multiples=scaled, limits=limits)
