"""Geometry of the chart of a frontier. Pure; a template draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from optimization.pages.chart_axis import Axis, axis_between
from optimization.pages.histogram import AxisTick
from optimization.templatetags.figures import number

TOP_PX, FOOT_PX = 10.0, 22.0
LEFT_PX, RIGHT_PX = 46.0, 14.0
WORDS_GAP_PX = 6.0
# From the middle of a line of text to its baseline.
HALF_TEXT_PX = 4.0


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Step:
    """Between two neighbouring limits the frontier is proved to lie in this rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Canvas and grid; the names are those that the template of grids reads."""

    width: float
    height: float
    left: float
    right: float
    label_x: float
    y_ticks: Sequence[AxisTick]
    x_ticks: Sequence[AxisTick]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierChart:
    """``band`` is what is proved, ``found`` the points, ``fresh`` where they fall out of sample."""

    frame: Frame
    band: Sequence[Step]
    line: str
    found: Sequence[Dot]
    fresh: Sequence[Dot]
    begins_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Canvas:
    """``across`` is in percent of risk, ``up`` in multiples."""

    width: float
    height: float
    across: Axis
    up: Axis

    def x(self, risk: float) -> float:
        room = self.width - LEFT_PX - RIGHT_PX
        at = (100 * risk - self.across.low) / (self.across.high - self.across.low)
        return round(LEFT_PX + room * at, 2)

    def y(self, multiple: float) -> float:
        room = self.height - FOOT_PX - TOP_PX
        return round(TOP_PX + room * (self.up.high - multiple) / (self.up.high - self.up.low), 2)


def frontier_chart(frontier: Mapping[str, Any], *, width: float, height: float) -> FrontierChart:
    """Expected multiple against the limit, for a frontier with at least one allocation."""
    own = "loss_probability" if frontier["limit"] == "max_loss_probability" else "cvar"
    found = [point for point in frontier["points"] if point["weights"]]
    fresh = [
        (point["out_of_sample"][own]["value"], point["out_of_sample"]["mean_multiple"]["value"])
        for point in found
    ]
    multiples = [value for point in found for value in _range_of(point)]
    risks = [100 * point["limit"] for point in frontier["points"]]
    canvas = _Canvas(
        width=width,
        height=height,
        across=axis_between([*risks, *(100 * risk for risk, _ in fresh)]),
        up=axis_between([*multiples, *(multiple for _, multiple in fresh)]),
    )
    dots = [Dot(canvas.x(p["limit"]), canvas.y(p["expected_multiple"])) for p in found]
    return FrontierChart(
        frame=_frame(canvas),
        band=_band(found, canvas),
        line="M" + "L".join(f"{dot.x:.2f} {dot.y:.2f}" for dot in dots),
        found=dots,
        fresh=[Dot(canvas.x(risk), canvas.y(multiple)) for risk, multiple in fresh],
        begins_at=canvas.up.low,
    )


def _range_of(point: Mapping[str, Any]) -> tuple[float, float]:
    return point["expected_multiple"], point["best_bound"]


def _band(found: Sequence[Mapping[str, Any]], canvas: _Canvas) -> list[Step]:
    """A limit between two points keeps what the tighter has found, and the looser one's bound."""
    steps = []
    for tighter, looser in pairwise(found):
        x, top = canvas.x(tighter["limit"]), canvas.y(looser["best_bound"])
        steps.append(
            Step(
                x=x,
                y=top,
                width=round(canvas.x(looser["limit"]) - x, 2),
                height=round(canvas.y(tighter["expected_multiple"]) - top, 2),
            )
        )
    return steps


def _frame(canvas: _Canvas) -> Frame:
    up, across = canvas.up, canvas.across
    return Frame(
        width=canvas.width,
        height=canvas.height,
        left=LEFT_PX,
        right=canvas.width - RIGHT_PX,
        label_x=LEFT_PX - WORDS_GAP_PX,
        y_ticks=[
            AxisTick(
                at=canvas.y(value),
                label_at=round(canvas.y(value) + HALF_TEXT_PX, 2),
                label=f"{number(value, up.decimals)}x",
            )
            for value in up.lines()
        ],
        x_ticks=[
            AxisTick(
                at=canvas.x(value / 100),
                label_at=canvas.height - HALF_TEXT_PX,
                label=f"{number(value, across.decimals)}%",
            )
            for value in across.lines()
        ],
    )
