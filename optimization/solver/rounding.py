"""Rounds shares to whole units that add up exactly, by the method of largest remainder."""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")
WEIGHT_UNITS = 10**12
# The solver meets its rows to 1e-9, so it cannot tell a weight below that from zero, nor a sum of
# up to a hundred such weights from 1 more closely than 1e-7.
SMALLEST_WEIGHT = 1e-9
LARGEST_SUM_ERROR = 1e-7


class NotAnAllocation(ArithmeticError):
    """Solver values that are no weights: negative, or not adding up to 1, beyond tolerance."""


def exact_weights(values: Sequence[float]) -> tuple[float, ...]:
    """The solver's weights as multiples of 1e-12 that sum to 1 exactly (in those units).

    Weights below `SMALLEST_WEIGHT` become 0. Raises `NotAnAllocation` when ``values`` are further
    from an allocation than the solver's tolerance explains.
    """
    total = sum(values)
    if not (min(values) >= -SMALLEST_WEIGHT and abs(total - 1) <= LARGEST_SUM_ERROR):
        raise NotAnAllocation(
            f"weights sum to {total!r}, the smallest is {min(values)!r}; "
            "they must be at least 0 and sum to 1"
        )
    shares = [
        Fraction(float(value)) if value >= SMALLEST_WEIGHT else Fraction(0) for value in values
    ]
    units = units_by_largest_remainder(shares=shares, total=WEIGHT_UNITS)
    return tuple(unit / WEIGHT_UNITS for unit in units)


def units_by_largest_remainder(*, shares: Sequence[Fraction], total: int) -> tuple[int, ...]:
    """Whole units for each share of ``total``; they sum to ``total`` exactly.

    Each gets its share rounded down; the units left over go one each to the largest remainders,
    the earlier first among equals, so no share moves by a whole unit. ``shares`` are at least 0
    with a positive sum; only their proportions matter.
    """
    # Integers in the same proportions, which are many times as fast as fractions.
    denominator = math.lcm(*(share.denominator for share in shares))
    parts = [share.numerator * (denominator // share.denominator) for share in shares]
    weight = sum(parts)
    if weight <= 0 or min(parts) < 0:
        raise ValueError("shares must be at least 0 and must not all be 0")
    units = [part * total // weight for part in parts]
    by_remainder = sorted(
        range(len(parts)), key=lambda index: (-(parts[index] * total % weight), index)
    )
    for index in by_remainder[: total - sum(units)]:
        units[index] += 1
    return tuple(units)


def dollars_by_largest_remainder(
    *, weights: Sequence[float], capital_usd: Decimal
) -> tuple[Decimal, ...]:
    """The capital in cents for each weight; the amounts sum to ``capital_usd`` exactly.

    ``weights`` are at least 0; ``capital_usd`` is a positive number of whole cents.
    """
    cents = capital_usd / CENT
    if cents <= 0 or cents != int(cents):
        raise ValueError(f"capital is {capital_usd} USD, must be a positive number of cents")
    units = units_by_largest_remainder(
        shares=[Fraction(float(weight)) for weight in weights], total=int(cents)
    )
    return tuple(unit * CENT for unit in units)
