"""Reads the cells of one row of the file and records every fault in them."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from funds.calibration.row_faults import RowFault
from funds.calibration.stage_order import STAGES

LONGEST_NAME = 200
EARLIEST_DATE = date(1900, 1, 1)
"""Older dates are slips of the pen, and would make spells of centuries."""

_ISO_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_AND_MONTH = re.compile("([0-9]{1,2})[./-]([0-9]{1,2})[./-](?:[0-9]{4}|[0-9]{2})")
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_NEGATIVE_AMOUNT = re.compile(r"-[0-9]+(?:\.[0-9]+)?")
_UNSEEN_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


class RowCells:
    """The cells of one row by column; faulty and blank cells read as None."""

    def __init__(self, *, row: int, cells: Mapping[str, str], faults: list[RowFault]) -> None:
        self.row = row
        self._cells = cells
        self._faults = faults

    def fault(self, column: str, code: str, message: str) -> None:
        self._faults.append(RowFault(row=self.row, column=column, code=code, message=message))

    def refuse_unseen_characters(self) -> bool:
        """Whether any cell has characters that nobody sees, such as NUL or a zero-width space."""
        unseen = {column: _first_unseen(text) for column, text in self._cells.items()}
        for column, character in unseen.items():
            if character:
                self.fault(
                    column,
                    "CONTROL_CHARACTER",
                    f"has a control or invisible character (U+{ord(character):04X})",
                )
        return any(unseen.values())

    def company(self, column: str) -> str | None:
        text = self._required(column)
        if text is not None and len(text) > LONGEST_NAME:
            self.fault(
                column, "TOO_LONG", f"has {len(text)} characters, at most {LONGEST_NAME} fit"
            )
            return None
        return text

    def stage(self, column: str) -> str | None:
        text = self._required(column)
        if text is None or text in STAGES:
            return text
        self.fault(
            column, "UNKNOWN_STAGE", f"is {_shown(text)}, must be one of {', '.join(STAGES)}"
        )
        return None

    def required_date(self, column: str) -> date | None:
        return None if self._required(column) is None else self.optional_date(column)

    def optional_date(self, column: str) -> date | None:
        text = self._cells[column].strip()
        if not text:
            return None
        if not _ISO_DATE.fullmatch(text):
            self._refuse_date_form(column, text)
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.fault(column, "NO_SUCH_DAY", f"is {text!r}, which is not a day of the calendar")
            return None
        if day < EARLIEST_DATE:
            self.fault(column, "OUT_OF_RANGE", f"is {text!r}, must not be before {EARLIEST_DATE}")
            return None
        return day

    def optional_amount_usd(self, column: str) -> Decimal | None:
        text = self._cells[column].strip()
        if not text:
            return None
        if _AMOUNT.fullmatch(text):
            return Decimal(text)
        if _NEGATIVE_AMOUNT.fullmatch(text):
            self.fault(column, "NEGATIVE", f"is {_shown(text)}, must be 0 or more")
            return None
        self.fault(
            column,
            "NOT_AN_AMOUNT",
            f"is {_shown(text)}, must be dollars in digits below 1e15, such as 1500000.00",
        )
        return None

    def is_blank(self, column: str) -> bool:
        return not self._cells[column].strip()

    def _required(self, column: str) -> str | None:
        text = self._cells[column].strip()
        if not text:
            self.fault(column, "BLANK", "is blank")
            return None
        return text

    def _refuse_date_form(self, column: str, text: str) -> None:
        parts = _DAY_AND_MONTH.fullmatch(text)
        if parts and all(1 <= int(part) <= 12 for part in parts.groups()):
            self.fault(
                column,
                "AMBIGUOUS_DATE",
                f"is {text!r}, which can be day and month or month and day: write YYYY-MM-DD",
            )
        else:
            self.fault(column, "NOT_A_DATE", f"is {_shown(text)}, must be a date as YYYY-MM-DD")


def _first_unseen(text: str) -> str:
    if text.isprintable():
        return ""
    unseen = (letter for letter in text if unicodedata.category(letter) in _UNSEEN_CATEGORIES)
    return next(unseen, "")


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 60 else f"{text[:57]!r}..."
