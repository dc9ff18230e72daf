"""Correlations of buckets as an analyst pastes or uploads them: JSON, or a table. Pure.

Only what makes the text unreadable is a fault here; the rules about the numbers are those of a
scenario config.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.json_file import NotJson, json_value
from scenarios.simulation.configuration.parameters import MAX_BUCKETS

LARGEST_TEXT_BYTES = 256 * 1024
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


class UnreadableCorrelation(ValueError):
    """``messages`` say what is wrong, each as a sentence without its full stop."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("; ".join(self.messages))


def text_of_upload(content: bytes) -> str:
    """:raises UnreadableCorrelation: too large, or no UTF-8 text"""
    if len(content) > LARGEST_TEXT_BYTES:
        kilobytes = LARGEST_TEXT_BYTES // 1024
        raise UnreadableCorrelation([f"The file is larger than {kilobytes} kB"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableCorrelation(
            ["The file is not UTF-8 text: export it as CSV UTF-8 or JSON"]
        ) from error


def correlation_of_text(text: str) -> Mapping[str, Any]:
    """``buckets`` and ``matrix`` as a request states them; cells that are no numbers stay text.

    :raises UnreadableCorrelation: with everything that keeps the text from being read
    """
    if text.lstrip().startswith(("{", "[")):
        return _from_json(text)
    return _from_table(text)


def text_of_correlation(correlation: Mapping[str, Any]) -> str:
    """The table of a correlation that a request states; `correlation_of_text` reads it back."""
    return table(correlation["buckets"], correlation["matrix"])


def uncorrelated_table(keys: Sequence[str]) -> str:
    """A table to fill in: 1 on the diagonal and 0 elsewhere."""
    return table(keys, [[int(row == column) for column in keys] for row in keys])


def table(keys: Sequence[str], matrix: Sequence[Sequence[float]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["", *keys])
    for key, row in zip(keys, matrix, strict=True):
        # repr() of a float is its shortest exact form.
        writer.writerow([key, *(repr(number) for number in row)])
    return written.getvalue()


def _from_json(text: str) -> Mapping[str, Any]:
    try:
        value = json_value(text)
    except NotJson as error:
        raise UnreadableCorrelation([f"The text is not valid JSON: {error}"]) from error
    if not isinstance(value, dict):
        raise UnreadableCorrelation(
            ['The JSON does not name its buckets: write {"buckets": [...], "matrix": [[...]]}']
        )
    return value


def _from_table(text: str) -> Mapping[str, Any]:
    (header, *rows) = _lines(text)
    keys = [cell.strip() for cell in header[1][1:]]
    if max(len(keys), len(rows)) > MAX_BUCKETS:
        raise UnreadableCorrelation([f"The table has more than {MAX_BUCKETS} buckets"])
    messages = list(_misnamed(keys, rows))
    cells = {row[0].strip(): row[1:] for _, row in rows}
    if messages:
        raise UnreadableCorrelation(messages)
    return {"buckets": keys, "matrix": [[_number(cell) for cell in cells[key]] for key in keys]}


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """The lines of the table with their numbers, blank ones left out; the first has the keys."""
    separator = next((mark for mark in "\t;" if mark in text.partition("\n")[0]), ",")
    reader = csv.reader(
        io.StringIO(text.strip("\r\n"), newline=""),
        delimiter=separator,
        skipinitialspace=True,
        strict=True,
    )
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise UnreadableCorrelation(
            [f"Line {reader.line_num} cannot be read as CSV: {error}"]
        ) from error
    if not lines or len(lines[0][1]) < 2:
        raise UnreadableCorrelation(
            [
                "The table has no columns: the first line names the buckets after an empty cell,"
                " every other line starts with its bucket"
            ]
        )
    return lines


def _misnamed(keys: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> list[str]:
    """What keeps rows and columns from finding each other."""
    names = [row[0].strip() for _, row in rows]
    messages = [
        f"Line {line} has {len(row)} cells, the first line has {len(keys) + 1}"
        for line, row in rows
        if len(row) != len(keys) + 1
    ]
    messages += [f"The column {key or '(blank)'} has no row" for key in keys if key not in names]
    messages += [f"The row {name or '(blank)'} has no column" for name in names if name not in keys]
    messages += [f"The row {name} is there twice" for name in _repeated(names)]
    messages += [f"The column {key} is there twice" for key in _repeated(keys)]
    return messages


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _number(cell: str) -> float | str:
    text = cell.strip().replace("\N{MINUS SIGN}", "-")
    return float(text) if _NUMBER.fullmatch(text) else cell.strip()
