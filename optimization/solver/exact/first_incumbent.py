"""The allocation a search starts from: what the caller knows, or the best that is soon found."""

from collections.abc import Iterator

import numpy as np

from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.losing_sets import Incumbent, LosingSetSearch
from optimization.solver.exact.loss_removal import LossRemoval
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.measures.risk import LOSS_THRESHOLD
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem


class UnusableStart(ValueError):
    """What the caller claims to know of the optimum is not so."""


def check_known(problem: AllocationProblem, weights: Floats) -> None:
    """Raises `UnusableStart` when ``weights`` (B,) break a limit."""
    broken = broken_limits(problem=problem, weights=weights.tolist())
    if broken:
        raise UnusableStart("; ".join(["the weights known break limits", *map(str, broken)]))


def first_incumbent(
    problem: AllocationProblem,
    *,
    search: LosingSetSearch,
    known_weights: Floats | None,
    ceiling: float,
    budget: SearchBudget,
) -> Incumbent | None:
    """The best of what ``known_weights`` lead to and the greedy choice of losing scenarios; where
    both end nowhere, what removing losses leads to, or None. ``ceiling`` bounds the expected
    multiple.
    """
    starts = list(_at_hand(problem, search, known_weights))
    if starts:
        return max(starts, key=lambda incumbent: incumbent.expected_multiple)
    allowed = problem.allowed_losing_scenarios() or 0
    losing = LossRemoval(problem, budget=budget).small_enough(allowed=allowed, ceiling=ceiling)
    return None if losing is None else search.best_losing_in(losing)


def _at_hand(
    problem: AllocationProblem, search: LosingSetSearch, known_weights: Floats | None
) -> Iterator[Incumbent]:
    greedy = search.greedy()
    if greedy is not None:
        yield greedy
    if known_weights is None:
        return
    losing = np.flatnonzero(known_weights @ problem.multiples < LOSS_THRESHOLD)
    # None when the weights keep a limit only within the tolerance of the check.
    improved = search.best_losing_in(frozenset(losing.tolist()))
    if improved is not None:
        yield improved
