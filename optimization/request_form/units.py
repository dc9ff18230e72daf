"""Turns what is typed into a JSON value and back, unit by unit. Holds no rule about values.

What cannot be read as a number is passed on as the text it is: the request's own rules refuse it
and name it. That way no rule exists twice.
"""

import re
from decimal import Decimal, DecimalException
from enum import Enum

# Exact powers of ten only: 36.6 percent must become 0.366 and not 0.36599999999999994.
PERCENT = Decimal("0.01")
MILLION = Decimal(1_000_000)
# Beyond it a float does not hold every whole number, and digits would be made up.
LARGEST_EXACT = 2**53
# What a ticked box sends.
CHECKED = "on"

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_BLANKS = " \t\N{NO-BREAK SPACE}"


class Unit(Enum):
    TEXT = ""
    FLAG = "flag"
    COUNT = "scenarios"
    DEALS = "deals"
    SECONDS = "s"
    PERCENT = "%"
    USD_MILLIONS = "M"
    NUMBER = "number"
    MULTIPLE = "x"
    YEARS = "years"

    @property
    def sign(self) -> str:
        """What is written after a number of this unit."""
        return {"%": "%", "x": "x"}.get(self.value, "")

    @property
    def spoken(self) -> str:
        """The unit in words, for screen readers, which pass over the sign beside an input."""
        words = {
            "flag": "",
            "%": "percent",
            "s": "seconds",
            "M": "million US dollars",
            "number": "",
            "x": "times",
        }
        return words.get(self.value, self.value)


def json_value(typed: str, unit: Unit) -> object:
    """What the request's JSON holds for ``typed``; None when the field was left blank.

    A flag is never blank: `CHECKED`, or not.
    """
    if unit is Unit.FLAG:
        return typed == CHECKED
    text = typed.strip(_BLANKS)
    if not text:
        return None
    if unit is Unit.TEXT:
        return text
    number = _number(text, unit)
    if number is None:
        return text
    try:
        if unit is Unit.PERCENT:
            return float(number * PERCENT)
        if unit is Unit.USD_MILLIONS:
            return _plain(number * MILLION)
    except DecimalException:  # Beyond the exponents of the decimal arithmetic.
        return text
    is_whole = number == number.to_integral_value() and abs(number) < LARGEST_EXACT
    return int(number) if is_whole else float(number)


def typed_text(value: object, unit: Unit) -> str:
    """How a value of the request is shown in its input; the inverse of `json_value`."""
    if value is None:
        return ""
    if unit is Unit.FLAG:
        return CHECKED if value else ""
    if unit is Unit.TEXT:
        return str(value)
    number = Decimal(str(value))
    if unit is Unit.PERCENT:
        number /= PERCENT
    if unit is Unit.USD_MILLIONS:
        number /= MILLION
    return _plain(number)


def _number(text: str, unit: Unit) -> Decimal | None:
    text = text.replace("\N{MINUS SIGN}", "-")
    if unit is Unit.PERCENT:
        text = text.removesuffix("%").rstrip(_BLANKS)
    if unit is Unit.USD_MILLIONS:
        text = text.removeprefix("$").removesuffix("M").strip(_BLANKS)
    if unit is Unit.MULTIPLE:
        text = text.removesuffix("x").rstrip(_BLANKS)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _plain(number: Decimal) -> str:
    """Without exponent and without zeros that say nothing, unless it is absurdly long."""
    if number.adjusted() > 30 or number.adjusted() < -30:
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
