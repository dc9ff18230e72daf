"""Where a linear program with a limit on CVaR has its optimum, without a proof.

Scenarios far from the tail's edge keep to their side of it. Those that are found on the other one
are looked at as well the next time.
"""

import numpy as np

from optimization.solver.exact.incremental_lp import Floats, Indices, StatedProgram
from optimization.solver.exact.portfolio import portfolio_of
from optimization.solver.exact.tail_cuts import tail_scenarios
from optimization.solver.exact.tail_piece import Flags, Numbers, TailPiece, limit_rows

# How many of the scenarios closest to the edge are looked at, times the root of their number and
# of that of columns: an optimum over an eighth of them leaves about that many on the wrong side.
CLOSE_TO_THE_EDGE = 1.0
# Of the price of CVaR to begin with, the largest cost being 1: that of a sample may be nothing, or
# beyond all bounds where the sample cannot keep the limit.
FIRST_PRICE, LEAST_PRICE, MOST_PRICE = 0.5, 1e-3, 1e3
# A scenario is on a side of the edge if it is this far from it.
ON_A_SIDE = 1e-9
# Two are enough but for accidents, after which it is no start worth having.
MOST_ROUNDS = 6


class TailDescent:
    """Goes to the optimum over some scenarios, and on from there over more of them. Without a
    ``maximum`` the least CVaR is looked for, in a program without costs.
    """

    def __init__(
        self, program: StatedProgram, *, weights: Indices, confidence: float, maximum: float | None
    ) -> None:
        self._limits = limit_rows(program)
        self._costs = np.append(program.costs, 0.0)
        self._weights = weights
        self._confidence = confidence
        self._maximum = maximum
        size = self._costs.size
        # Where nothing costs anything, any price will do.
        self._price_unit = float(np.abs(self._costs).max()) or 1.0
        self._price = FIRST_PRICE * self._price_unit
        self._begun = False
        self._x = self._corner_x = self._limits.levels[:size]
        self._directions = np.eye(size)
        # Limits by their row, and after them scenarios by their number among all.
        self._held = np.arange(size)

    @property
    def weights(self) -> Floats:
        """(B,) where it has come to."""
        return self._x[self._weights]

    def go_down(self, multiples: Floats, *, step: int) -> None:
        """To the optimum over ``multiples`` (B, S), which are those of every ``step``-th scenario.
        Steps are multiples of later ones.
        """
        gaps = self._gaps(multiples)
        single = self._close_to_the_edge(gaps)
        held = self._held[self._held >= self._limits.levels.size] - self._limits.levels.size
        single[held // step] = True
        for _ in range(MOST_ROUNDS):
            summed = ~single & (gaps < 0)
            self._go_down_piece(multiples, np.flatnonzero(single), summed, step)
            gaps = self._gaps(multiples)
            strayed = ~single & np.where(summed, gaps > ON_A_SIDE, gaps < -ON_A_SIDE)
            if not strayed.any():
                break
            single |= strayed | self._close_to_the_edge(gaps)

    def _gaps(self, multiples: Floats) -> Floats:
        """(S,) how far scenarios are from being in the tail."""
        portfolio = portfolio_of(self.weights, multiples=multiples)
        return np.asarray(portfolio - (1 - self._x[-1]))

    def _close_to_the_edge(self, gaps: Floats) -> Flags:
        """All scenarios (S,) where nothing is known of the edge."""
        scenarios = gaps.size
        count = int(CLOSE_TO_THE_EDGE * np.sqrt(scenarios * self._costs.size))
        if not self._begun or count >= scenarios:
            return np.ones(scenarios, dtype=bool)
        close = np.zeros(scenarios, dtype=bool)
        close[np.argpartition(np.abs(gaps), count)[:count]] = True
        return close

    def _go_down_piece(self, multiples: Floats, single: Numbers, summed: Flags, step: int) -> None:
        scenarios = multiples.shape[1]
        piece = TailPiece(
            self._limits,
            costs=self._costs,
            weights=self._weights,
            multiples=multiples,
            mass=tail_scenarios(confidence=self._confidence, scenarios=scenarios),
            single=single,
            summed=summed,
        )
        # Rows of the piece, as numbers among limits and all scenarios.
        limits = self._limits.levels.size
        numbers = np.append(np.arange(limits), limits + single * step)
        held = np.searchsorted(numbers, self._held)
        corner = piece.corner(self._corner_x, held=held, directions=self._directions)
        self._x, price = piece.go_to_minimum(corner, price=self._price, maximum=self._maximum)
        lowest, highest = LEAST_PRICE * self._price_unit, MOST_PRICE * self._price_unit
        self._price = min(max(price, lowest), highest)
        self._corner_x, self._directions = corner.x, corner.directions
        self._held = numbers[corner.held]
        self._begun = True
