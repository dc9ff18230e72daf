"""Rounding of a configuration to the 1e-6 grid on which it is hashed and simulated."""

import math
from collections.abc import Sequence

DECIMALS = 6
UNITS = 10**DECIMALS


def canonical(value: float) -> float:
    """``value`` rounded to six decimals, never -0.0."""
    return round(value, DECIMALS) + 0.0


def canonical_or_none(value: float | None) -> float | None:
    return None if value is None else canonical(value)


def canonical_shares(shares: Sequence[float]) -> tuple[float, ...]:
    """Shares of a whole on the grid: they sum to 1 there if they do to within 1e-9 before.

    The largest share absorbs what rounding the others left over or took too much.
    """
    units = [round(share * UNITS) for share in shares]
    _give_to_largest(units, UNITS - sum(units))
    return tuple(unit / UNITS for unit in units)


def canonical_partial_shares(shares: Sequence[float]) -> tuple[float, ...]:
    """Shares that may leave a remainder: rounding never lifts their sum above 1."""
    units = [round(share * UNITS) for share in shares]
    _give_to_largest(units, min(0, UNITS - sum(units)))
    return tuple(unit / UNITS for unit in units)


def sums_to_one(shares: Sequence[float], *, tolerance: float = 1e-9) -> bool:
    return abs(math.fsum(shares) - 1.0) <= tolerance


def _give_to_largest(units: list[int], difference: int) -> None:
    units[units.index(max(units))] += difference
