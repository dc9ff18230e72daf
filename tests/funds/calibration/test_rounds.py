"""Reading the CSV file: what is taken, and every fault with its row and column."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.calibration import csv_records
from funds.calibration.rounds import Round, RoundsFile, read_rounds
from funds.calibration.row_faults import InvalidRounds
from tests.funds.calibration.worked_example import HEADER, LINES, csv_of

GOOD = "acme,seed,2020-01-31,,"
WITH_INVESTED = HEADER + ",invested_usd"


def faults_of(content: bytes) -> list[str]:
    with pytest.raises(InvalidRounds) as refused:
        read_rounds(content)
    assert str(refused.value).splitlines() == [str(fault) for fault in refused.value.faults]
    return [str(fault) for fault in refused.value.faults]


def codes_of(content: bytes) -> list[str]:
    with pytest.raises(InvalidRounds) as refused:
        read_rounds(content)
    return [fault.code for fault in refused.value.faults]


def test_rows_become_rounds() -> None:
    content = csv_of(
        ["Acme,seed,2020-02-29,2024-01-02,1234567.89", '"Bolt, Inc",late,2021-05-06,,']
    )

    assert read_rounds(content) == RoundsFile(
        rounds=(
            Round(
                row=2,
                company="Acme",
                stage="seed",
                raised_on=date(2020, 2, 29),
                disposed_on=date(2024, 1, 2),
                proceeds_usd=Decimal("1234567.89"),
            ),
            Round(
                row=3,
                company="Bolt, Inc",
                stage="late",
                raised_on=date(2021, 5, 6),
                disposed_on=None,
                proceeds_usd=None,
            ),
        ),
        has_invested_column=False,
    )


def test_worked_example_has_no_fault() -> None:
    assert len(read_rounds(csv_of(LINES)).rounds) == 15


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + csv_of([GOOD]),
        csv_of([GOOD]).replace(b"\n", b"\r\n"),
        csv_of([GOOD]).rstrip(),
        csv_of(["  acme , seed,2020-01-31 , ,  "], header=HEADER.replace(",", " , ")),
        csv_of(["2020-01-31,,acme,,seed"], header="date,disposal_date,company,proceeds_usd,stage"),
        csv_of(["", GOOD, ",,,,", "  "]),
    ],
    ids=["byte order mark", "CRLF", "no last line end", "spaces", "other order", "blank rows"],
)
def test_ways_to_write_the_same_row(content: bytes) -> None:
    (round_,) = read_rounds(content).rounds

    assert (round_.company, round_.stage, round_.raised_on, round_.disposed_on) == (
        "acme",
        "seed",
        date(2020, 1, 31),
        None,
    )


def test_rows_are_numbered_as_in_a_spreadsheet() -> None:
    # Header 1, blank line 2, a record on two lines 3, the next 4.
    content = csv_of(["", '"ac\nme",seed,2020-01-31,,', GOOD.replace("2020-01-31", "soon")])

    assert [fault.split(",")[0] for fault in faults_of(content)] == ["row 3", "row 4"]


def test_invested_amounts_are_an_optional_column() -> None:
    file = read_rounds(
        csv_of([GOOD + ",250000.50", "bolt,seed,2020-01-31,,,"], header=WITH_INVESTED)
    )

    assert file.has_invested_column
    assert [round_.invested_usd for round_ in file.rounds] == [Decimal("250000.50"), None]


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (",seed,2020-01-31,,", ["row 2, column company: is blank"]),
        ("  ,seed,2020-01-31,,", ["row 2, column company: is blank"]),
        (
            "x" * 201 + ",seed,2020-01-31,,",
            ["row 2, column company: has 201 characters, at most 200 fit"],
        ),
        ("acme,,2020-01-31,,", ["row 2, column stage: is blank"]),
        (
            "acme,Series A,2020-01-31,,",
            [
                "row 2, column stage: is 'Series A', must be one of pre_seed, seed, series_a,"
                " series_b, series_c, late"
            ],
        ),
        ("acme,seed,,,", ["row 2, column date: is blank"]),
        (
            "acme,seed,03/04/2025,,",
            [
                "row 2, column date: is '03/04/2025', which can be day and month or month and"
                " day: write YYYY-MM-DD"
            ],
        ),
        (
            "acme,seed,3.4.25,,",
            [
                "row 2, column date: is '3.4.25', which can be day and month or month and"
                " day: write YYYY-MM-DD"
            ],
        ),
        (
            "acme,seed,13/04/2025,,",
            ["row 2, column date: is '13/04/2025', must be a date as YYYY-MM-DD"],
        ),
        (
            "acme,seed,20250403,,",
            ["row 2, column date: is '20250403', must be a date as YYYY-MM-DD"],
        ),
        (
            "acme,seed,2025-W14-4,,",
            ["row 2, column date: is '2025-W14-4', must be a date as YYYY-MM-DD"],
        ),
        (
            "acme,seed,2025-04-03T00:00,,",
            ["row 2, column date: is '2025-04-03T00:00', must be a date as YYYY-MM-DD"],
        ),
        (
            "acme,seed,2025-02-29,,",
            ["row 2, column date: is '2025-02-29', which is not a day of the calendar"],
        ),
        (
            "acme,seed,0202-01-01,,",
            ["row 2, column date: is '0202-01-01', must not be before 1900-01-01"],
        ),
        (
            "acme,seed,2020-01-31,04/03/2025,0",
            [
                "row 2, column disposal_date: is '04/03/2025', which can be day and month or"
                " month and day: write YYYY-MM-DD"
            ],
        ),
        (
            "acme,seed,2020-01-31,2020-01-30,0",
            ["row 2, column disposal_date: is 2020-01-30, before the round of 2020-01-31"],
        ),
        (
            "acme,seed,2020-01-31,2021-01-31,",
            [
                "row 2, column proceeds_usd: is blank although disposal_date is filled: write 0"
                " only for a write-off"
            ],
        ),
        (
            "acme,seed,2020-01-31,,0",
            [
                "row 2, column disposal_date: is blank although proceeds_usd is filled: a sale or"
                " write-off needs its date, a holding that is still there has no proceeds"
            ],
        ),
        (
            "acme,seed,2020-01-31,2021-01-31,-5.50",
            ["row 2, column proceeds_usd: is '-5.50', must be 0 or more"],
        ),
        (
            "acme,seed,2020-01-31,2021-01-31,n/a",
            [
                "row 2, column proceeds_usd: is 'n/a', must be dollars in digits below 1e15, such"
                " as 1500000.00"
            ],
        ),
        (
            "acme,seed,2020-01-31,2021-01-31",
            ["row 2: has 4 cells, the header has 5"],
        ),
        (
            "acme,seed,2020-01-31,2021-01-31,1,000",
            ["row 2: has 6 cells, the header has 5"],
        ),
        (
            "ac\0me,seed,2020-01-31,,",
            ["row 2, column company: has a control or invisible character (U+0000)"],
        ),
        (
            "ac\u200bme,se\x1bed,2020-01-31,,",
            [
                "row 2, column company: has a control or invisible character (U+200B)",
                "row 2, column stage: has a control or invisible character (U+001B)",
            ],
        ),
        (
            '"ac\nme",seed,2020-01-31,,',
            ["row 2, column company: has a control or invisible character (U+000A)"],
        ),
    ],
)
def test_fault_names_row_and_column(line: str, faults: list[str]) -> None:
    assert faults_of(csv_of([line])) == faults


@pytest.mark.parametrize(
    "amount",
    [
        "NaN",
        "Infinity",
        "1e6",
        "1_000",
        "$5",
        "5 USD",
        "(5)",
        "--5",
        "+5",
        "1.",
        ".5",
        "٣",
        "9" * 16,
    ],
)
def test_only_plain_digits_are_an_amount(amount: str) -> None:
    assert codes_of(csv_of([f"acme,seed,2020-01-31,2021-01-31,{amount}"])) == ["NOT_AN_AMOUNT"]


def test_invested_amount_is_checked_like_proceeds() -> None:
    assert faults_of(csv_of([GOOD + ",-1", GOOD + ",x"], header=WITH_INVESTED)) == [
        "row 2, column invested_usd: is '-1', must be 0 or more",
        "row 3, column invested_usd: is 'x', must be dollars in digits below 1e15, such as"
        " 1500000.00",
    ]


def test_all_faults_of_all_rows_are_listed_in_order() -> None:
    assert faults_of(csv_of([",angel,,,x", GOOD, "bolt,seed,2020-01-31,2019-01-31,"])) == [
        "row 2, column company: is blank",
        "row 2, column stage: is 'angel', must be one of pre_seed, seed, series_a, series_b,"
        " series_c, late",
        "row 2, column date: is blank",
        "row 2, column proceeds_usd: is 'x', must be dollars in digits below 1e15, such as"
        " 1500000.00",
        "row 2, column disposal_date: is blank although proceeds_usd is filled: a sale or"
        " write-off needs its date, a holding that is still there has no proceeds",
        "row 4, column proceeds_usd: is blank although disposal_date is filled: write 0 only for"
        " a write-off",
        "row 4, column disposal_date: is 2019-01-31, before the round of 2020-01-31",
    ]


@pytest.mark.parametrize(
    ("first", "other"),
    [("acme", "Acme"), ("ac  me", "ac me"), ("acme", "\uff41cme"), ("STRASSE", "stra\u00dfe")],
)
def test_company_spelled_in_two_ways_is_refused(first: str, other: str) -> None:
    lines = [f"{first},seed,2020-01-31,,", f"{other},series_a,2021-01-31,,"]

    assert faults_of(csv_of(lines)) == [
        f"row 3, column company: is {other!r}, row 2 spells it {first!r}: spell a company one way"
    ]


def test_spaces_of_any_kind_at_the_ends_are_no_part_of_a_name() -> None:
    lines = ["acme,seed,2020-01-31,,", "\u00a0acme ,series_a,2021-01-31,,"]

    assert [round_.company for round_ in read_rounds(csv_of(lines)).rounds] == ["acme", "acme"]


# The file as a whole.


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
