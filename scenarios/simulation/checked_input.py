"""Reads JSON-like input field by field and collects every fault instead of stopping at the first.

Each fault names the field by its path, the value and the rule. Pages, API and commands show the
same faults, so the rules live with the dataclasses that `FieldReader` fills and nowhere else.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where, a stable code for programs, and words for people."""

    path: str
    code: str
    message: str

    def __str__(self) -> str:
        """One line, whatever the names in the path are made of."""
        is_plain = self.path.isprintable()
        path = self.path if is_plain else self.path.encode("unicode_escape").decode("ascii")
        return f"{path}: {self.message}"


class InvalidInput(ValueError):
    """The input breaks at least one rule; ``faults`` lists every one that was found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


MISSING: Any = object()


class FieldReader:
    """Reads one JSON object; readers of nested objects share the list of faults.

    Reading a faulty field records the fault and returns None (or the default); call
    ``raise_faults`` before a value is used.
    """

    def __init__(self, data: object, *, path: str = "", faults: list[Fault] | None = None) -> None:
        self.path = path
        self.faults: list[Fault] = [] if faults is None else faults
        self._read: set[str] = set()
        if not isinstance(data, Mapping):
            self.fault(
                "", "NOT_AN_OBJECT", f"is {_shown(data)}, must be an object with named fields"
            )
            data = {}
        self._data: Mapping[str, object] = data

    def at(self, field: str) -> str:
        return ".".join(part for part in (self.path, field) if part)

    def fault(self, field: str, code: str, message: str) -> None:
        self.faults.append(Fault(self.at(field) or "(top level)", code, message))

    def raise_faults(self) -> None:
        if self.faults:
            raise InvalidInput(self.faults)

    def refuse_unknown_fields(self) -> None:
        for name in sorted(set(self._data) - self._read, key=str):
            self.fault(
                str(name),
                "UNKNOWN_FIELD",
                f"is not a field; known: {', '.join(sorted(self._read))}",
            )

    def keys(self) -> list[str]:
        return [str(name) for name in self._data]

    def has(self, field: str) -> bool:
        self._read.add(field)
        return self._data.get(field) is not None

    def raw(self, field: str, default: Any = MISSING) -> Any:
        self._read.add(field)
        value = self._data.get(field)
        if value is not None:
            return value
        if default is MISSING:
            self.fault(field, "REQUIRED", "is missing")
            return None
        return default

    def number(
        self,
        field: str,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
        above: float | None = None,
        below: float | None = None,
        default: Any = MISSING,
        code: str = "OUT_OF_RANGE",
    ) -> Any:
        """The field as a finite float inside the given bounds; ``code`` names a broken bound."""
        value = self.raw(field, default)
        if value is None or (value is default and not isinstance(value, int | float)):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self.fault(field, "NOT_A_NUMBER", f"is {_shown(value)}, must be a number")
            return None
        number = _as_float(value)
        if not math.isfinite(number):
            self.fault(field, "NOT_FINITE", f"is {_shown(value)}, must be a finite number")
            return None
        rule = _broken_bound(number, minimum=minimum, maximum=maximum, above=above, below=below)
        if rule:
            self.fault(field, code, f"is {_shown(value)}, must be {rule}")
            return None
        return number

    def integer(
        self,
        field: str,
        *,
        minimum: int,
        maximum: int,
        default: Any = MISSING,
        code: str = "OUT_OF_RANGE",
    ) -> Any:
        """The field as an int; 400.0 is taken as 400, 400.5 is a fault."""
        number = self.number(field, minimum=minimum, maximum=maximum, default=default, code=code)
        if number is None:
            return None
        if number != int(number):
            self.fault(field, "NOT_AN_INTEGER", f"is {number:g}, must be a whole number")
            return None
        return int(number)

    def money_usd(self, field: str, *, above: Decimal = Decimal(0), default: Any = MISSING) -> Any:
        """The field as a Decimal of dollars with at most two decimals, above ``above``."""
        value = self.raw(field, default)
        if value is None or value is default:
            return value
        amount = self._decimal(field, value)
        if amount is None:
            return None
        if amount <= above:
            self.fault(field, "OUT_OF_RANGE", f"is {_shown(value)}, must be above {above} USD")
            return None
        if amount >= Decimal(10) ** 15:
            self.fault(field, "OUT_OF_RANGE", f"is {_shown(value)}, must be below 1e15 USD")
            return None
        if amount != amount.quantize(Decimal("0.01")):
            self.fault(field, "TOO_PRECISE", f"is {_shown(value)}, must have at most two decimals")
            return None
        return amount.quantize(Decimal("0.01"))

    def _decimal(self, field: str, value: object) -> Decimal | None:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            self.fault(field, "NOT_A_NUMBER", f"is {_shown(value)}, must be an amount in dollars")
            return None
        try:
            # repr() of a float is its shortest exact form: 0.1 becomes Decimal("0.1").
            amount = Decimal(repr(value) if isinstance(value, float) else value)
        except InvalidOperation:
            self.fault(field, "NOT_A_NUMBER", f"is {_shown(value)}, must be an amount in dollars")
            return None
        if not amount.is_finite():
            self.fault(field, "NOT_FINITE", f"is {_shown(value)}, must be a finite number")
            return None
        return amount

    def text(self, field: str, *, longest: int = 200, default: Any = MISSING) -> Any:
        value = self.raw(field, default)
        if value is None or value is default:
            return value
        if not isinstance(value, str):
            self.fault(field, "NOT_TEXT", f"is {_shown(value)}, must be text")
            return None
        if not value.strip():
            self.fault(field, "BLANK", "is blank")
            return None
        if len(value) > longest:
            self.fault(
                field, "TOO_LONG", f"has {len(value)} characters, at most {longest} are allowed"
            )
            return None
        if not value.isprintable():
            self.fault(
                field, "CONTROL_CHARACTER", f"is {_shown(value)}, must have no control characters"
            )
            return None
        return value

    def choice(self, field: str, choices: Collection[str], *, default: Any = MISSING) -> Any:
        value = self.raw(field, default)
        if value is None or value in choices:
            return value
        self.fault(
            field, "NOT_A_CHOICE", f"is {_shown(value)}, must be one of {', '.join(choices)}"
        )
        return None

    def flag(self, field: str, *, default: Any = MISSING) -> Any:
        value = self.raw(field, default)
        if value is None or isinstance(value, bool):
            return value
        self.fault(field, "NOT_A_FLAG", f"is {_shown(value)}, must be true or false")
        return None

    def object(self, field: str) -> "FieldReader":
        """A reader of the nested object; an absent one reads as empty."""
        return FieldReader(self.raw(field, {}), path=self.at(field), faults=self.faults)

    def objects(self, field: str, *, longest: int) -> Iterator["FieldReader"]:
        """A reader for each object of the list, with paths like ``buckets[3]``."""
        value = self.raw(field)
        if value is None:
            return
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.fault(field, "NOT_A_LIST", f"is {_shown(value)}, must be a list")
            return
        if len(value) > longest:
            self.fault(
                field, "TOO_LONG", f"has {len(value)} entries, at most {longest} are allowed"
            )
            return
        for index, item in enumerate(value):
            yield FieldReader(item, path=f"{self.at(field)}[{index}]", faults=self.faults)


def _as_float(value: int | float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:  # An int beyond the largest float.
        return math.inf


def _broken_bound(
    number: float,
    *,
    minimum: float | None,
    maximum: float | None,
    above: float | None,
    below: float | None,
) -> str:
    """The rule in words when ``number`` breaks a bound, else an empty string."""
    low = f"at least {_bound(minimum)}" if minimum is not None else ""
    low = f"above {_bound(above)}" if above is not None else low
    high = f"at most {_bound(maximum)}" if maximum is not None else ""
    high = f"below {_bound(below)}" if below is not None else high
    inside = (
        (minimum is None or number >= minimum)
        and (maximum is None or number <= maximum)
        and (above is None or number > above)
        and (below is None or number < below)
    )
    return "" if inside else " and ".join(part for part in (low, high) if part)


def _bound(number: float) -> str:
    """Whole numbers with all their digits: 10000000 and not 1e+07."""
    return str(int(number)) if number == int(number) else f"{number:g}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
