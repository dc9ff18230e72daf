"""Says a fault of the request in the words and the unit of the page.

Faults speak of fractions and dollars, because the request does. Only the codes listed here are
known to hold nothing but fractions (or counts with their noun); the numbers of any other fault
are left as they are, with a word about their unit, rather than converted on a guess.
"""

import re
from decimal import Decimal

from optimization.request_form.units import MILLION, PERCENT, Unit
from scenarios.simulation.checked_input import Fault

_BOUND_CODES = frozenset({"OUT_OF_RANGE", "ABOVE_MAXIMUM"})
_FRACTION_CODES = _BOUND_CODES | {
    "FINER_THAN_ONE_SCENARIO",
    "CANNOT_REACH_ONE",
    "MORE_THAN_BUCKETS_HOLD",
    "MINIMUMS_EXCEED_ONE",
    "MAXIMUMS_BELOW_ONE",
    "REGIME_INVALID",
    "RECYCLE_RANGE",
    "SHARES_SUM",
    "SHARES_UNATTAINABLE",
    "STEP_TOO_SMALL",
}
_UNITLESS_CODES = frozenset(
    {"NOT_A_NUMBER", "NOT_FINITE", "NO_BUCKETS", "REGIME_DEGENERATE", "REGIMES_OF_ANOTHER"}
)
# A number that is not part of a word and does not count buckets or scenarios.
_FRACTION = re.compile(
    r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)(?! (?:buckets|scenarios))"
)
_VALUE = re.compile(r"is [^\s:,;]+")
_LONGEST_SHOWN = 60


def fault_words(fault: Fault, *, unit: Unit, typed: str) -> str:
    """One or two sentences to stand beside the field in which ``typed`` was entered."""
    if fault.code == "REQUIRED":
        return "Fill this in."
    if fault.code == "TOO_PRECISE":
        return f"Must be whole cents; you entered {_shown(typed)}."
    _value, must, rule = fault.message.partition(", must ")
    if must:
        return f"Must {_in_unit(rule, fault.code, unit)}; you entered {_shown(typed)}."
    # The value goes in as typed, after the rest has been turned into the page's unit.
    stated = _VALUE.match(fault.message)
    rest = _in_unit(fault.message[stated.end() if stated else 0 :], fault.code, unit)
    return _sentence(f"You entered {_shown(typed)}{rest}" if stated else rest)


def group_fault_words(fault: Fault, *, unit: Unit) -> str:
    """The rest of a sentence that begins with the name of the group of fields."""
    return f"{_in_unit(fault.message, fault.code, unit)}."


def in_percent(text: str, code: str) -> str:
    """The fractions of a message in percent; a message of other numbers stays as it is."""
    return _in_unit(text, code, Unit.PERCENT) if code in _FRACTION_CODES else text


def _in_unit(text: str, code: str, unit: Unit) -> str:
    if unit is Unit.PERCENT and code in _FRACTION_CODES:
        return _FRACTION.sub(lambda found: _percent(found[0]), text)
    if unit is Unit.PERCENT and code not in _UNITLESS_CODES:
        return f"{text} (as fractions: 1 is 100%)"
    if unit is Unit.USD_MILLIONS and code in _BOUND_CODES:
        return _FRACTION.sub(lambda found: _millions(found[0]), text).removesuffix(" USD")
    return text


def _percent(fraction: str) -> str:
    number = Decimal(fraction) / PERCENT
    text = f"{number:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def _millions(amount_usd: str) -> str:
    return f"${Decimal(amount_usd) / MILLION:,.2f}M"


def _shown(typed: str) -> str:
    text = typed.strip()
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
