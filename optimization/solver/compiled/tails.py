"""The worst scenarios of an allocation, and the limit on CVaR as a row for them."""

from numba import njit

from optimization.solver.compiled.switch_rows import Floats, Numbers


@njit(cache=True)
def worst_scenarios(portfolio: Floats, worst: Numbers) -> int:
    """Puts into ``worst`` (n,) the losing scenarios with the lowest multiples, n at most, in no
    order; how many there are. ``portfolio`` (S,) are the multiples.
    """
    found, highest, place = 0, 1.0, 0
    for s in range(portfolio.size):
        if portfolio[s] >= highest:
            continue
        if found < worst.size:
            worst[found] = s
            found += 1
        else:
            worst[place] = s
        if found == worst.size:
            place = 0
            for t in range(1, found):
                if portfolio[worst[t]] > portfolio[worst[place]]:
                    place = t
            highest = portfolio[worst[place]]
    return found


@njit(cache=True)
def tail_excess(portfolio: Floats, worst: Numbers, shares: Floats, maximum: float) -> float:
    """By how much the mean loss of the ``worst`` (n,) is above ``maximum``, with the ``shares``
    (n,) of the tail, the smallest last, for the smallest loss. Orders the worst by loss.
    """
    for t in range(1, worst.size):
        s = worst[t]
        place = t
        while place > 0 and portfolio[worst[place - 1]] > portfolio[s]:
            worst[place] = worst[place - 1]
            place -= 1
        worst[place] = s
    loss = 0.0
    for t in range(worst.size):
        loss += shares[t] * (1.0 - portfolio[worst[t]])
    return loss - maximum


@njit(cache=True)
def tail_row(
    multiples: Floats, worst: Numbers, shares: Floats, maximum: float, coefficients: Floats
) -> float:
    """Makes mean loss <= maximum for the ``worst`` (n,) into coefficients . x >= what is returned.
    ``multiples`` (B, S); ``coefficients`` (C,) are overwritten.
    """
    coefficients[:] = 0.0
    least = -maximum
    for t in range(worst.size):
        least += shares[t]
        for bucket in range(multiples.shape[0]):
            coefficients[bucket] += shares[t] * multiples[bucket, worst[t]]
    return least
