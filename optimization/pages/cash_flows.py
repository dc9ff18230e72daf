"""Cash flows and IRR in words and rows of tables. Pure; the charts are in `cash_flow_charts`."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from optimization.templatetags.figures import MINUS, number, percent, share

Result = Mapping[str, Any]

QUANTILE_LABELS = {
    "p5": "5th percentile",
    "p10": "10th percentile",
    "p25": "25th percentile",
    "p50": "Median",
    "p75": "75th percentile",
    "p90": "90th percentile",
    "p95": "95th percentile",
}
# Two decimals of a percent show nothing of a share below this.
SMALLEST_IN_TWO_DECIMALS = 0.0001


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRow:
    """Means over the scenarios in dollars; ``net_so_far_usd`` up to the end of the year."""

    year: int
    called_usd: float
    distributed_usd: float
    net_so_far_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NetRow:
    """Cumulative net cash flow by the end of a year, per dollar of capital."""

    year: int
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    label: str
    value: str
    interval: str


def year_rows(result: Result) -> list[YearRow]:
    """Calls and distributions of the whole fund by year."""
    flows, capital_usd = result["cash_flows"], _capital_usd(result)
    called, distributed = flows["mean_calls"], flows["mean_distributions"]
    net = accumulate(back - out for back, out in zip(distributed, called, strict=True))
    return [
        YearRow(
            year=year,
            called_usd=capital_usd * out,
            distributed_usd=capital_usd * back,
            net_so_far_usd=capital_usd * so_far,
        )
        for year, out, back, so_far in zip(flows["years"], called, distributed, net, strict=True)
    ]


def net_rows(result: Result) -> list[NetRow]:
    flows = result["cash_flows"]
    net = flows["cumulative_net"]
    return [
        NetRow(year=year, p10=low, p50=median, p90=high)
        for year, low, median, high in zip(
            flows["years"], net["p10"], net["p50"], net["p90"], strict=True
        )
    ]


def irr_quantiles(result: Result) -> list[tuple[str, str]]:
    """Each quantile of the gross IRR in percent a year, from the lowest."""
    quantiles = result["irr"]["quantiles"]
    return [(label, share(quantiles[name])) for name, label in QUANTILE_LABELS.items()]


def irr_losses(result: Result) -> list[ShareRow]:
    """How often money is lost, and how often all of it, each with its interval."""
    return [
        _share_row("IRR below 0%", result["irr"], "share_below_zero"),
        _share_row(f"IRR of {MINUS}100%", result["irr"], "share_total_loss"),
    ]


def _share_row(label: str, irr: Mapping[str, Any], name: str) -> ShareRow:
    low, high = irr[f"{name}_interval"]
    return ShareRow(
        label=label, value=rare_percent(irr[name]), interval=f"{rare(low)} to {rare_percent(high)}"
    )


def rare_percent(fraction: float) -> str:
    return f"{rare(fraction)}%"


def rare(fraction: float) -> str:
    """A share in percent with as many decimals as show that it is not zero."""
    if fraction == 0:
        return "0"
    return share(fraction, 2 if fraction >= SMALLEST_IN_TWO_DECIMALS else 4)


def payback_finding(result: Result) -> str:
    """What the J-curve shows: by when half of the scenarios have got back what was called.

    The median by the end of a year is at zero or above exactly when at least half of the scenarios
    are; it counts once it stays there.
    """
    medians = result["cash_flows"]["cumulative_net"]["p50"]
    years = result["cash_flows"]["years"]
    if medians[-1] < 0:
        return "More than half of the scenarios never get back what was called"
    unpaid = [year for year, median in zip(years, medians, strict=True) if median < 0]
    if not unpaid:
        return "In every year half of the scenarios have got back what was called"
    paid_back = unpaid[-1] + 1
    return f"By the end of year {paid_back} half of the scenarios have got back what was called"


def pace_finding(result: Result) -> str:
    """What the chart of calls and distributions shows, in dollars."""
    rows = year_rows(result)
    called = sum(row.called_usd for row in rows)
    distributed = sum(row.distributed_usd for row in rows)
    told = (
        f"On average {_usd_millions(called)} is called and {_usd_millions(distributed)} comes back"
    )
    if distributed == 0:
        return told
    so_far = accumulate(row.distributed_usd for row in rows)
    half = next(row.year for row, sum_ in zip(rows, so_far, strict=True) if sum_ >= distributed / 2)
    return f"{told}, half of it by the end of year {half}"


def irr_finding(irr: Mapping[str, Any]) -> str:
    quantiles = irr["quantiles"]
    return (
        f"Gross IRR: median {percent(quantiles['p50'])} a year, in 8 of 10 scenarios"
        f" {share(quantiles['p10'])} to {percent(quantiles['p90'])}"
    )


def _usd_millions(amount_usd: float) -> str:
    return f"${number(amount_usd / 1e6, 2)}M"


def _capital_usd(result: Result) -> float:
    return float(result["request"]["capital_usd"])
