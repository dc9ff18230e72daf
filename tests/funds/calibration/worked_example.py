"""Ten companies whose Seed table can be worked by hand, on a grid of half years.

Cut on 2025-12-31. Half years are counted in whole days of 365.25 a year, rounded down: 1 year is
365 days, 1.5 are 547, 2 are 730, 2.5 are 913, 3 are 1095 and 3.5 are 1278. At Seed:

    c01 graduates after 1.5           c06 graduates after 3.5, to B without an A
    c02 graduates after 2.0; its later exit is on both rows
    c03 fails after 2.5               c07 fails after 1.5
    c04 exits after 3.0               c08 is open after 1.5
    c05 graduates after 2.5,          c09 is open after 1.0
        with a bridge between         c10 is open after 2.0

     t   n  graduate  fail  exit   S                F graduate             F fail
    1.5  9      1       1     0    7/9              1/9                    1/9
    2.0  6      1       0     0    7/9 x 5/6        1/9 + 7/9 x 1/6        1/9
                                   = 35/54          = 13/54
    2.5  4      1       1     0    35/54 x 2/4      13/54 + 35/54 x 1/4    1/9 + 35/54 x 1/4
                                   = 35/108         = 87/216               = 59/216
    3.0  2      0       0     1    35/216           87/216                 59/216
    3.5  1      1       0     0    0                87/216 + 35/216        59/216

F exit is 35/108 x 1/2 = 35/216 from 3.0 on. At 1.5, c08 is still at risk, for an event comes
before a censoring on the same day, and c09 is not; at 2.0 the same holds for c10.
"""

from datetime import date

AS_OF = date(2025, 12, 31)

HEADER = "company,stage,date,disposal_date,proceeds_usd"
LINES = [
    "c01,seed,2020-01-01,,",
    "c01,series_a,2021-07-01,,",
    "c02,seed,2019-01-01,2024-06-30,5000000",
    "c02,series_a,2020-12-31,2024-06-30,5000000",
    "c03,seed,2018-01-01,2020-07-02,0",
    "c04,seed,2018-01-01,2020-12-31,1200000.50",
    "c05,seed,2019-01-01,,",
    "c05,seed,2020-06-30,,",
    "c05,series_a,2021-07-02,,",
    "c06,seed,2019-01-01,,",
    "c06,series_b,2022-07-02,,",
    "c07,seed,2021-01-01,2022-07-02,0.00",
    "c08,seed,2024-07-02,,",
    "c09,seed,2024-12-31,,",
    "c10,seed,2024-01-01,,",
]

# The years of the Seed spells, as numbers, with cause codes 0 exit, 1 graduate, 2 fail, -1 open.
SEED_YEARS = [1.5, 2.0, 2.5, 3.0, 2.5, 3.5, 1.5, 1.5, 1.0, 2.0]
SEED_CAUSES = [1, 1, 2, 0, 1, 1, 2, -1, -1, -1]


def csv_of(lines: list[str], *, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()
