"""Round grid lines for a chart's upright axis. Pure."""

import math
from dataclasses import dataclass

MOST_STEPS = 6
# Steps of an axis are one of these times a power of ten.
LEADING_DIGITS = (1, 2, 5)
# Of a step: values this little beyond a grid line are on it, for binary fractions.
ROUNDING_SLACK = 1e-9
# Relative: values closer than this are one value, which stands alone on its axis.
NOTHING, ALONE = 1e-9, 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Grid lines at ``step`` times ``first``, ``first + 1``, ... ``last``."""

    step: float
    first: int
    last: int
    decimals: int

    @property
    def low(self) -> float:
        return self.first * self.step

    @property
    def high(self) -> float:
        return self.last * self.step

    def lines(self) -> list[float]:
        return [index * self.step for index in range(self.first, self.last + 1)]


def axis_around(values: list[float]) -> Axis:
    """The finest axis of at most `MOST_STEPS` steps that holds zero and all ``values``.

    :raises ValueError: a value is not finite, or all are zero and there is nothing to draw
    """
    return _finest(min(0.0, *values), max(0.0, *values))


def axis_between(values: list[float]) -> Axis:
    """The finest axis of at most `MOST_STEPS` steps that holds all ``values``, and zero only if
    that is among them; around a single value a hundredth of it either way.

    :raises ValueError: a value is not finite, or there is nothing to draw
    """
    low, high = min(values), max(values)
    if high - low <= NOTHING * abs(high):
        low, high = low - ALONE * abs(low), high + ALONE * abs(high)
    return _finest(low, high)


def _finest(low: float, high: float) -> Axis:
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise ValueError(f"no axis holds {low} to {high}")
    exponent = math.floor(math.log10((high - low) / MOST_STEPS))
    candidates = [(digit, power) for power in (exponent, exponent + 1) for digit in LEADING_DIGITS]
    axes = [_axis(digit, power, low=low, high=high) for digit, power in candidates]
    return next(axis for axis in axes if axis.last - axis.first <= MOST_STEPS)


def _axis(digit: int, power: int, *, low: float, high: float) -> Axis:
    step = digit * 10.0**power
    return Axis(
        step=step,
        first=math.floor(low / step + ROUNDING_SLACK),
        last=math.ceil(high / step - ROUNDING_SLACK),
        decimals=max(-power, 0),
    )
