"""Geometry of the J-curve and of the bars by year, on a canvas whose pixels can be counted."""

import re
from typing import Any

import pytest

from optimization.pages.cash_flow_charts import (
    FOOT_PX,
    LEFT_PX,
    RIGHT_PX,
    RIGHT_WORDS_PX,
    TOP_PX,
    FlowBar,
    flow_bars,
    j_curve,
)
from tests.optimization.measured import CASH_FLOWS, by_year

# 15 years of 20 px between the ends, 16 slots of 25 px, and 300 px upright.
CURVE_WIDTH = LEFT_PX + 15 * 20 + RIGHT_WORDS_PX
BARS_WIDTH = LEFT_PX + 16 * 25 + RIGHT_PX
HEIGHT = TOP_PX + 300 + FOOT_PX
# Pixels are rounded to hundredths.
ROUNDING_PX = 0.011


def result(**flows: Any) -> dict[str, Any]:
    return {"request": {"capital_usd": "100000000.00"}, "cash_flows": {**CASH_FLOWS, **flows}}


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]


def bar_of(bars: list[FlowBar], tone: str, year: int) -> FlowBar:
    return [bar for bar in bars if bar.tone == tone][year]


def test_median_passes_through_its_values() -> None:
    chart = j_curve(result(), width=CURVE_WIDTH, height=HEIGHT)
    median = points(chart.median)

    # The axis goes from -1 to 2: 100 px to 1x, zero at 200 px from its top.
    assert len(median) == 16
    assert chart.frame.zero == TOP_PX + 200
    assert median[0] == pytest.approx((LEFT_PX, TOP_PX + 250), abs=ROUNDING_PX)
    assert median[-1] == pytest.approx((LEFT_PX + 300, TOP_PX + 170), abs=ROUNDING_PX)


def test_band_goes_along_the_90th_percentile_and_back_along_the_10th() -> None:
    chart = j_curve(result(), width=CURVE_WIDTH, height=HEIGHT)
    band = points(chart.band)

    assert len(band) == 32
    assert chart.band.endswith("z")
    assert band[15] == pytest.approx((LEFT_PX + 300, TOP_PX), abs=ROUNDING_PX)
    assert band[16] == pytest.approx((LEFT_PX + 300, TOP_PX + 240), abs=ROUNDING_PX)
    assert band[0] == band[31]


def test_grid_is_labelled_in_multiples_and_every_second_year() -> None:
    frame = j_curve(result(), width=CURVE_WIDTH, height=HEIGHT).frame

    minus = "\N{MINUS SIGN}"
    assert [tick.label for tick in frame.y_ticks] == [
        f"{minus}1.0x",
        f"{minus}0.5x",
        "0.0x",
        "0.5x",
        "1.0x",
        "1.5x",
        "2.0x",
    ]
    assert [tick.label for tick in frame.x_ticks] == ["0", "2", "4", "6", "8", "10", "12", "14"]


def test_words_at_the_ends_of_lines_keep_apart() -> None:
    flat = dict.fromkeys(("p10", "p50", "p90"), CASH_FLOWS["cumulative_net"]["p50"])

    high, median, low = j_curve(result(cumulative_net=flat), width=CURVE_WIDTH, height=HEIGHT).ends

    assert (high.words, median.words, low.words) == ("90th", "Median", "10th")
    assert median.y - high.y >= 14
    assert low.y - median.y >= 14


def test_distributions_stand_on_zero_and_calls_hang_from_it() -> None:
    chart = flow_bars(result(), width=BARS_WIDTH, height=HEIGHT)
    call, distribution = (
        bar_of(list(chart.bars), tone, year) for tone, year in (("call", 0), ("distribution", 9))
    )

    # The axis goes from -50 to 100 million: 2 px to a million.
    assert chart.frame.zero == TOP_PX + 200
    assert (call.y, call.height) == pytest.approx((TOP_PX + 200, 100), abs=ROUNDING_PX)
    assert (distribution.y, distribution.height) == pytest.approx(
        (TOP_PX + 40, 160), abs=ROUNDING_PX
    )


def test_bars_of_a_year_stand_in_the_middle_of_its_slot() -> None:
    chart = flow_bars(result(), width=BARS_WIDTH, height=HEIGHT)
    call, distribution = (bar_of(list(chart.bars), tone, 3) for tone in ("call", "distribution"))

    assert call.x == distribution.x
    assert call.x + call.width / 2 == pytest.approx(LEFT_PX + 3.5 * 25, abs=ROUNDING_PX)
    assert call.width < 25


def test_fund_that_distributes_nothing_has_a_chart_of_its_calls() -> None:
    chart = flow_bars(result(mean_distributions=by_year()), width=BARS_WIDTH, height=HEIGHT)

    assert chart.frame.zero == TOP_PX
    assert [tick.label for tick in chart.frame.y_ticks][-1] == "0"
