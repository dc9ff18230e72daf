"""The Cholesky factor of a correlation matrix, in operations that have the same bits everywhere."""

import math
from collections.abc import Sequence

CorrelationRows = tuple[tuple[float, ...], ...]

LIFT_PER_BUCKET = 1e-6
"""Entries rounded to 1e-6 are off by up to 5e-7 each, which lowers eigenvalues by up to 5e-7 times
the number of buckets. Twice that is added to the diagonal."""


class NotPositiveSemidefinite(ValueError):
    """No random variables have these correlations."""


def correlation_root(matrix: Sequence[Sequence[float]]) -> CorrelationRows:
    """Lower triangular L with L L' = (C + e I) / (1 + e), e = LIFT_PER_BUCKET times the size.

    Row i has i + 1 entries and length 1. Only the lower triangle of C is read; its diagonal must
    be 1. The division keeps the diagonal at 1, so correlations shrink by a factor 1 - e, at most
    1e-4, and a matrix that rounding has pushed below zero is still accepted.

    :raises NotPositiveSemidefinite: if C has an eigenvalue below -e
    """
    lift = LIFT_PER_BUCKET * len(matrix)
    rows: list[list[float]] = []
    for place, given in enumerate(matrix):
        row: list[float] = []
        for column in range(place):
            rest = given[column] / (1.0 + lift) - _inner_product(row, rows[column], terms=column)
            row.append(rest / rows[column][column])
        pivot = 1.0 - _inner_product(row, row, terms=place)
        if pivot <= 0.0:
            raise NotPositiveSemidefinite(f"row {place} is not possible after those before it")
        row.append(math.sqrt(pivot))
        rows.append(row)
    return tuple(tuple(row) for row in rows)


def _inner_product(one: Sequence[float], other: Sequence[float], *, terms: int) -> float:
    # One product and one sum at a time: a library's dot product depends on the processor.
    total = 0.0
    for index in range(terms):
        total += one[index] * other[index]
    return total
