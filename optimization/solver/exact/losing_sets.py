"""Looks for a good allocation by choosing the scenarios that may lose.

With that choice made the rest is a linear program: maximise the expected multiple with M_s >= 1 in
every other scenario. The search starts from a greedy choice and then trades scenarios: it lets a
few more lose, those whose requirement costs most, and forbids as many others, those that lose
least. A slightly worse choice is accepted at times, less and less so (simulated annealing by
threshold: Dueck & Scheuer, Journal of Computational Physics 90, 1990). Nothing is proved.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.weight_polytope import LOST_BELOW, WeightPolytope

# Scenarios up to this multiple at the start are required from the first program on.
NEAR_LOSS = 1.12
MOST_TRADED = 6
# Losses are compared after a random factor in this range, so that equal states differ in moves.
NOISE = (0.7, 1.3)
# How often the scenarios just let go may not be taken back at once.
TABU_SHARE = 0.8
# The relative decline that is accepted, at first, in every other move; and in the rest.
THRESHOLDS = (0.003, 0.001)
COOLING_CYCLES = 4
FAILURES_BEFORE_RETURN = 60
# Programs without improvement after which the search ends.
PATIENCE = 1_000
MOST_REPAIRS = 12
MOST_CUTS = 60


@dataclass(frozen=True, slots=True)
class Incumbent:
    """``weights`` (B,) keep every limit and lose at most in the scenarios ``losing``."""

    weights: Floats
    losing: frozenset[int]
    expected_multiple: float


@dataclass(frozen=True, slots=True)
class _State:
    """An incumbent, the scenarios required of it and what each of these costs."""

    incumbent: Incumbent
    required: tuple[int, ...]
    prices: Floats


class LosingSetSearch:
    """One polytope whose scenario rows are switched on and off.

    ``active`` are the scenarios that have come near a loss; all others gain without being asked.
    """

    def __init__(self, polytope: WeightPolytope, *, allowed: int, start: Floats) -> None:
        self.polytope = polytope
        self._allowed = allowed
        self.active = frozenset(np.flatnonzero(start < NEAR_LOSS).tolist())
        polytope.maximise_expected_multiple()

    def greedy(self) -> Incumbent | None:
        """Requires gains of a third of the scenarios too many, the smallest losses first, until
        few enough lose.
        """
        required: frozenset[int] = frozenset()
        while (outcome := self._best_gaining_in(required)) is not None:
            portfolio = self.polytope.portfolio(outcome)
            lost = np.flatnonzero(portfolio < LOST_BELOW)
            if lost.size <= self._allowed:
                return self.best_losing_in(frozenset(lost.tolist()))
            forbidden = max(1, (lost.size - self._allowed) // 3)
            smallest_first = lost[np.argsort(-portfolio[lost], kind="stable")]
            required |= frozenset(smallest_first[:forbidden].tolist())
        return None

    def best_losing_in(self, losing: frozenset[int]) -> Incumbent | None:
        """The highest expected multiple with losses in ``losing`` alone; None without any."""
        while (outcome := self._best_gaining_in(self.active - losing)) is not None:
            lost = self._lost(outcome)
            if lost <= losing:
                multiple = -outcome.objective
                weights = outcome.values[self.polytope.weights]
                return Incumbent(weights, lost, multiple)
            if lost <= losing | self.active:
                raise SolverFailed("a linear program does not keep the gains required of it")
            self.active |= lost
        return None

    def improve(self, start: Incumbent, *, random: np.random.Generator, programs: int) -> Incumbent:
        """The best met in about ``programs`` linear programs of trading from ``start``."""
        current = self._priced(start)
        best = current
        failures, move, spent, improved = 0, 0, 0, 0
        began = self.polytope.lp.programs
        while (
            spent < min(programs, improved + PATIENCE)
            and best.prices.any()
            and not self.polytope.lp.out_of_budget
        ):
            phase = COOLING_CYCLES * spent / programs % 1
            decline = THRESHOLDS[move % 2] * (1 - phase)
            traded = self._trade(current, decline=decline, random=random)
            failures += 1
            if traded is not None:
                current = self._priced(traded)
                if traded.expected_multiple > best.incumbent.expected_multiple:
                    best, failures, improved = current, 0, spent
            if failures >= FAILURES_BEFORE_RETURN:
                current, failures = best, 0
            move += 1
            spent = self.polytope.lp.programs - began
        return best.incumbent

    def _priced(self, incumbent: Incumbent) -> _State:
        """Solves once more, as the last program may have been another."""
        required = self.active - incumbent.losing
        outcome = self._best_gaining_in(required)
        if outcome is None:
            raise SolverFailed("a choice of losing scenarios had an allocation and has none")
        if len(self.polytope.cuts()) > MOST_CUTS:
            self.polytope.drop_slack_cuts()
            self.polytope.solve_within_tail()
        ordered = tuple(sorted(required))
        prices = np.maximum(self.polytope.prices_of_gain(ordered), 0.0)
        lost = self._lost(outcome)
        return _State(replace(incumbent, losing=lost), ordered, prices)

    def _trade(
        self, state: _State, *, decline: float, random: np.random.Generator
    ) -> Incumbent | None:
        """Another choice that is worse by at most ``decline``, or None when the move fails."""
        lowest = state.incumbent.expected_multiple * (1 - decline)
        let_go = _drawn(state, random)
        tabu = let_go if random.random() < TABU_SHARE else frozenset()
        losing = state.incumbent.losing | let_go
        for _ in range(MOST_REPAIRS):
            self.polytope.require_gain(self.active - losing)
            outcome = self.polytope.lp.solve()
            if outcome.status != "optimal" or -outcome.objective < lowest:
                return None
            lost = self._lost(outcome)
            self.active |= lost
            losing &= lost
            if len(losing) <= self._allowed:
                found = self.best_losing_in(losing)
                worse = found is None or found.expected_multiple < lowest
                return None if worse else found
            losing -= self._to_forbid(outcome, losing, tabu=tabu, random=random)
        return None

    def _to_forbid(
        self,
        outcome: LpOutcome,
        losing: frozenset[int],
        *,
        tabu: frozenset[int],
        random: np.random.Generator,
    ) -> frozenset[int]:
        """Half of those too many, by the size of their loss times noise; tabu ones last."""
        candidates = np.array(sorted(losing))
        loss = 1 - self.polytope.portfolio(outcome)[candidates]
        loss *= random.uniform(*NOISE, size=loss.size)
        loss[np.isin(candidates, sorted(tabu))] += 1 + NOISE[1]
        forbidden = (len(losing) - self._allowed + 1) // 2
        return frozenset(candidates[np.argsort(loss, kind="stable")][:forbidden].tolist())

    def _best_gaining_in(self, required: frozenset[int]) -> LpOutcome | None:
        self.polytope.require_gain(required)
        outcome = self.polytope.solve_within_tail()
        return outcome if outcome.status == "optimal" else None

    def _lost(self, outcome: LpOutcome) -> frozenset[int]:
        return frozenset(np.flatnonzero(self.polytope.portfolio(outcome) < LOST_BELOW).tolist())


def _drawn(state: _State, random: np.random.Generator) -> frozenset[int]:
    """A few required scenarios, those with a high price more likely."""
    chances = np.sqrt(state.prices)
    size = min(int(np.count_nonzero(chances)), int(random.integers(1, MOST_TRADED + 1)))
    drawn = random.choice(
        np.array(state.required), size=size, replace=False, p=chances / chances.sum()
    )
    return frozenset(drawn.tolist())
