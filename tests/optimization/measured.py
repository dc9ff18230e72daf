"""Cash flows, IRR and variance shares as validation and generation store them, by hand."""

from typing import Any

YEARS = 16


def by_year(**amounts: float) -> list[float]:
    """``by_year(y0=0.5, y3=0.1)``: 0.5 in year 0, 0.1 in year 3, nothing in the others."""
    return [amounts.get(f"y{year}", 0.0) for year in range(YEARS)]


def running(flows: list[float]) -> list[float]:
    """What the flows have come to by the end of each year, to a billionth."""
    return [round(sum(flows[: year + 1]), 9) for year in range(len(flows))]


# 0.5 + 0.2 + 0.1 = 0.8 is called and 0.1 + 0.3 + 0.6 + 0.8 = 1.8 comes back: a multiple of 2.0.
CASH_FLOWS: dict[str, Any] = {
    "years": list(range(YEARS)),
    "mean_calls": by_year(y0=0.5, y2=0.2, y4=0.1),
    "mean_distributions": by_year(y3=0.1, y5=0.3, y7=0.6, y9=0.8),
    "cumulative_net": {
        # Ends 0.4 below what was called, at cost + 0.3, and at cost + 2.0.
        "p10": running(by_year(y0=-0.5, y2=-0.2, y4=-0.1, y6=0.3, y9=0.1)),
        "p50": running(by_year(y0=-0.5, y2=-0.2, y3=0.1, y6=0.6, y8=0.2, y10=0.1)),
        "p90": running(by_year(y0=-0.5, y2=-0.1, y3=0.4, y5=1.2, y9=1.0)),
    },
}
# 1,250 of 5,000 scenarios lose money, 5 of them everything.
IRR: dict[str, Any] = {
    "scenarios": 5000,
    "quantiles": {
        "p5": -0.319,
        "p10": -0.1004,
        "p25": 0.0012,
        "p50": 0.0934,
        "p75": 0.1775,
        "p90": 0.3561,
        "p95": 0.9541,
    },
    "share_below_zero": 0.25,
    "share_total_loss": 0.001,
}
ALLOCATION_SHARES = {"macro": 0.5, "bucket": 0.2, "idiosyncratic": 0.3}
BUCKET_SHARES = {"macro": 0.25, "bucket": 0.15, "idiosyncratic": 0.6}
LOADINGS = {"macro_squared": 0.4, "bucket_squared": 0.2}

METRICS: dict[str, Any] = {
    "irr": IRR,
    "cash_flows": CASH_FLOWS,
    "variance_shares": ALLOCATION_SHARES,
}
BUCKET_FACTS: dict[str, Any] = {"variance_shares": BUCKET_SHARES, "loadings": LOADINGS}

# What sessions of earlier releases lack.
NO_METRICS: dict[str, Any] = dict.fromkeys(METRICS) | {
    "greedy": {
        "expected_multiple": 1.5,
        "unallocated_usd": "0.00",
        "broken_limits": ["max_loss_probability"],
        "meets_every_limit": False,
        "optimum_is_at_least_greedy": None,
    }
}
NO_BUCKET_FACTS: dict[str, Any] = dict.fromkeys([*BUCKET_FACTS, "expected_multiple_standard_error"])
