"""Portfolio multiples of many scenarios, for the inner loops of the method."""

import numpy as np

from optimization.solver.exact.incremental_lp import Floats

# OpenBLAS spreads a product over threads from 460,800 numbers on. On a busy machine a product of
# half a million numbers then takes fifty times as long as on one thread, and its last bits depend
# on the number of threads.
LARGEST_BLOCK = 400_000


def portfolio_of(weights: Floats, *, multiples: Floats) -> Floats:
    """(S,) multiples of the portfolio with ``weights`` (B,), from the buckets' ``multiples``
    (B, S); equal arguments give equal bytes whatever the machine's number of threads.
    """
    buckets, scenarios = multiples.shape
    width = max(1, LARGEST_BLOCK // buckets)
    if scenarios <= width:
        return np.asarray(weights @ multiples)
    portfolio = np.empty(scenarios)
    for first in range(0, scenarios, width):
        block = slice(first, first + width)
        np.matmul(weights, multiples[:, block], out=portfolio[block])
    return portfolio
