"""CVaR inside a linear program over the weights, scenario by scenario only where that matters.

    cvar >= edge + (1 / tail) sum_s max(0, 1 - M_s - edge)

needs a column and a row for every scenario that is in the tail of some allocations and not of
others (Rockafellar & Uryasev 2000). The scenarios that have been in the tail all along stand in it
as one sum, and those that never were stay out, which makes the right-hand side no larger. So the
program is a relaxation, exact at every allocation it has been refined at.
"""

import math

import numpy as np
from numpy.typing import NDArray

from optimization.solver.exact.incremental_lp import Floats, IncrementalLp, Indices, LpOutcome
from optimization.solver.exact.portfolio import portfolio_of
from optimization.solver.exact.tail_cuts import Cut, Tail, tail_of, tail_scenarios

Numbers = NDArray[np.intp]

# Multiples this close to the tail's edge are not inside it. What they would add to CVaR is a tenth
# of the tolerance that it is kept to.
AT_THE_EDGE = 1e-9
# A share of the tail that is no further from none or all of a scenario's is none or all of it.
NO_SHARE = 1e-9
# Scenarios this close to the edge of the first tail may end up on either side of it: as many of
# them as there are weights hold an optimum there, or a few times as many where scenarios are equal.
CLOSE_TO_THE_EDGE = 1e-7
MOST_BY_WEIGHT = 4


class TailProgram:
    """``lp``, to which the tail is added, minimises what it minimises with CVaR at most
    ``maximum``; with None it minimises CVaR, and must have no costs of its own. ``multiples``
    (B, S) are those of the columns ``weights``.
    """

    def __init__(
        self,
        lp: IncrementalLp,
        *,
        weights: Indices,
        multiples: Floats,
        confidence: float,
        maximum: float | None,
    ) -> None:
        self.lp = lp
        self._weights = weights
        self._multiples = multiples
        self._confidence = confidence
        self._maximum = maximum
        scenarios = multiples.shape[1]
        self._mass = tail_scenarios(confidence=confidence, scenarios=scenarios)
        highest = 1.0 if maximum is None else maximum
        self._cvar, self._edge = lp.add_columns(np.zeros(2), np.array([highest, 1.0])).tolist()
        if maximum is None:
            lp.set_costs(np.array([self._cvar], dtype=np.int32), np.ones(1))
        self._summed = np.zeros(scenarios, dtype=bool)
        self._single_rows = np.full(scenarios, -1, dtype=np.int32)
        self._row = lp.add_row(
            np.array([*weights, self._cvar, self._edge], dtype=np.int32),
            np.array([*np.ones(weights.size), 1.0, -1.0]),
            -np.inf,
            np.inf,
        )

    def tail(self, portfolio: Floats) -> Tail:
        return tail_of(portfolio, confidence=self._confidence)

    def portfolio(self, weights: Floats) -> Floats:
        """(S,) multiples."""
        return portfolio_of(weights, multiples=self._multiples)

    def begin_at(self, weights: Floats) -> None:
        """States the tail of these weights (B,): as a sum, but for what is at its edge."""
        portfolio = self.portfolio(weights)
        tail = self.tail(portfolio)
        whole = tail.shares * self._mass >= 1 - NO_SHARE
        self._summed[tail.scenarios[whole]] = True
        # Of a tail with room for more than all that lose, the edge is where a loss begins.
        is_full = tail.shares.sum() >= 1 - NO_SHARE
        edge = portfolio[tail.scenarios].max() if is_full else 1.0
        close = self._closest(np.abs(portfolio - edge))
        self._summed[close] = False
        self._state_sum()
        self._state_singly(np.union1d(close, tail.scenarios[~whole]))

    def _closest(self, distances: Floats) -> Numbers:
        """Scenarios at the edge, the closest if they are too many."""
        close = np.flatnonzero(distances <= CLOSE_TO_THE_EDGE)
        order = np.argsort(distances[close], kind="stable")
        return close[order[: MOST_BY_WEIGHT * self._weights.size]]

    def excess(self, outcome: LpOutcome, portfolio: Floats) -> float:
        """By how much the CVaR of an optimum, which has this ``portfolio``, is above its limit, or
        above what the program takes it for.
        """
        stated = self._maximum
        if stated is None:
            stated = float(outcome.values[self._cvar])
        return self.tail(portfolio).mean_loss(portfolio) - stated

    def refine_at(self, outcome: LpOutcome, portfolio: Floats) -> bool:
        """Makes the program exact at an optimum with this ``portfolio``; False if it is, but for
        what programs cannot tell.
        """
        inside = portfolio < 1 - outcome.values[self._edge] - AT_THE_EDGE
        leaving = np.flatnonzero(self._summed & ~inside)
        entering = np.flatnonzero(inside & ~self._summed & (self._single_rows < 0))
        if leaving.size:
            self._summed[leaving] = False
            self._state_sum()
            columns = self._state_singly(leaving)
            # They take the place that they had in the sum, so that the last optimum is kept.
            self.lp.enter_basis(columns=columns, rows=self._single_rows[leaving])
        if entering.size:
            self._state_singly(entering)
        return bool(leaving.size or entering.size)

    def cuts(self) -> list[Cut]:
        """Inequalities on the weights that hold the last optimum: together they allow no better
        one, and it has its largest CVaR by each of them. None where the limit holds nothing.
        """
        if self._maximum is None:
            raise ValueError("CVaR was minimised, there is no limit to cut at")
        duals = self.lp.duals().rows
        price = float(duals[self._row])
        if price <= 0:
            return []
        singles = np.flatnonzero(self._single_rows >= 0)
        taken = np.clip(duals[self._single_rows[singles]] / price * self._mass, 0.0, 1.0)
        summed = np.flatnonzero(self._summed)
        base = self._multiples[:, summed].sum(axis=1)
        alone = self._multiples[:, singles]
        return [
            Cut(
                (base + alone @ part) / self._mass,
                math.fsum([summed.size, *part.tolist()]) / self._mass - self._maximum,
            )
            for part in [taken, *_vertices(taken)]
        ]

    def _state_sum(self) -> None:
        """cvar >= edge + sum over the summed of (1 - M_s - edge) / tail, plus the single ones."""
        share = np.count_nonzero(self._summed) / self._mass
        coefficients = self._multiples[:, self._summed].sum(axis=1) / self._mass
        for column, value in zip(self._weights.tolist(), coefficients.tolist(), strict=True):
            self.lp.change_coefficient(self._row, column, value)
        self.lp.change_coefficient(self._row, self._edge, share - 1)
        row = np.array([self._row], dtype=np.int32)
        self.lp.bound_rows(row, np.array([share]), np.array([np.inf]))

    def _state_singly(self, scenarios: Numbers) -> Indices:
        """A column for the excess over the edge in each of these, and a row that makes it one."""
        count = scenarios.size
        columns = self.lp.add_columns_to_row(
            self._row, -1 / self._mass, np.zeros(count), np.ones(count)
        )
        shared = np.tile([*self._weights, self._edge], (count, 1)).astype(np.int32)
        self._single_rows[scenarios] = self.lp.add_rows(
            np.column_stack([shared, columns]),
            np.column_stack([self._multiples[:, scenarios].T, np.ones((count, 2))]),
            np.ones(count),
            np.full(count, np.inf),
        )
        return columns


def _vertices(taken: Floats) -> list[Floats]:
    """Ways to take whole scenarios, but for one, with about ``taken`` (n,) as their mean, as many
    as there are broken ones: systematic sampling, with an offset from each range that gives
    another sample.
    """
    broken = np.flatnonzero((taken > NO_SHARE) & (taken < 1 - NO_SHARE))
    ends = np.cumsum(taken[broken])
    turns = np.unique(ends % 1)
    vertices = []
    for offset in ((turns + np.append(turns[1:], turns[:1] + 1)) / 2).tolist():
        vertex = np.where(taken > 0.5, np.round(taken), 0.0)
        vertex[broken] = np.diff(np.floor(ends - offset), prepend=np.floor(-offset))
        _take_exactly(vertex, broken, mass=float(ends[-1]))
        vertices.append(vertex)
    return vertices


def _take_exactly(vertex: Floats, broken: Numbers, *, mass: float) -> None:
    """Takes more of the first scenario left out, or less of the last one taken."""
    missing = mass - float(vertex[broken].sum())
    if missing > 0:
        out = broken[vertex[broken] == 0]
        vertex[out[:1]] += missing
    else:
        vertex[broken[vertex[broken] == 1][-1:]] += missing
