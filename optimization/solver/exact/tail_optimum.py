"""The optimum of a linear program over the weights with CVaR limited, or CVaR itself at its least.

A descent over more and more of the scenarios finds where it is. `TailProgram`, which is exact where
it has been refined, proves that or goes on from there: the next allocation is looked for near the
last one, and further away only while the reach holds it back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimization.solver.exact.incremental_lp import Floats, IncrementalLp, Indices, LpOutcome
from optimization.solver.exact.tail_cuts import TAIL_TOLERANCE, Cut, tail_scenarios
from optimization.solver.exact.tail_descent import TailDescent
from optimization.solver.exact.tail_program import TailProgram

# Every so many scenarios, again and again, while so many scenarios and so long a tail are left.
THINNING = 8
FEWEST_SCENARIOS = 200
SHORTEST_TAIL = 10.0
# How far a weight may move at first from where the descent has come to.
FIRST_REACH = 0.01
# A reach of a half and more is no limit, no weight is above 1.
MOST_REACH = 0.5


@dataclass(frozen=True, slots=True)
class TailOptimum:
    """``weights`` (B,) have a CVaR of ``cvar``. No others have a lower cost than ``objective``, but
    for the tolerances of programs and `TAIL_TOLERANCE` of CVaR; ``cuts`` are what holds them.
    """

    weights: Floats
    objective: float
    cvar: float
    cuts: tuple[Cut, ...]


def tail_optimum(
    lp: IncrementalLp,
    *,
    weights: Indices,
    multiples: Floats,
    confidence: float,
    maximum: float | None,
) -> TailOptimum | None:
    """The minimum of ``lp`` with CVaR at most ``maximum``; the least CVaR where that is None, for a
    program without costs. None when there is no allocation. ``lp`` itself is left as it is.
    """
    descent = TailDescent(lp.stated(), weights=weights, confidence=confidence, maximum=maximum)
    for step in _steps(multiples.shape[1], confidence=confidence):
        descent.go_down(np.ascontiguousarray(multiples[:, ::step]), step=step)
    program = TailProgram(
        lp.copy(), weights=weights, multiples=multiples, confidence=confidence, maximum=maximum
    )
    outcome = _Reach(program, weights=weights, start=descent.weights).optimum()
    if outcome.status != "optimal":
        return None
    optimum = outcome.values[weights]
    portfolio = program.portfolio(optimum)
    return TailOptimum(
        weights=optimum,
        objective=outcome.objective,
        cvar=program.tail(portfolio).mean_loss(portfolio),
        cuts=tuple(program.cuts()) if maximum is not None else (),
    )


def _steps(scenarios: int, *, confidence: float) -> Iterator[int]:
    """How many scenarios to go on by; at last 1, which is all of them."""
    step = 1
    while True:
        left = scenarios // (step * THINNING)
        tail = tail_scenarios(confidence=confidence, scenarios=left)
        if left < FEWEST_SCENARIOS or tail < SHORTEST_TAIL:
            break
        step *= THINNING
    while step >= 1:
        yield step
        step //= THINNING


class _Reach:
    """A box around some weights, moved and widened until it holds nothing back."""

    def __init__(self, program: TailProgram, *, weights: Indices, start: Floats) -> None:
        self._program = program
        self._weights = weights
        self._centre = start
        self._reach = FIRST_REACH
        self._outer = program.lp.column_bounds(weights)
        program.begin_at(start)

    def optimum(self) -> LpOutcome:
        """Optimal or infeasible for the whole program, whatever the reach."""
        lower, upper = self._bound()
        while True:
            outcome = self._program.lp.solve()
            if outcome.status == "optimal":
                weights = outcome.values[self._weights]
                portfolio = self._program.portfolio(weights)
                if self._program.excess(
                    outcome, portfolio
                ) > TAIL_TOLERANCE and self._program.refine_at(outcome, portfolio):
                    continue
                held = ((weights <= lower) & (lower > self._outer[0])) | (
                    (weights >= upper) & (upper < self._outer[1])
                )
                if not held.any():
                    return outcome
                self._centre = weights
            elif self._reach >= MOST_REACH:
                return outcome
            self._reach *= 2
            lower, upper = self._bound()

    def _bound(self) -> tuple[Floats, Floats]:
        lower, upper = self._outer
        if self._reach < MOST_REACH:
            lower = np.maximum(lower, self._centre - self._reach)
            upper = np.minimum(upper, self._centre + self._reach)
        self._program.lp.bound_columns(self._weights, lower, upper)
        return lower, upper
