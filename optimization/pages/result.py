"""Arranges a session's result for its page: headline tiles, and stages with their buckets.

Pure: everything shown is taken from the result dict or is a sum of its rows. Limits are in
`limits_page`, the histogram in `histogram_page`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from optimization.pages.cash_flows import rare_percent
from optimization.templatetags.figures import (
    MINUS,
    multiple,
    multiple_interval,
    number,
    percent,
    percent_interval,
    share,
)

Result = Mapping[str, Any]

# Positions on a strip keep this far from its ends, so that no mark is cut off.
STRIP_MARGIN_PERCENT = 6.0

# What a bucket's contribution is shown as.
SHARES = ("expected_multiple_share", "tail_loss_share")

# A gap of 0.1 % must not become 0.11 % because binary fractions put it an atom above.
ROUNDING_SLACK = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Where the marks of a tile stand, in percent of its width; None where there is no mark.

    ``spread`` is how far scenarios lie apart, unlike the interval of an estimate.
    """

    point: float
    interval_start: float | None = None
    interval_width: float | None = None
    spread_start: float | None = None
    spread_width: float | None = None
    in_sample: float | None = None
    limit: float | None = None
    zero: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    label: str
    figure: str
    unit: str
    interval: str
    strip: Strip
    facts: tuple[tuple[str, str], ...]
    relaxed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRows:
    """One stage of the allocation table with its sums.

    Shares of the fund's expected multiple and tail loss are None where they were not worked out, or
    where there is no tail loss; each of ``buckets`` has its own in the same names.
    """

    label: str
    weight: float
    dollars_usd: Decimal
    deals: float
    reserves_usd: Decimal
    expected_reserve_calls_usd: Decimal
    expected_multiple_share: float | None
    tail_loss_share: float | None
    buckets: Sequence[Mapping[str, Any]]


def tiles(result: Result) -> list[Tile]:
    """The headline figures, each out of sample (or exact) with its interval first.

    ``relaxed`` says what became of a limit that was relaxed, which is no fact then.
    """
    risk = result["risk"]
    expected, winners = risk["expected_multiple"], risk["expected_winners"]
    deals = sum(row["deals"] for row in result["buckets"])
    return [
        Tile(
            label="Expected multiple",
            figure=number(expected["out_of_sample"], 2),
            unit="x",
            interval=f"95% interval {multiple_interval(expected['interval'])}",
            strip=_strip(expected),
            facts=(
                ("In sample", multiple(expected["in_sample"])),
                _mean_of_the_law(expected),
                ("Limit", "maximised"),
            ),
        ),
        *([_irr_tile(result["irr"])] if result["irr"] else []),
        _risk_tile("Loss probability", risk["loss_probability"]),
        _risk_tile(f"CVaR {100 * risk['cvar']['confidence']:g}", risk["cvar"]),
        Tile(
            label="Expected winners",
            figure=number(winners["exact"], 2),
            unit="deals",
            interval="exact, no sampling error",
            strip=_strip({**winners, "out_of_sample": winners["exact"]}),
            facts=(
                ("Deals bought", number(deals, 1)),
                *_kept(winners, "at least", number),
            ),
            relaxed=_relaxed(winners, number),
        ),
    ]


def _mean_of_the_law(expected: Mapping[str, Any]) -> tuple[str, str]:
    """What recycling adds to the mean is estimated, so it is only called exact without it."""
    if expected["standard_error"] == 0:
        return "Exact mean", multiple(expected["exact"])
    error = number(expected["standard_error"], 3)
    return f"Mean, error {error}x", multiple(expected["exact"])


def _irr_tile(irr: Mapping[str, Any]) -> Tile:
    quantiles = irr["quantiles"]
    low, high = quantiles["p10"], quantiles["p90"]
    point, start, end, zero = _positions([quantiles["p50"], low, high, 0.0])
    return Tile(
        label="Gross IRR, median",
        figure=share(quantiles["p50"]),
        unit="% a year",
        interval=f"P10 to P90 {percent_interval([low, high])}",
        strip=Strip(point=point, spread_start=start, spread_width=end - start, zero=zero),
        facts=(
            ("Below zero", percent(irr["share_below_zero"])),
            (f"At {MINUS}100%", rare_percent(irr["share_total_loss"])),
        ),
    )


def _risk_tile(label: str, figure: Mapping[str, Any]) -> Tile:
    return Tile(
        label=label,
        figure=share(figure["out_of_sample"]),
        unit="%",
        interval=f"95% interval {percent_interval(figure['interval'])}",
        strip=_strip(figure),
        facts=(
            ("In sample", percent(figure["in_sample"])),
            *_kept(figure, "at most", percent),
        ),
        relaxed=_relaxed(figure, percent),
    )


def _kept(
    figure: Mapping[str, Any], side: str, shown: Callable[[float], str]
) -> tuple[tuple[str, str], ...]:
    """The limit as a fact, unless it was relaxed."""
    limit = figure["limit"]
    if limit is None:
        return (("Limit", "none"),)
    return (("Limit", f"{side} {shown(limit)}"),) if figure["granted"] == limit else ()


def _relaxed(figure: Mapping[str, Any], shown: Callable[[float], str]) -> str:
    limit, granted = figure["limit"], figure["granted"]
    if granted == limit:
        return ""
    return f"{shown(limit)} {'raised' if granted > limit else 'lowered'} to {shown(granted)}"


def _strip(figure: Mapping[str, Any]) -> Strip:
    low, high = figure.get("interval", (None, None))
    marks = [figure["out_of_sample"], low, high, figure.get("in_sample"), figure["limit"]]
    point, left, right, in_sample, limit = _positions(marks)
    return Strip(
        interval_start=left,
        interval_width=None if left is None or right is None else right - left,
        point=point,
        in_sample=in_sample,
        limit=limit,
    )


def _positions(marks: Sequence[float | None]) -> list[Any]:
    """Where each mark stands when the smallest and the largest are at the strip's margins."""
    values = [mark for mark in marks if mark is not None]
    start, span = min(values), max(values) - min(values)
    room = 100 - 2 * STRIP_MARGIN_PERCENT
    return [
        None
        if mark is None
        else STRIP_MARGIN_PERCENT + (room * (mark - start) / span if span else room / 2)
        for mark in marks
    ]


def proved_within(result: Result) -> float:
    """How far the best possible may lie above the allocation, as a fraction of what it has, rounded
    up to 0.01%.

    Like the solver's own gap, but with what the tie-break gave up, since it compares the bound
    with the weights that are shown.
    """
    allocation = result["allocation"]
    gap: float = allocation["best_bound"] / allocation["expected_multiple"] - 1
    return max(math.ceil(gap * 10_000 - ROUNDING_SLACK) / 10_000, 0.0)


def stages(result: Result) -> list[StageRows]:
    """The buckets in the fund's order, under the stage they belong to."""
    return [
        _stage(label, list(rows))
        for label, rows in groupby(_with_shares(result), key=lambda row: row["stage_label"])
    ]


def fund_total(result: Result) -> StageRows:
    return _stage("Fund", _with_shares(result))


def _with_shares(result: Result) -> list[Mapping[str, Any]]:
    """The buckets with their shares of the expected multiple and of the tail loss."""
    explanation = result["allocation"]["explanation"]
    parts = {part["key"]: part for part in explanation["contributions"]} if explanation else {}
    return [
        {**row, **{name: parts[row["key"]][name] if parts else None for name in SHARES}}
        for row in result["buckets"]
    ]


def _sum_of_shares(rows: list[Mapping[str, Any]], name: str) -> float | None:
    shares = [row[name] for row in rows]
    return None if None in shares else sum(shares)


def _stage(label: str, rows: list[Mapping[str, Any]]) -> StageRows:
    return StageRows(
        label=label,
        weight=sum(row["weight"] for row in rows),
        dollars_usd=sum((Decimal(row["dollars_usd"]) for row in rows), Decimal(0)),
        deals=sum(row["deals"] for row in rows),
        reserves_usd=sum((Decimal(row["reserves_usd"]) for row in rows), Decimal(0)),
        expected_reserve_calls_usd=sum(
            (Decimal(row["expected_reserve_calls_usd"]) for row in rows), Decimal(0)
        ),
        expected_multiple_share=_sum_of_shares(rows, "expected_multiple_share"),
        tail_loss_share=_sum_of_shares(rows, "tail_loss_share"),
        buckets=rows,
    )


def greedy_weights(result: Result) -> list[tuple[str, float, float]]:
    """Each bucket's label, its weight here and that of the greedy method, where it was kept."""
    greedy = result["validation"]["greedy"]["weights"]
    if greedy is None:
        return []
    labels = bucket_labels(result)
    return [(labels[row["key"]], row["weight"], greedy[row["key"]]) for row in result["buckets"]]


def deals_by_bucket(result: Result) -> list[dict[str, Any]]:
    """Deals bought and simulated, in the fund's order, each row with its bucket's label."""
    labels = bucket_labels(result)
    bought = {row["key"]: row for row in result["validation"]["deals_bought"]["buckets"]}
    return [{**bought[key], "label": label} for key, label in labels.items()]


def bucket_labels(result: Result) -> dict[str, str]:
    """By key, in the fund's order: "Seed / SaaS"."""
    return {
        row["key"]: f"{row['stage_label']} / {row['sector_label']}" for row in result["buckets"]
    }
