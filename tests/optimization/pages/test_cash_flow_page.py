"""Cash flows and IRR in words and tables, from figures written by hand."""

import copy
from typing import Any

import pytest

from optimization.pages.cash_flows import (
    irr_finding,
    irr_losses,
    irr_quantiles,
    net_rows,
    pace_finding,
    payback_finding,
    rare_percent,
    year_rows,
)
from optimization.results.cash_flows import gross_irr
from tests.optimization.measured import CASH_FLOWS, IRR, by_year

# Sums of a few products in another order differ in the last digits of a double.
ROUNDING_USD = 1e-6


def result(*, capital_usd: str = "200000000.00", **flows: Any) -> dict[str, Any]:
    return {
        "request": {"capital_usd": capital_usd},
        "irr": gross_irr({"irr": IRR}),
        "cash_flows": {**copy.deepcopy(CASH_FLOWS), **flows},
    }


def medians(values: list[float]) -> dict[str, Any]:
    """A result of four years whose J-curve has these medians."""
    return result(years=[0, 1, 2, 3], cumulative_net={"p50": values})


def test_rows_are_the_fractions_of_the_capital_in_dollars() -> None:
    rows = year_rows(result())

    assert [row.year for row in rows] == list(range(16))
    # 0.5 of 200 million in year 0; 0.8 comes back in year 9.
    assert rows[0].called_usd == pytest.approx(100e6, abs=ROUNDING_USD)
    assert rows[9].distributed_usd == pytest.approx(160e6, abs=ROUNDING_USD)


def test_net_so_far_ends_at_the_mean_multiple_less_one() -> None:
    rows = year_rows(result())

    # -0.5 - 0.2 + 0.1 by year 3; 1.8 - 0.8 at the end.
    assert rows[3].net_so_far_usd == pytest.approx(-120e6, abs=ROUNDING_USD)
    assert rows[-1].net_so_far_usd == pytest.approx(200e6, abs=ROUNDING_USD)


def test_table_of_the_j_curve_has_its_three_lines() -> None:
    rows = net_rows(result())

    assert (rows[0].p10, rows[0].p50, rows[0].p90) == (-0.5, -0.5, -0.5)
    assert (rows[-1].p10, rows[-1].p50, rows[-1].p90) == pytest.approx((-0.4, 0.3, 2.0), abs=1e-9)


@pytest.mark.parametrize(
    ("values", "finding"),
    [
        (
            [-0.5, -0.2, 0.0, 0.4],
            "By the end of year 2 half of the scenarios have got back what was called",
        ),
        # Above zero in year 1 but called again after it.
        (
            [-0.5, 0.1, -0.1, 0.4],
            "By the end of year 3 half of the scenarios have got back what was called",
        ),
        (
            [-0.5, -0.4, -0.3, -0.1],
            "More than half of the scenarios never get back what was called",
        ),
        ([0.0, 0.1, 0.2, 0.3], "In every year half of the scenarios have got back what was called"),
    ],
)
def test_j_curve_is_titled_with_the_year_from_which_half_of_the_scenarios_are_repaid(
    values: list[float], finding: str
) -> None:
    assert payback_finding(medians(values)) == finding


def test_pace_is_told_in_dollars_with_the_year_by_which_half_came_back() -> None:
    # 0.8 and 1.8 of 200 million; 0.1 + 0.3 + 0.6 = 1.0 of 1.8 by year 7.
    assert pace_finding(result()) == (
        "On average $160.00M is called and $360.00M comes back, half of it by the end of year 7"
    )


def test_pace_without_any_distribution_names_no_year() -> None:
    nothing = result(mean_distributions=by_year())

    assert pace_finding(nothing) == "On average $160.00M is called and $0.00M comes back"


def test_irr_is_told_as_percent_a_year_from_the_lowest_quantile() -> None:
    minus = "\N{MINUS SIGN}"

    assert irr_quantiles(result()) == [
        ("5th percentile", f"{minus}31.9"),
        ("10th percentile", f"{minus}10.0"),
        ("25th percentile", "0.1"),
        ("Median", "9.3"),
        ("75th percentile", "17.8"),
        ("90th percentile", "35.6"),
        ("95th percentile", "95.4"),
    ]
    assert irr_finding(IRR) == (
        f"Gross IRR: median 9.3% a year, in 8 of 10 scenarios {minus}10.0 to 35.6%"
    )


def test_losses_are_told_with_their_intervals() -> None:
    below, nothing = irr_losses(result())

    # 1,250 of 5,000 and 5 of 5,000, Clopper & Pearson at 95 %: half a width of the first is
    # 1.96 sqrt(.25 * .75 / 5000) = 1.2 points; the second's bounds are those of a Poisson count of
    # 5, 1.62 and 11.67 (Garwood 1936), of 5,000.
    assert (below.value, below.interval) == ("25.00%", "23.80 to 26.22%")
    assert (nothing.value, nothing.interval) == ("0.10%", "0.03 to 0.23%")


def test_outcome_that_never_occurred_still_has_an_upper_bound() -> None:
    none = {"irr": {**IRR, "scenarios": 100_000, "share_total_loss": 0.0}}
    _, nothing = irr_losses({**result(), "irr": gross_irr(none)})

    # 1 - 0.025^(1 / 100,000) = 0.0000369.
    assert (nothing.value, nothing.interval) == ("0%", "0 to 0.0037%")


@pytest.mark.parametrize(
    ("fraction", "words"),
    [(0.0, "0%"), (0.00002, "0.0020%"), (0.0001, "0.01%"), (0.25, "25.00%"), (1.0, "100.00%")],
)
def test_rare_outcome_is_never_shown_as_none(fraction: float, words: str) -> None:
    assert rare_percent(fraction) == words
