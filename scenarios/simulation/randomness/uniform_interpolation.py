"""Interpolation in a table of values at even distances, with the same bits on every processor."""

import numpy as np

from scenarios.simulation.randomness.elementary import FloatArray


def interpolated(table: FloatArray, positions: FloatArray, *, points: int) -> FloatArray:
    """The polynomial through the ``points`` (even) nearest values of the table, elementwise.

    Position k is the table's entry k; positions must lie in [0, len(table) - 1]. By Lagrange's
    formula; the error is the derivative of order ``points``, per step, times less than 1/40.
    """
    last_start = len(table) - points
    start = np.floor(positions).astype(np.intp) - (points // 2 - 1)
    start = np.minimum(np.maximum(start, 0), last_start)
    within = positions - start
    distances = [within - place for place in range(points)]
    total = np.zeros_like(within)
    for place in range(points):
        term = np.take(table, start + place)
        for other in range(points):
            if other != place:
                term = term * (distances[other] * (1.0 / (place - other)))
        total += term
    return total
