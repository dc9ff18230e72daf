"""The kinks on the way from a corner, and how far the function falls in that direction."""

from numba import njit

from optimization.solver.compiled.tail_corner import Corner, KinkedFunction, Room, first_scenario

# Rows that a direction hardly moves are not pivots.
SMALLEST_MOVE = 1e-7


@njit(cache=True)
def find_kinks(
    function: KinkedFunction, corner: Corner, room: Room, opened: int, sign: float, price: float
) -> int:
    """How many rows come to a kink in the direction that opens a row, with the step at which they
    do and by how much the slope rises there.
    """
    limits = first_scenario(function)
    moves = room.moves
    moves[:] = 0.0
    for j in range(corner.x.size):
        move = sign * corner.directions[j, opened]
        room.direction[j] = move
        if move != 0.0:
            row = function.coefficients[j]
            for k in range(moves.size):
                moves[k] += move * row[k]
    found = 0
    for k in range(moves.size):
        towards = moves[k] if corner.below[k] else -moves[k]
        if towards > SMALLEST_MOVE and corner.place[k] < 0:
            gap = -corner.gaps[k] if corner.below[k] else corner.gaps[k]
            room.steps[k] = max(gap, 0.0) / towards
            rise = (function.high[k] - function.low[k]) * towards
            room.rises[k] = rise if k < limits else price * rise
            room.order[found] = k
            found += 1
    return found


@njit(cache=True)
def nearest_kink(room: Room, kinks: int) -> int:
    """The place in ``room.order`` of the kink that comes first: no other is in front of it."""
    order = room.order
    for t in range(1, kinks):
        if room.steps[order[t]] < room.steps[order[0]]:
            order[0], order[t] = order[t], order[0]
    return 0


@njit(cache=True)
def kink_at_the_bottom(room: Room, kinks: int, slope: float) -> int:
    """The place in ``room.order`` of the kink from which on the function rises, the last one if it
    never does. Those passed on the way are in front of it afterwards.
    """
    order, first, end = room.order, 0, kinks
    while end - first > 1:
        middle = room.steps[order[(first + end) // 2]]
        nearer, further = _part(room, first, end, middle)
        before = slope
        for t in range(first, nearer):
            before += room.rises[order[t]]
        if before >= 0:
            end = nearer
            continue
        for t in range(nearer, further):
            before += room.rises[order[t]]
            if before >= 0:
                return t
        slope, first = before, further
    return min(first, kinks - 1)


@njit(cache=True)
def _part(room: Room, first: int, end: int, middle: float) -> tuple[int, int]:
    """Reorders from ``first`` to ``end``: nearer kinks, those at the step ``middle``, further ones;
    where the second and the third begin.
    """
    order, t = room.order, first
    while t < end:
        k = order[t]
        if room.steps[k] < middle:
            order[t] = order[first]
            order[first] = k
            first += 1
            t += 1
        elif room.steps[k] > middle:
            end -= 1
            order[t] = order[end]
            order[end] = k
        else:
            t += 1
    return first, end
