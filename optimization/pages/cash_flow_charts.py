"""Geometry of the J-curve and of calls and distributions by year. Pure; templates draw them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimization.pages.cash_flows import year_rows
from optimization.pages.chart_axis import Axis, axis_around
from optimization.pages.histogram import AxisTick
from optimization.templatetags.figures import number

TOP_PX = 10.0
FOOT_PX = 22.0
LEFT_PX = 46.0
# Room for the words at the end of each line of the J-curve.
RIGHT_WORDS_PX = 58.0
RIGHT_PX = 8.0
WORDS_GAP_PX = 6.0
LINE_PX = 14.0
# From the middle of a line of text to its baseline.
HALF_TEXT_PX = 4.0
BAR_SHARE = 0.72
YEARS_PER_LABEL = 2
USD_PER_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class LineEnd:
    words: str
    y: float
    is_strong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Canvas, grid and years that both charts have; ``zero`` is the height of zero."""

    width: float
    height: float
    left: float
    right: float
    label_x: float
    zero: float
    y_ticks: Sequence[AxisTick]
    x_ticks: Sequence[AxisTick]


@dataclass(frozen=True, slots=True, kw_only=True)
class JCurve:
    """``band`` is an SVG path around P10 to P90, ``median`` one along P50."""

    frame: Frame
    band: str
    median: str
    ends_x: float
    ends: Sequence[LineEnd]


@dataclass(frozen=True, slots=True)
class FlowBar:
    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBars:
    """Distributions stand on the zero line, calls hang from it."""

    frame: Frame
    bars: Sequence[FlowBar]


def j_curve(result: Mapping[str, Any], *, width: float, height: float) -> JCurve:
    """Cumulative net cash flow per dollar of capital on a canvas of ``width`` by ``height``."""
    flows = result["cash_flows"]
    net, years = flows["cumulative_net"], flows["years"]
    axis = axis_around([*net["p10"], *net["p90"]])
    right = width - RIGHT_WORDS_PX
    scale = (right - LEFT_PX) / (years[-1] - years[0])
    at_year = [LEFT_PX + scale * (year - years[0]) for year in years]
    heights = {
        name: [_height(value, axis, height) for value in values] for name, values in net.items()
    }
    there = list(zip(at_year, heights["p90"], strict=True))
    back = list(zip(at_year, heights["p10"], strict=True))[::-1]
    return JCurve(
        frame=_frame(axis, at_year, years, width=width, height=height, right=right, unit="x"),
        band=f"{_path(there + back)}z",
        median=_path(list(zip(at_year, heights["p50"], strict=True))),
        ends_x=round(right + WORDS_GAP_PX, 2),
        ends=_line_ends(high=heights["p90"][-1], median=heights["p50"][-1], low=heights["p10"][-1]),
    )


def flow_bars(result: Mapping[str, Any], *, width: float, height: float) -> FlowBars:
    """Mean calls and distributions of each year in millions of dollars."""
    rows = year_rows(result)
    called = [-row.called_usd / USD_PER_MILLION for row in rows]
    distributed = [row.distributed_usd / USD_PER_MILLION for row in rows]
    axis = axis_around([*called, *distributed])
    right = width - RIGHT_PX
    slot = (right - LEFT_PX) / len(rows)
    middles = [LEFT_PX + slot * (index + 0.5) for index in range(len(rows))]
    years = [row.year for row in rows]
    return FlowBars(
        frame=_frame(axis, middles, years, width=width, height=height, right=right, unit=""),
        bars=[
            _bar(middle, amount, axis, slot=slot, height=height, tone=tone)
            for amounts, tone in ((distributed, "distribution"), (called, "call"))
            for middle, amount in zip(middles, amounts, strict=True)
        ],
    )


def _frame(
    axis: Axis,
    at_year: Sequence[float],
    years: Sequence[int],
    *,
    width: float,
    height: float,
    right: float,
    unit: str,
) -> Frame:
    return Frame(
        width=width,
        height=height,
        left=LEFT_PX,
        right=right,
        label_x=LEFT_PX - WORDS_GAP_PX,
        zero=_height(0.0, axis, height),
        y_ticks=[
            AxisTick(
                at=_height(value, axis, height),
                label_at=round(_height(value, axis, height) + HALF_TEXT_PX, 2),
                label=f"{number(value, axis.decimals)}{unit}",
            )
            for value in axis.lines()
        ],
        x_ticks=[
            AxisTick(at=round(x, 2), label_at=height - HALF_TEXT_PX, label=str(year))
            for x, year in zip(at_year, years, strict=True)
            if (year - years[0]) % YEARS_PER_LABEL == 0
        ],
    )


def _height(value: float, axis: Axis, height: float) -> float:
    """Pixels from the top at which ``value`` stands."""
    room = height - FOOT_PX - TOP_PX
    return round(TOP_PX + room * (axis.high - value) / (axis.high - axis.low), 2)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)


def _line_ends(*, high: float, median: float, low: float) -> list[LineEnd]:
    """Words beside the ends of the lines; the outer ones give way to those of the median."""
    return [
        LineEnd("90th", round(min(high, median - LINE_PX) + HALF_TEXT_PX, 2), is_strong=False),
        LineEnd("Median", round(median + HALF_TEXT_PX, 2), is_strong=True),
        LineEnd("10th", round(max(low, median + LINE_PX) + HALF_TEXT_PX, 2), is_strong=False),
    ]


def _bar(
    middle: float, amount: float, axis: Axis, *, slot: float, height: float, tone: str
) -> FlowBar:
    zero, end = _height(0.0, axis, height), _height(amount, axis, height)
    width = slot * BAR_SHARE
    return FlowBar(
        x=round(middle - width / 2, 2),
        y=min(zero, end),
        width=round(width, 2),
        height=round(abs(zero - end), 2),
        tone=tone,
    )
