"""A corner of a convex function with kinks, and the step from it to a kink of another row.

    costs . x + sum over limits k of max(-high[k] gap[k], -low[k] gap[k])
              + price (tail_costs . x + sum over scenarios k of max(-high[k] gap[k], 0))

where gap[k] = coefficients[:, k] . x - levels[k] and low <= 0 <= high. A limit is a row that is
dear to break, a scenario one that tells by how much its loss is beyond the tail's edge. At a corner
as many gaps are 0 as x has numbers.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class KinkedFunction(NamedTuple):
    """``costs`` and ``tail_costs`` (n,), ``coefficients`` (n, N), ``levels``, ``low`` and ``high``
    (N,): first the limits, then the scenarios, of which there are ``scenarios`` (1,), at least one.
    """

    costs: Floats
    tail_costs: Floats
    coefficients: Floats
    levels: Floats
    low: Floats
    high: Floats
    scenarios: Numbers


class Corner(NamedTuple):
    """``x`` (n,) with its ``gaps`` (N,) and which of them are ``below`` 0 (N,). Those of the rows
    ``held`` (n,) are 0; ``place`` (N,) says where a row is among them, -1 if it is not. Along
    ``directions[:, i]`` the gap of held row i grows by 1, those of the other held rows stay 0.
    """

    x: Floats
    gaps: Floats
    below: Flags
    held: Numbers
    place: Numbers
    directions: Floats


class Room(NamedTuple):
    """What is overwritten: (n,) ``gradient`` and ``tail_gradient`` of all rows but the held ones,
    ``prices``, ``others`` and ``direction``; (N,) ``moves``, ``steps``, ``rises`` and ``order``.
    """

    gradient: Floats
    tail_gradient: Floats
    prices: Floats
    others: Floats
    direction: Floats
    moves: Floats
    steps: Floats
    rises: Floats
    order: Numbers


def empty_room(*, numbers: int, rows: int) -> Room:
    return Room(
        gradient=np.empty(numbers),
        tail_gradient=np.empty(numbers),
        prices=np.empty(numbers),
        others=np.empty(numbers),
        direction=np.empty(numbers),
        moves=np.empty(rows),
        steps=np.empty(rows),
        rises=np.empty(rows),
        order=np.empty(rows, dtype=np.int64),
    )


@njit(cache=True)
def first_scenario(function: KinkedFunction) -> int:
    """The row that is the first of a scenario."""
    return int(function.levels.size - function.scenarios[0])


@njit(cache=True)
def tail_loss(function: KinkedFunction, corner: Corner) -> float:
    """tail_costs . x and the scenarios' part at a corner."""
    loss = 0.0
    for j in range(corner.x.size):
        loss += function.tail_costs[j] * corner.x[j]
    for k in range(first_scenario(function), corner.gaps.size):
        if corner.below[k] and corner.place[k] < 0:
            loss -= function.high[k] * corner.gaps[k]
    return loss


@njit(cache=True)
def set_gradients(function: KinkedFunction, corner: Corner, room: Room) -> None:
    rows = corner.gaps.size
    limits = first_scenario(function)
    weights = room.moves
    for k in range(rows):
        weights[k] = 0.0
        if corner.place[k] < 0:
            weights[k] = function.high[k] if corner.below[k] else function.low[k]
    for j in range(corner.x.size):
        total = function.costs[j]
        for k in range(limits):
            total -= weights[k] * function.coefficients[j, k]
        room.gradient[j] = total
        total = function.tail_costs[j]
        for k in range(limits, rows):
            total -= weights[k] * function.coefficients[j, k]
        room.tail_gradient[j] = total


@njit(cache=True)
def step_to_kink(
    function: KinkedFunction, corner: Corner, room: Room, opened: int, sign: float, last: int
) -> None:
    """Opens the held row at place ``opened``, goes in ``room.direction`` to the kink at ``last`` in
    ``room.order``, past those before it, and holds its row instead.
    """
    held, leaving = room.order[last], corner.held[opened]
    step = room.steps[held]
    for t in range(last):
        k = room.order[t]
        rise = function.high[k] - function.low[k]
        _add(function, room, k, rise if corner.below[k] else -rise)
        corner.below[k] = not corner.below[k]
    _add(function, room, held, function.high[held] if corner.below[held] else function.low[held])
    corner.below[leaving] = sign < 0
    _add(function, room, leaving, -function.high[leaving] if sign < 0 else -function.low[leaving])
    for j in range(corner.x.size):
        corner.x[j] += step * room.direction[j]
    for k in range(corner.gaps.size):
        corner.gaps[k] += step * room.moves[k]
    _hold(function, corner, room, opened, sign, held)
    for i in range(corner.held.size):
        corner.gaps[corner.held[i]] = 0.0


@njit(cache=True)
def _add(function: KinkedFunction, room: Room, k: int, weight: float) -> None:
    """To the gradient of the limits or the scenarios: ``weight`` times a row's coefficients."""
    if weight != 0.0:
        is_limit = k < first_scenario(function)
        gradient = room.gradient if is_limit else room.tail_gradient
        for j in range(gradient.size):
            gradient[j] += weight * function.coefficients[j, k]


@njit(cache=True)
def _hold(
    function: KinkedFunction, corner: Corner, room: Room, opened: int, sign: float, held: int
) -> None:
    """Puts the row ``held`` in the place of the opened one."""
    size = corner.x.size
    growth = room.prices
    # The same as growth[opened], which is not 0 for certain.
    pivot = room.moves[held] if sign > 0 else -room.moves[held]
    growth[:] = 0.0
    for j in range(size):
        coefficient = function.coefficients[j, held]
        if coefficient != 0.0:
            for i in range(size):
                growth[i] += coefficient * corner.directions[j, i]
    for j in range(size):
        row = corner.directions[j]
        entry = row[opened] / pivot
        if entry != 0.0:
            for i in range(size):
                row[i] -= entry * growth[i]
        row[opened] = entry
    corner.place[corner.held[opened]] = -1
    corner.place[held] = opened
    corner.held[opened] = held
