"""Reading the rows of the CSV file: what is taken, and how a company is spelled."""

from datetime import date
from decimal import Decimal

import pytest

from funds.calibration.rounds import Round, RoundsFile, read_rounds
from tests.funds.calibration.refused_rounds import GOOD, WITH_INVESTED, faults_of
from tests.funds.calibration.worked_example import HEADER, LINES, csv_of


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
