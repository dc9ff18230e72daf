"""Says a fault of the scenario law in the words of the form's section on it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from optimization.request_form.faults import fault_words, in_percent
from optimization.request_form.fields import RequestField
from optimization.request_form.law import SHARES_WITHOUT_CHOICE, UNREADABLE
from optimization.request_form.law_fields import CORRELATION_PATH
from optimization.request_form.units import Unit
from scenarios.simulation.checked_input import Fault

MOST_WORDS = 8
"""Of a table with a fault in every cell this many are listed."""

_CELL = re.compile(r"matrix\[(\d+)\]\[(\d+)\]")
# How a sentence begins whose fault concerns more than the field beside which it stands.
_SUBJECTS = {
    "scenario_law.exit_law": "This law",
    "scenario_law.copula": "This copula",
    "scenario_law.variance_shares": "The shares",
    "scenario_law.factor_shares": "The three shares",
    "scenario_law": "This scenario law",
}

_WHAT_TO_DO = {
    SHARES_WITHOUT_CHOICE: "Choose own shares as sources of variance, or leave this blank.",
    "SHARE_LEVEL": (
        "Only own shares have a level: choose them as sources of variance, or leave this."
    ),
}


def law_fault_words(
    fault: Fault, *, field: RequestField, typed: str, correlation: Mapping[str, Any] | None
) -> str:
    """``correlation`` is the one that the request states, if its text could be read."""
    if fault.code == UNREADABLE:
        return f"{fault.message}."
    if fault.code in _WHAT_TO_DO:
        return _WHAT_TO_DO[fault.code]
    if fault.code == "CORRELATION_INVALID" and not field.path.startswith(CORRELATION_PATH):
        return "Leave these three blank, or the correlations: only one of the two can apply."
    if field.path == CORRELATION_PATH:
        return _correlation_words(fault, correlation or {})
    if fault.code in ("EXIT_PARAMS", "COPULA") and fault.path == field.path:
        return _parameter_words(fault, typed)
    if fault.path == field.path and (field.unit is not Unit.TEXT or fault.code == "NOT_A_CHOICE"):
        return fault_words(fault, unit=field.unit, typed=typed)
    if fault.code == "REQUIRED":
        return "Choose one: it is needed for what is filled in below."
    return f"{_SUBJECTS.get(fault.path, field.label)} {in_percent(fault.message, fault.code)}."


def without_repetition(faults: Sequence[Fault]) -> list[Fault]:
    """The faults, but of a table with a fault in every cell only the first few and their number."""
    of_table = [fault for fault in faults if fault.path.startswith(CORRELATION_PATH)]
    left_out = of_table[MOST_WORDS:]
    if not left_out:
        return list(faults)
    more = Fault(CORRELATION_PATH, UNREADABLE, f"{len(left_out)} more things are wrong with it")
    return [*(fault for fault in faults if fault not in left_out), more]


def _parameter_words(fault: Fault, typed: str) -> str:
    if not typed.strip():
        return "Fill this in: what is chosen above needs it."
    _value, _null, reason = fault.message.partition("must be null: ")
    return f"Leave this blank: {reason}."


def _correlation_words(fault: Fault, correlation: Mapping[str, Any]) -> str:
    buckets = correlation.get("buckets")
    message = _CELL.sub(lambda cell: f"that of {_pair(cell, buckets)}", fault.message)
    found = _CELL.search(fault.path)
    if found is not None:
        return f"Between {_pair(found, buckets)}: {message}."
    return f"The table {message}."


def _pair(cell: re.Match[str], buckets: object) -> str:
    row, column = int(cell[1]), int(cell[2])
    if not isinstance(buckets, list):
        return f"row {row + 1} and column {column + 1}"
    return f"{buckets[row]} and {buckets[column]}"
