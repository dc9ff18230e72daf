"""A program with a price on CVaR where some scenarios are looked at one by one: of the others it is
taken for granted which are in the tail.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimization.solver.compiled.tail_corner import Corner, KinkedFunction, empty_room
from optimization.solver.compiled.tail_walk import change_price, walk_down
from optimization.solver.exact.incremental_lp import Floats, Indices, StatedProgram
from optimization.solver.exact.portfolio import portfolio_of

Flags = NDArray[np.bool_]
Numbers = NDArray[np.intp]

# How much dearer limits are than all that there is to gain.
PRICE_OF_LIMITS = 1e3
# For each number of x: some three times what the problems measured take.
MOST_PIVOTS = 20


class LimitRows(NamedTuple):
    """coefficients[:, k] . x >= levels[k], equal where ``equal``: ``coefficients`` (n, R), the
    others (R,). Row j < n is that of x[j] alone, and no limit if it is ``free``.
    """

    coefficients: Floats
    levels: Floats
    equal: Flags
    free: Flags


class TailPiece:
    """``x`` (n,) are the columns of a program and the tail's edge, a loss; ``costs`` (n,) are its
    own. ``multiples`` (B, S) are those of the columns ``weights``, and ``mass`` is how many
    scenarios the tail holds. The ``single`` ones have rows after the limits, in their order;
    ``summed`` (S,) are in the tail.
    """

    def __init__(
        self,
        limits: LimitRows,
        *,
        costs: Floats,
        weights: Indices,
        multiples: Floats,
        mass: float,
        single: Numbers,
        summed: Flags,
    ) -> None:
        self._limits, self._costs, self._mass = limits, costs, mass
        size, count = limits.coefficients.shape
        self._coefficients = np.zeros((size, count + single.size))
        self._coefficients[:, :count] = limits.coefficients
        self._coefficients[weights, count:] = multiples[:, single]
        self._coefficients[-1, count:] = 1.0
        self._levels = np.append(limits.levels, np.ones(single.size))
        self._summed_share = np.count_nonzero(summed) / mass
        self._tail_costs = np.zeros(size)
        self._tail_costs[weights] = -multiples[:, summed].sum(axis=1) / mass
        self._tail_costs[-1] = 1 - self._summed_share

    def corner(self, x: Floats, *, held: Numbers, directions: Floats) -> Corner:
        """Where the rows ``held`` (n,) meet, as a corner of this piece."""
        place = np.full(self._levels.size, -1)
        place[held] = np.arange(held.size)
        gaps = portfolio_of(x, multiples=self._coefficients) - self._levels
        gaps[held] = 0.0
        return Corner(x.copy(), gaps, gaps < 0, held.copy(), place, directions.copy())

    def go_to_minimum(
        self, corner: Corner, *, price: float, maximum: float | None
    ) -> tuple[Floats, float]:
        """x and the price of CVaR at the minimum: at this price, or where CVaR is its ``maximum``.
        Either may be missed where that takes too many pivots. ``corner`` goes along.
        """
        function = self._function(price)
        room = empty_room(numbers=corner.x.size, rows=corner.gaps.size)
        most_pivots = MOST_PIVOTS * corner.x.size
        pivots = walk_down(function, corner, room, price, most_pivots)
        if maximum is None or pivots < 0:
            return corner.x, price
        of_singles = maximum - self._summed_share
        price, step = change_price(function, corner, room, price, of_singles, most_pivots)
        return corner.x + step * room.direction, price

    def _function(self, price: float) -> KinkedFunction:
        equal, free = self._limits.equal, self._limits.free
        singles = self._levels.size - equal.size
        dear = PRICE_OF_LIMITS * max(float(np.abs(self._costs).max()), price)
        low = np.append(np.where(equal, -dear, 0.0), np.zeros(singles))
        high = np.append(np.where(free, 0.0, dear), np.full(singles, 1 / self._mass))
        return KinkedFunction(
            self._costs,
            self._tail_costs,
            self._coefficients,
            self._levels,
            low,
            high,
            np.array([singles]),
        )


def limit_rows(program: StatedProgram) -> LimitRows:
    """Of the columns and rows of ``program``, and that the edge is at least 0."""
    lower, upper = np.append(program.column_lower, 0.0), np.append(program.column_upper, np.inf)
    alone = np.eye(lower.size)
    rows = np.column_stack([program.coefficients, np.zeros(program.row_lower.size)])
    fixed, equal = lower == upper, program.row_lower == program.row_upper
    capped = np.isfinite(upper) & ~fixed
    floored = np.isfinite(program.row_lower)
    topped = np.isfinite(program.row_upper) & ~equal
    free = np.isinf(lower)
    start = np.where(free, np.where(np.isinf(upper), 0.0, upper), lower)
    others = np.count_nonzero(capped), np.count_nonzero(floored), np.count_nonzero(topped)
    return LimitRows(
        np.vstack([alone, -alone[capped], rows[floored], -rows[topped]]).T.copy(),
        np.concatenate(
            [start, -upper[capped], program.row_lower[floored], -program.row_upper[topped]]
        ),
        np.concatenate(
            [fixed, np.zeros(others[0], bool), equal[floored], np.zeros(others[2], bool)]
        ),
        np.append(free, np.zeros(sum(others), bool)),
    )
