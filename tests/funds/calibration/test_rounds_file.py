"""The CSV file as a whole: its header, what cannot be read as CSV, and its limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.calibration import csv_records
from funds.calibration.rounds import read_rounds
from funds.calibration.row_faults import InvalidRounds
from tests.funds.calibration.refused_rounds import GOOD, codes_of, faults_of
from tests.funds.calibration.worked_example import HEADER, csv_of


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        (
            "company,stage,date,disposal_date",
            ["row 1, column proceeds_usd: is missing"],
        ),
        (
            "company,stage,date,disposal_date,proceeds_usd,date",
            ["row 1, column date: is in the header more than once"],
        ),
        (
            "company,stage,date,disposal_date,proceeds_usd,sector,",
            [
                "row 1, column sector: is not a column; known: company, stage, date,"
                " disposal_date, proceeds_usd, invested_usd",
                "row 1, column '': is not a column; known: company, stage, date,"
                " disposal_date, proceeds_usd, invested_usd",
            ],
        ),
        (
            "company,stage,date,disposal_date,Proceeds (USD)",
            [
                "row 1, column proceeds_usd: is missing",
                "row 1, column 'Proceeds (USD)': is not a column; known: company, stage, date,"
                " disposal_date, proceeds_usd, invested_usd",
            ],
        ),
    ],
)
def test_header_is_checked(header: str, faults: list[str]) -> None:
    assert faults_of(csv_of([GOOD], header=header)) == faults


def test_semicolons_are_named_as_the_reason() -> None:
    content = csv_of([GOOD.replace(",", ";")], header=HEADER.replace(",", ";"))

    assert faults_of(content)[0] == (
        "row 1, column company: is missing; cells must be separated by commas"
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (csv_of([]), "file: has no rows of data"),
        (csv_of(["", ",,,,"]), "file: has no rows of data"),
        (
            csv_of([GOOD]).decode().encode("utf-16"),
            "file: is not UTF-8 text (line 1): export it as CSV UTF-8",
        ),
        (
            csv_of([GOOD, "caf\xe9,seed,2020-01-31,,"]).decode().encode("latin-1"),
            "file: is not UTF-8 text (line 3): export it as CSV UTF-8",
        ),
        (csv_of([GOOD, '"acme,seed']), "row 3: cannot be read as CSV: unexpected end of data"),
        (csv_of([GOOD, '"acme"x,seed']), "row 3: cannot be read as CSV: ',' expected after '\"'"),
        (
            csv_of([GOOD, "x" * 140_000]),
            "row 3: cannot be read as CSV: field larger than field limit (131072)",
        ),
        (b" " * (32 * 2**20 + 1), "file: is larger than 32 MiB"),
    ],
)
def test_file_that_cannot_be_read_is_refused(content: bytes, fault: str) -> None:
    assert faults_of(content) == [fault]


def test_empty_file_misses_every_column() -> None:
    assert codes_of(b"") == ["COLUMN_MISSING"] * 5


def test_faults_before_an_unreadable_row_are_kept() -> None:
    assert codes_of(csv_of(["acme,angel,2020-01-31,,", '"acme'])) == ["UNKNOWN_STAGE", "NOT_CSV"]


def test_number_of_rows_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert csv_records.MOST_ROWS == 100_000
    monkeypatch.setattr(csv_records, "MOST_ROWS", 2)

    assert len(read_rounds(csv_of([GOOD, "", GOOD])).rounds) == 2
    assert faults_of(csv_of([GOOD, GOOD, GOOD])) == ["file: has more than 2 rows"]


def rounds_or_faults(content: bytes) -> object:
    try:
        return read_rounds(content).rounds
    except InvalidRounds as refused:
        return refused.faults


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for start in (b"", HEADER.encode() + b"\n", HEADER.encode() + b"\nacme,seed,2020-01-31,,"):
        assert rounds_or_faults(start + content)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            *[st.text(st.characters(codec="utf-8"), max_size=12) for _ in range(5)],
        ),
        max_size=5,
    )
)
def test_any_cells_are_read_or_refused(rows: list[tuple[str, ...]]) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]

    assert rounds_or_faults(csv_of(lines))
