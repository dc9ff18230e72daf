"""Geometry of the histogram of fund multiples, in two sizes. Pure; the template draws it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimization.templatetags.figures import multiple, percent

LOSS_BELOW = 1.0
HEAD_PX = 46.0
FOOT_PX = 22.0
LEFT_PX = 38.0
RIGHT_PX = 8.0
GAP_PX = 1.0
TEXT_GAP_PX = 5.0
FIRST_TEXT_PX = 11.0
LINE_PX = 14.0
# Words to the right of a mark in this last part of the axis would be cut off.
RIGHT_SIDE = 0.75
GRID_STEPS_PERCENT = (0.5, 1, 2, 5, 10, 20, 25, 50, 100)
MOST_GRID_LINES = 5


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class AxisTick:
    """A grid line with its label, at ``at`` pixels from the top or the left.

    ``label_at`` is where the label's baseline stands, in pixels from the top.
    """

    at: float
    label_at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An upright line at a multiple, with its words at the top."""

    x: float
    words: str
    anchor: str
    text_x: float
    text_y: float
    line_top: float
    is_dashed: bool


@dataclass(frozen=True, slots=True)
class BinRow:
    """A row of the table beside the chart."""

    label: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    width: float
    height: float
    left: float
    right: float
    label_x: float
    base: float
    bars: list[Bar]
    y_ticks: list[AxisTick]
    x_ticks: list[AxisTick]
    marks: list[Mark]


def histogram(result: Mapping[str, Any], *, width: float, height: float) -> Histogram:
    """The chart of ``result["distribution"]`` on a canvas of ``width`` by ``height`` pixels."""
    bins = result["distribution"]["histogram"]
    shares, bin_width = bins["shares"], bins["bin_width"]
    axis_end = bin_width * len(shares)
    base, right = height - FOOT_PX, width - RIGHT_PX
    scale_x = (right - LEFT_PX) / axis_end
    step, lines = _grid(max(shares))
    scale_y = (base - HEAD_PX) / (step * lines)

    bars = [
        Bar(
            x=round(LEFT_PX + scale_x * bin_width * index, 2),
            y=round(base - scale_y * share, 2),
            width=round(scale_x * bin_width - GAP_PX, 2),
            height=round(scale_y * share, 2),
            tone="loss" if (index + 1) * bin_width <= LOSS_BELOW + bin_width / 2 else "gain",
        )
        for index, share in enumerate(shares)
    ]
    return Histogram(
        width=width,
        height=height,
        left=LEFT_PX,
        right=right,
        label_x=LEFT_PX - 6,
        base=base,
        bars=bars,
        y_ticks=[
            _y_tick(base - scale_y * step * line, label=f"{100 * step * line:g}%")
            for line in range(lines + 1)
        ],
        x_ticks=[
            AxisTick(at=round(LEFT_PX + scale_x * x, 2), label_at=base + LINE_PX + 2, label=f"{x}x")
            for x in range(math.floor(axis_end + bin_width / 2) + 1)
        ],
        marks=_marks(result, scale_x=scale_x, axis_end=axis_end),
    )


def bin_rows(result: Mapping[str, Any]) -> list[BinRow]:
    """The same figures as a table: each bin, and what lies beyond the axis."""
    bins = result["distribution"]["histogram"]
    width = bins["bin_width"]
    rows = [
        BinRow(label=f"{width * index:.1f}x to {width * (index + 1):.1f}x", share=share)
        for index, share in enumerate(bins["shares"])
    ]
    beyond = BinRow(label=f"{width * len(bins['shares']):.1f}x or more", share=bins["share_beyond"])
    return [*rows, beyond]


def finding(result: Mapping[str, Any]) -> str:
    """The chart's title: what it shows, in one sentence."""
    loss = result["risk"]["loss_probability"]["out_of_sample"]
    triple = result["distribution"]["share_at_least_3x"]
    return f"{percent(loss)} of scenarios lose money; {percent(triple)} return 3x or more"


def _grid(largest_share: float) -> tuple[float, int]:
    """Step (a fraction) and number of grid lines that hold the tallest bar."""
    for step_percent in GRID_STEPS_PERCENT:
        lines = math.ceil(100 * largest_share / step_percent)
        if lines <= MOST_GRID_LINES:
            return step_percent / 100, max(lines, 1)
    raise ValueError(f"a share of scenarios cannot be {largest_share}")


def _y_tick(at: float, *, label: str) -> AxisTick:
    return AxisTick(at=round(at, 2), label_at=round(at + 4, 2), label=label)


def _marks(result: Mapping[str, Any], *, scale_x: float, axis_end: float) -> list[Mark]:
    """1 - CVaR, median and mean, as far as they lie on the axis.

    Each has a line of words of its own, the leftmost on top, and its upright begins below its
    words: so no words lie on each other or on an upright.
    """
    median = result["distribution"]["quantiles"]["p50"]
    mean = result["risk"]["expected_multiple"]["out_of_sample"]
    cvar = result["risk"]["cvar"]
    tail_words = f"CVaR {100 * cvar['confidence']:g}: {percent(cvar['out_of_sample'])}"
    wanted = sorted(
        [
            (1 - cvar["out_of_sample"], tail_words, False),
            (median, f"Median {multiple(median)}", True),
            (mean, f"Mean {multiple(mean)}", False),
        ]
    )
    on_axis = [mark for mark in wanted if 0 <= mark[0] <= axis_end]
    return [
        _mark(LEFT_PX + scale_x * value, words, line=line, is_dashed=dashed, is_right=is_right)
        for line, (value, words, dashed) in enumerate(on_axis)
        for is_right in [value > axis_end * RIGHT_SIDE]
    ]


def _mark(x: float, words: str, *, line: int, is_dashed: bool, is_right: bool) -> Mark:
    text_y = FIRST_TEXT_PX + LINE_PX * line
    return Mark(
        x=round(x, 2),
        words=words,
        anchor="end" if is_right else "",
        text_x=round(x - TEXT_GAP_PX if is_right else x + TEXT_GAP_PX, 2),
        text_y=text_y,
        line_top=text_y + 3,
        is_dashed=is_dashed,
    )
