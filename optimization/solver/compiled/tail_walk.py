"""From corner to corner of a function with kinks: down to the minimum, and along the minima as the
price of CVaR changes.

On the way down a step goes past the kinks of other rows for as long as the function falls. This is
the bounded dual simplex method with flips of bounds (Maros, Computational Techniques of the Simplex
Method, 2003, section 10.2), applied to the dual program, with the choice by steepest edges.
"""

import numpy as np
from numba import njit

from optimization.solver.compiled.tail_corner import (
    Corner,
    KinkedFunction,
    Room,
    first_scenario,
    set_gradients,
    step_to_kink,
    tail_loss,
)
from optimization.solver.compiled.tail_kinks import find_kinks, kink_at_the_bottom, nearest_kink

# A slope counts as one if it is more than this share of what one scenario adds to it.
SMALLEST_SLOPE = 1e-6


@njit(cache=True)
def walk_down(
    function: KinkedFunction, corner: Corner, room: Room, price: float, most_pivots: int
) -> int:
    """Moves ``corner`` to the minimum; the pivots that took, or -1 if it is not reached within
    ``most_pivots`` or lies at no corner.
    """
    set_gradients(function, corner, room)
    for pivots in range(most_pivots):
        opened, sign, slope = _steepest(function, corner, room, price)
        if opened < 0:
            return pivots
        kinks = find_kinks(function, corner, room, opened, sign, price)
        if kinks == 0:
            return -1
        last = kink_at_the_bottom(room, kinks, slope)
        step_to_kink(function, corner, room, opened, sign, last)
    return -1


@njit(cache=True)
def change_price(
    function: KinkedFunction,
    corner: Corner,
    room: Room,
    price: float,
    maximum: float,
    most_pivots: int,
) -> tuple[float, float]:
    """From the minimum at ``price``: the price at which tail_costs . x and the scenarios' part come
    to ``maximum``, and how far to go for it in ``room.direction`` from ``corner``. Where nothing
    comes to it, the last corner before price 0, or before it cannot become less.
    """
    set_gradients(function, corner, room)
    excess = tail_loss(function, corner) - maximum
    room.direction[:] = 0.0
    if excess == 0.0:
        return price, 0.0
    rising = excess > 0
    for _ in range(most_pivots):
        opened, sign, turn = _first_to_turn(function, corner, room, price, rising)
        if opened < 0:
            break
        price = turn
        kinks = find_kinks(function, corner, room, opened, sign, price)
        if kinks == 0:
            break
        fall = 0.0
        for j in range(room.direction.size):
            fall += function.costs[j] * room.direction[j]
        fall /= price
        last = nearest_kink(room, kinks)
        step = room.steps[room.order[last]]
        if fall * step >= excess if rising else fall * step <= excess:
            return price, excess / fall
        excess -= fall * step
        step_to_kink(function, corner, room, opened, sign, last)
    room.direction[:] = 0.0
    return price, 0.0


@njit(cache=True)
def _steepest(
    function: KinkedFunction, corner: Corner, room: Room, price: float
) -> tuple[int, float, float]:
    """The place of a held row, which way to open it and the slope of the function then; -1 when no
    way goes down.
    """
    size = corner.x.size
    limits = first_scenario(function)
    prices, squares = room.prices, room.others
    prices[:] = 0.0
    squares[:] = 0.0
    for j in range(size):
        row = corner.directions[j]
        rise = room.gradient[j] + price * room.tail_gradient[j]
        for i in range(size):
            prices[i] += rise * row[i]
            squares[i] += row[i] * row[i]
    tolerance = SMALLEST_SLOPE * price * function.high[-1]
    best, opened, sign, slope = 0.0, -1, 1.0, 0.0
    for i in range(size):
        k = corner.held[i]
        high = function.high[k] if k < limits else price * function.high[k]
        above, below = function.low[k] - prices[i], prices[i] - high
        beyond = max(above, below)
        if beyond > tolerance and beyond * beyond > best * squares[i]:
            best = beyond * beyond / squares[i]
            opened, sign, slope = i, 1.0 if above > below else -1.0, -beyond
    return opened, sign, slope


@njit(cache=True)
def _first_to_turn(
    function: KinkedFunction, corner: Corner, room: Room, price: float, rising: bool
) -> tuple[int, float, float]:
    """The place of the held row that is the first to open as the price changes, which way, and the
    price then; -1 for none.
    """
    size = corner.x.size
    prices, growth = room.prices, room.others
    prices[:] = 0.0
    growth[:] = 0.0
    for j in range(size):
        row = corner.directions[j]
        rise, tail_rise = room.gradient[j], room.tail_gradient[j]
        for i in range(size):
            prices[i] += rise * row[i]
            growth[i] += tail_rise * row[i]
    smallest = SMALLEST_SLOPE * function.high[-1]
    opened, sign, turn = -1, 1.0, np.inf if rising else 0.0
    for i in range(size):
        k = corner.held[i]
        if function.low[k] == 0.0:
            up = _turn(prices[i], growth[i], price, rising, smallest)
            if (up < turn) if rising else (up > turn):
                opened, sign, turn = i, 1.0, up
        if k >= first_scenario(function):
            down = _turn(-prices[i], function.high[k] - growth[i], price, rising, smallest)
            if (down < turn) if rising else (down > turn):
                opened, sign, turn = i, -1.0, down
    return opened, sign, turn


@njit(cache=True)
def _turn(fixed: float, slope: float, price: float, rising: bool, smallest: float) -> float:
    """The price from which on fixed + price * slope is negative, coming from where it is not;
    infinite or 0 for none. Slopes of less than the ``smallest`` are none.
    """
    if rising:
        return max(-fixed / slope, price) if slope < -smallest else np.inf
    if fixed >= 0.0:
        return 0.0
    return min(-fixed / slope, price) if slope > 0.0 else price
