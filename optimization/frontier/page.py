"""What the pages of a frontier session show, arranged from its result. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from optimization.frontier.chart import frontier_chart
from optimization.templatetags.figures import multiple, percent, plain_share

Result = Mapping[str, Any]

WIDE_PX, THIN_PX = 830.0, 358.0
# Relative: multiples that a reader cannot tell apart.
SAME_MULTIPLE = 5e-5
# Of a bar: a weight below this would not be seen.
SMALLEST_SHOWN = 5e-4
# How dark each stage is in a bar, the earliest first.
TONES = (1.0, 0.78, 0.58, 0.42, 0.28, 0.16)

STOPPED_BY = {
    "time_limit": "stopped by the time limit",
    "iteration_limit": "stopped by the budget of iterations",
    "node_limit": "stopped by the budget of nodes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRow:
    """A point; ``state`` in words with its ``icon`` and ``tone``; ``key`` names it in addresses.
    Figures are None without an allocation.
    """

    limit: float
    key: str
    state: str
    icon: str
    tone: str
    expected_multiple: float | None
    best_bound: float | None
    mip_gap: float | None
    expected_winners: float | None
    in_sample: float | None
    fresh: Mapping[str, Any] | None
    fresh_multiple: Mapping[str, Any] | None
    other_fresh: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class BarPart:
    """In percent of the bar's width."""

    x: float
    width: float
    tone: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRow:
    """The limits at which one allocation is the best one, and what it holds."""

    limits: str
    expected_multiple: float
    parts: Sequence[BarPart]
    weights: str


def frontier_context(result: Result) -> dict[str, Any]:
    frontier = result["frontier"]
    rows = point_rows(frontier)
    return {
        "varied": varied_label(frontier),
        "varied_word": word(varied_label(frontier)),
        "other": other_label(frontier),
        "finding": finding(frontier),
        "rows": rows,
        "open_points": sum(row.tone == "warning" for row in rows),
        "more_time_may_help": any(
            point["status"] == point["stopped_by"] == "time_limit" for point in frontier["points"]
        ),
        "measured_points": sum(row.fresh is not None for row in rows),
        "points_above_limit": sum(
            row.fresh is not None and row.fresh["value"] > row.limit for row in rows
        ),
        "missing_points": sum(row.expected_multiple is None for row in rows),
        "largest_gap": max((row.mip_gap for row in rows if row.mip_gap is not None), default=None),
        "allocations": allocation_rows(result),
        "stage_tones": list(stage_tones(result).values()),
        "charts": [
            ("wide", frontier_chart(frontier, width=WIDE_PX, height=320.0)),
            ("thin", frontier_chart(frontier, width=THIN_PX, height=260.0)),
        ],
    }


def varied_label(frontier: Mapping[str, Any]) -> str:
    if frontier["limit"] == "max_loss_probability":
        return "Loss probability"
    return f"CVaR {plain_share(frontier['cvar_confidence'])}"


def word(label: str) -> str:
    """A label inside a sentence; names like CVaR keep their capitals."""
    return label if label.startswith("CVaR") else label.lower()


def other_label(frontier: Mapping[str, Any]) -> str:
    """The measure of risk that is not varied."""
    if frontier["limit"] == "max_loss_probability":
        return f"CVaR {plain_share(frontier['cvar_confidence'])}"
    return "Loss probability"


def request_rows(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was asked of a frontier, as (label, words); nothing where an allocation was."""
    asked = request.get("frontier")
    if asked is None:
        return []
    label = "loss probability" if asked["limit"] == "max_loss_probability" else "CVaR"
    words = f"{percent(asked['from'])} to {percent(asked['to'])}, {asked['points']} points"
    return [(f"Frontier of {label}", words)]


def finding(frontier: Mapping[str, Any]) -> str:
    """What the chart shows, in a sentence."""
    found = [point for point in frontier["points"] if point["weights"]]
    tightest, loosest = found[0], found[-1]
    name = varied_label(frontier)
    gained = loosest["expected_multiple"] - tightest["expected_multiple"]
    if gained <= SAME_MULTIPLE * loosest["expected_multiple"]:
        return f"{name} costs nothing from {percent(tightest['limit'])} on"
    enough = next(
        point["limit"]
        for point in found
        if point["expected_multiple"] >= loosest["expected_multiple"] * (1 - SAME_MULTIPLE)
    )
    return (
        f"{name} of {percent(enough)} instead of {percent(tightest['limit'])} is worth"
        f" {multiple(gained)} of expected multiple"
    )


def point_rows(frontier: Mapping[str, Any]) -> list[PointRow]:
    own, other = (
        ("loss_probability", "cvar")
        if frontier["limit"] == "max_loss_probability"
        else ("cvar", "loss_probability")
    )
    return [_row(point, own=own, other=other) for point in frontier["points"]]


def _row(point: Mapping[str, Any], *, own: str, other: str) -> PointRow:
    state, icon, tone = _state(point)
    fresh = point["out_of_sample"] or {own: None, other: None, "mean_multiple": None}
    return PointRow(
        limit=point["limit"],
        key=repr(point["limit"]),
        state=state,
        icon=icon,
        tone=tone,
        expected_multiple=point["expected_multiple"],
        best_bound=point["best_bound"],
        mip_gap=point["mip_gap"],
        expected_winners=point["expected_winners"],
        in_sample=point[own],
        fresh=fresh[own],
        fresh_multiple=fresh["mean_multiple"],
        other_fresh=fresh[other],
    )


def _state(point: Mapping[str, Any]) -> tuple[str, str, str]:
    if point["status"] == "optimal":
        return f"proved within {percent(point['mip_gap'], 2)}", "met", ""
    if point["status"] == "infeasible":
        return "no allocation exists", "dash", ""
    stopped = STOPPED_BY[point["stopped_by"]]
    if not point["weights"]:
        return f"nothing found, {stopped}", "warning", "warning"
    return f"proved within {percent(point['mip_gap'], 2)}, {stopped}", "warning", "warning"


def stage_tones(result: Result) -> dict[str, tuple[str, float]]:
    """(label, darkness) of each stage by its key, in the fund's order."""
    labels = {bucket["stage"]: bucket["stage_label"] for bucket in result["buckets"]}
    return {
        stage: (label, tone)
        for (stage, label), tone in zip(labels.items(), TONES[: len(labels)], strict=True)
    }


def allocation_rows(result: Result) -> list[AllocationRow]:
    """One for every run of points that share an allocation, the tightest first."""
    found = [point for point in result["frontier"]["points"] if point["weights"]]
    rows = []
    for _, run in groupby(found, key=lambda point: tuple(point["weights"].items())):
        points = list(run)
        rows.append(
            AllocationRow(
                limits=_limits_in_words(points),
                expected_multiple=points[0]["expected_multiple"],
                parts=_parts(points[0]["weights"], result),
                weights=_weights_in_words(points[0]["weights"], result["buckets"]),
            )
        )
    return rows


def _limits_in_words(points: Sequence[Mapping[str, Any]]) -> str:
    first, last = percent(points[0]["limit"]), percent(points[-1]["limit"])
    return first if len(points) == 1 else f"{first} to {last}"


def _weights_in_words(weights: Mapping[str, float], buckets: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{bucket['stage_label']} {bucket['sector_label']} {percent(weights[bucket['key']])}"
        for bucket in buckets
        if weights[bucket["key"]] >= SMALLEST_SHOWN
    )


def _parts(weights: Mapping[str, float], result: Result) -> list[BarPart]:
    """By stage, side by side."""
    parts, x = [], 0.0
    for stage, (_, tone) in stage_tones(result).items():
        width = 100 * sum(
            weights[bucket["key"]] for bucket in result["buckets"] if bucket["stage"] == stage
        )
        parts.append(BarPart(x=round(x, 2), width=round(width, 2), tone=tone))
        x += width
    return parts
