"""Second pass: of the nearly best allocations the one closest to uniform, made unique.

Nearly best means an expected multiple of at least (1 - epsilon) times the first pass's.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.exact.closer_allocation import CloserAllocation, distance_of
from optimization.solver.exact.distance_program import MOST_DISTANCE, DistanceProgram
from optimization.solver.exact.losing_sets import Incumbent, LosingSetSearch
from optimization.solver.exact.portfolio import portfolio_of
from optimization.solver.exact.search_budget import SearchBudget, Stop
from optimization.solver.exact.smallest_in_order import smallest_in_order
from optimization.solver.exact.tail_cuts import Cut, tail_of
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.measures import risk
from optimization.solver.rounding import exact_weights
from optimization.solver.stated.problem import AllocationProblem

# Simplex iterations rather than seconds, so that equal problems stop at the same point: as many as
# the first pass took to its proof, at least so many, and no more where it has none.
FEWEST_ITERATIONS = 30_000
# Of programs, before it is asked whether they still bring anything; and of times.
SEARCH_PROGRAMS = 30
SEARCHES = 5
SEARCH_SEED = 20_260_102
# Distances that differ by less cannot be told apart.
SAME_DISTANCE = 1e-8
# Relative. The first pass keeps its rows to 1e-9, which can be worth tens of times as much in
# expected multiple: when nothing is to be given up, its own weights can miss the lock by it.
INDISTINCT = 5e-8

Search = Literal["optimal"] | Stop


class NothingThere(SolverFailed):
    """The programs find no allocation, though the first pass had one."""


@dataclass(frozen=True, slots=True)
class SecondPass:
    """``weights`` (B,) are closest to uniform among the allocations that lose in no scenario
    outside ``losing``, and the smallest in order of bucket among equally close ones.
    ``search`` says how ``losing`` was chosen: ``optimal`` when no other choice comes closer
    (within the relative gap), else which budget ended the search.
    """

    weights: NDArray[np.float64]
    losing: frozenset[int]
    distance: float
    search: Search


def closest_to_uniform(
    problem: AllocationProblem,
    *,
    minimum_expected_multiple: float,
    first_weights: NDArray[np.float64],
    losing: Collection[int],
    highs: BudgetedHighs,
    briefly: bool = False,
) -> SecondPass:
    """The second pass's answer; ``first_weights`` (B,) are the first's and ``losing`` the
    scenarios in which they may lose. ``briefly`` searches no longer than `FEWEST_ITERATIONS`.
    """
    iterations = FEWEST_ITERATIONS if briefly else max(FEWEST_ITERATIONS, highs.iterations)
    first = Incumbent(first_weights, frozenset(losing), minimum_expected_multiple)
    kept = _with_what_is_kept(problem, first_weights)
    budget = SearchBudget(highs, iterations)
    try:
        return _closest(_Closest(kept, minimum_expected_multiple, budget), first)
    except NothingThere:
        lowered = minimum_expected_multiple * (1 - INDISTINCT)
        return _closest(_Closest(kept, lowered, budget), first)


def _closest(closest: "_Closest", first: Incumbent) -> SecondPass:
    unlimited = closest.without_loss_limit()
    allowed = closest.problem.allowed_losing_scenarios()
    if allowed is None or len(unlimited.losing) <= allowed:
        # The closest and smallest among more allocations is that inside the limit, if it is there.
        return unlimited
    return closest.within(allowed, first=first, least=unlimited.distance)


def _with_what_is_kept(
    problem: AllocationProblem, weights: NDArray[np.float64]
) -> AllocationProblem:
    """The problem with a limit on CVaR that these weights keep to the last digit."""
    limit = problem.limits.cvar
    if limit is None:
        return problem
    portfolio = portfolio_of(weights, multiples=problem.multiples)
    kept = tail_of(portfolio, confidence=limit.confidence).mean_loss(portfolio)
    kept_limit = replace(limit, maximum=max(limit.maximum, kept))
    return problem.with_limits(replace(problem.limits, cvar=kept_limit))


@dataclass(slots=True)
class _Closest:
    """Allocations of ``problem`` with an expected multiple of at least ``minimum``."""

    problem: AllocationProblem
    minimum: float
    budget: SearchBudget
    _cuts: tuple[Cut, ...] = ()

    def without_loss_limit(self) -> SecondPass:
        """The answer if any scenario may lose; ``losing`` are those in which it does."""
        polytope = self._program().polytope
        outcome = polytope.solve_within_tail()
        if outcome.status != "optimal":
            raise NothingThere("the second pass has no allocation, the first had one")
        self._cuts = polytope.cuts()
        weights = smallest_in_order(polytope, outcome, losing=None)
        return SecondPass(
            weights, self._losing(weights), outcome.objective + MOST_DISTANCE, "optimal"
        )

    def within(
        self,
        allowed: int,
        *,
        first: Incumbent,
        least: float,
    ) -> SecondPass:
        """The answer with at most ``allowed`` losing scenarios; ``least`` bounds its distance."""
        program = self._program()
        start = portfolio_of(first.weights, multiples=self.problem.multiples)
        search = LosingSetSearch(program.polytope, allowed=allowed, start=start)
        program.minimise()
        known = self._searched(search, first=first, least=least)
        stop: Stop | None = None
        if not self._is_closest(known, least):
            closer = CloserAllocation(
                self.problem,
                minimum=self.minimum,
                search=search,
                known=known,
                budget=self.budget,
            )
            stop = closer.search_to_the_end()
            known = closer.known
        return SecondPass(
            self._ordered(search, known), known.losing, distance_of(known), stop or "optimal"
        )

    def _searched(self, search: LosingSetSearch, *, first: Incumbent, least: float) -> Incumbent:
        """The closest allocation that a short search finds."""
        starts = [search.greedy(), search.best_losing_in(first.losing)]
        usable = [start for start in starts if start is not None]
        if not usable:
            raise NothingThere("the second pass has no allocation, the first had one")
        known = min(usable, key=distance_of)
        random = np.random.default_rng(SEARCH_SEED)
        for _ in range(SEARCHES):
            if self._is_closest(known, least):
                break
            better = search.improve(known, random=random, programs=SEARCH_PROGRAMS)
            if distance_of(better) >= distance_of(known):
                break
            known = better
        return known

    def _is_closest(self, known: Incumbent, least: float) -> bool:
        """Within the relative gap of the problem's settings; ``least`` bounds every distance."""
        gap = self.problem.settings.mip_gap
        return distance_of(known) * (1 - gap) <= least + SAME_DISTANCE

    def _program(self) -> DistanceProgram:
        polytope = WeightPolytope(self.problem, budget=self.budget)
        polytope.add_row(polytope.means, lower=self.minimum)
        program = DistanceProgram(polytope)
        for cut in self._cuts:
            polytope.add_cut(cut)
        program.minimise()
        return program

    def _ordered(self, search: LosingSetSearch, known: Incumbent) -> NDArray[np.float64]:
        if search.best_losing_in(known.losing) is None:
            raise SolverFailed("a choice of losing scenarios had an allocation and has none")
        outcome = search.polytope.lp.solve()
        return smallest_in_order(search.polytope, outcome, losing=known.losing)

    def _losing(self, weights: NDArray[np.float64]) -> frozenset[int]:
        """Of the weights as they will be reported."""
        reported = np.array(exact_weights(weights.tolist()))
        portfolio = risk.portfolio_multiples(weights=reported, multiples=self.problem.multiples)
        return frozenset(np.flatnonzero(portfolio < risk.LOSS_THRESHOLD).tolist())
