"""Every fault of a row of the CSV file, by row and column."""

import pytest

from tests.funds.calibration.refused_rounds import GOOD, WITH_INVESTED, codes_of, faults_of
from tests.funds.calibration.worked_example import csv_of


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
