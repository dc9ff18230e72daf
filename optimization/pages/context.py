"""Everything that the page of a result shows, arranged from the result. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from optimization.pages import cash_flows as cash_flow_page
from optimization.pages import limits as limits_page
from optimization.pages import result as result_page
from optimization.pages import scenarios as scenarios_page
from optimization.pages import swings as swings_page
from optimization.pages.cash_flow_charts import flow_bars, j_curve
from optimization.pages.histogram import bin_rows, finding, histogram
from optimization.pages.law import law_rows
from optimization.pages.limit_values import limit_values

Result = Mapping[str, Any]

# The width of each chart on a desk and on a phone; style sheets show one of the two.
WIDE_PX = 830.0
THIN_PX = 358.0


def result_context(result: Result) -> dict[str, Any]:
    """What the templates need beside the result itself."""
    return {
        "tiles": result_page.tiles(result),
        "stages": result_page.stages(result),
        "total": result_page.fund_total(result),
        "largest_weight": max(row["weight"] for row in result["buckets"]),
        "proved_within": result_page.proved_within(result),
        "limit_groups": limits_page.limit_groups(result),
        "has_limit_values": bool(limit_values(result)),
        "meets_every_limit": limits_page.meets_every_limit(result["allocation"]),
        "greedy_breaks": limits_page.limit_names(
            result["validation"]["greedy"]["broken_limits"], result["buckets"]
        ),
        "greedy_weights": result_page.greedy_weights(result),
        "deals_by_bucket": result_page.deals_by_bucket(result),
        "finding": finding(result),
        "charts": _in_both_sizes(histogram, result, wide_height=300.0, thin_height=280.0),
        "bins": bin_rows(result),
        "calibration_words": scenarios_page.calibration_words(result["calibration"]),
        "source_words": scenarios_page.source_words(result),
        "law": law_rows(result["request"]["scenario_law"]),
        "has_loadings": all(row["loadings"] for row in result["buckets"]),
        "swings": swings_page.swing_rows(result),
        "swings_sentence": swings_page.swings_sentence(result),
        **_cash_flow_context(result),
    }


def _cash_flow_context(result: Result) -> dict[str, Any]:
    """Nothing for a session that was completed before cash flows were measured."""
    if result["irr"] is None or result["cash_flows"] is None:
        return {}
    return {
        "payback": cash_flow_page.payback_finding(result),
        "pace": cash_flow_page.pace_finding(result),
        "irr_quantiles": cash_flow_page.irr_quantiles(result),
        "irr_losses": cash_flow_page.irr_losses(result),
        "last_year": result["cash_flows"]["years"][-1],
        "years": cash_flow_page.year_rows(result),
        "net_rows": cash_flow_page.net_rows(result),
        "j_curves": _in_both_sizes(j_curve, result, wide_height=300.0, thin_height=260.0),
        "flow_charts": _in_both_sizes(flow_bars, result, wide_height=240.0, thin_height=240.0),
    }


def _in_both_sizes(
    draw: Callable[..., Any], result: Result, *, wide_height: float, thin_height: float
) -> list[tuple[str, Any]]:
    return [
        ("wide", draw(result, width=WIDE_PX, height=wide_height)),
        ("thin", draw(result, width=THIN_PX, height=thin_height)),
    ]
