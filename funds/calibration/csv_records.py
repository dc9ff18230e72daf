"""Turns the bytes of a CSV file into a header and numbered records; knows nothing of rounds."""

import csv
import io
from collections.abc import Iterator, Sequence

from funds.calibration.row_faults import InvalidRounds, RowFault

MOST_ROWS = 100_000
MOST_BYTES = 32 * 2**20

Record = tuple[int, list[str]]


def csv_records(content: bytes) -> Iterator[Record]:
    """Cells of each record with the row number of a spreadsheet; the header is row 1.

    Rows without content are passed over, but counted.

    :raises InvalidRounds: at once or on the way, when the rest cannot be read
    """
    count = 0
    for row, cells in _numbered(_text(content)):
        if row > 1 and not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MOST_ROWS + 1:
            raise InvalidRounds([_fault("TOO_MANY_ROWS", f"has more than {MOST_ROWS} rows")])
        yield row, cells


def checked_columns(
    header: Sequence[str], *, required: Sequence[str], optional: Sequence[str]
) -> tuple[str, ...]:
    """The columns of the file in its order.

    :raises InvalidRounds: for columns that are missing, unknown or named twice
    """
    names = tuple(cell.strip() for cell in header)
    known = (*required, *optional)
    faults = [
        _column_fault(name, "COLUMN_MISSING", f"is missing{_separator_hint(names)}")
        for name in required
        if name not in names
    ]
    for name in dict.fromkeys(names):
        if name not in known:
            message = f"is not a column; known: {', '.join(known)}"
            faults.append(_column_fault(name, "UNKNOWN_COLUMN", message))
        elif names.count(name) > 1:
            faults.append(_column_fault(name, "COLUMN_TWICE", "is in the header more than once"))
    if faults:
        raise InvalidRounds(faults)
    return names


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise InvalidRounds([_fault("TOO_LARGE", f"is larger than {MOST_BYTES // 2**20} MiB")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 text (line {line}): export it as CSV UTF-8"
        raise InvalidRounds([_fault("NOT_UTF8", message)]) from error


def _numbered(text: str) -> Iterator[Record]:
    # newline="" leaves line ends inside quoted cells to the CSV reader.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 0
    while True:
        row += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            message = f"cannot be read as CSV: {error}"
            raise InvalidRounds([_fault("NOT_CSV", message, row=row)]) from error
        if cells is None:
            return
        yield row, cells


def _separator_hint(names: Sequence[str]) -> str:
    has_other_separator = len(names) == 1 and set(names[0]) & set(";\t|")
    return "; cells must be separated by commas" if has_other_separator else ""


def _column_fault(name: str, code: str, message: str) -> RowFault:
    shown = name if name.isidentifier() else repr(name[:60])
    return RowFault(row=1, column=shown, code=code, message=message)


def _fault(code: str, message: str, *, row: int | None = None) -> RowFault:
    return RowFault(row=row, column=None, code=code, message=message)
