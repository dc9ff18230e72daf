"""What fresh scenarios and the greedy rival say of an allocation."""

from optimization.api.documentation.shapes import (
    COUNT,
    FLAG,
    NUMBER,
    PROBABILITY,
    TEXT,
    JsonSchema,
    a_list,
    a_record,
    by_name,
    or_null,
)

ESTIMATE: JsonSchema = {
    "value": NUMBER,
    "low": NUMBER,
    "high": NUMBER,
    "interval": {**TEXT, "description": "How the 95 % interval was made."},
}
QUANTILES: JsonSchema = dict.fromkeys(("p5", "p10", "p25", "p75", "p90", "p95"), NUMBER)

DISTRIBUTION = a_record(
    "Distribution",
    {
        "quantiles": a_record("QuantilesWithMedian", {**QUANTILES, "p50": NUMBER}),
        "share_at_least_2x": PROBABILITY,
        "share_at_least_3x": PROBABILITY,
        "histogram": a_record(
            "Histogram",
            {"bin_width": NUMBER, "shares": a_list(PROBABILITY), "share_beyond": PROBABILITY},
            description="Shares of scenarios by portfolio multiple, in bins from 0.",
        ),
    },
    description="Of the portfolio multiple, out of sample.",
)
SHARE_INTERVAL = a_list(PROBABILITY, minItems=2, maxItems=2, description="Clopper-Pearson, 95 %.")
YEAR_FRACTIONS = a_list(NUMBER, description="By year, as fractions of the capital.")
IRR = a_record(
    "GrossIrr",
    {
        "scenarios": COUNT,
        "quantiles": a_record("IrrQuantiles", {**QUANTILES, "p50": NUMBER}),
        "share_below_zero": {**PROBABILITY, "description": "Total losses included."},
        "share_below_zero_interval": SHARE_INTERVAL,
        "share_total_loss": {
            **PROBABILITY,
            "description": "Scenarios with a rate of -1: nothing comes back, or no more than the"
            " calls that follow it.",
        },
        "share_total_loss_interval": SHARE_INTERVAL,
    },
    description="Yearly internal rate of return of the calls and distributions, before fees and"
    " carry, out of sample. First cheques count at the start of year 0, everything else in the"
    " middle of its year.",
)
CASH_FLOWS = a_record(
    "CashFlows",
    {
        "years": a_list(COUNT, description="Since the first cheques."),
        "mean_calls": YEAR_FRACTIONS,
        "mean_distributions": YEAR_FRACTIONS,
        "cumulative_net": a_record(
            "CumulativeNet",
            dict.fromkeys(("p10", "p50", "p90"), YEAR_FRACTIONS),
            description="Distributions less calls up to the end of each year: quantiles over the"
            " scenarios, year by year.",
        ),
    },
    description="Out of sample: means over every fresh scenario, quantiles over those of the gross"
    " IRR.",
)
GREEDY = a_record(
    "GreedyComparison",
    {
        "weights": or_null(by_name(PROBABILITY, description="By bucket key.")),
        "expected_multiple": NUMBER,
        "meets_every_limit": FLAG,
        "broken_limits": a_list(TEXT),
        "unallocated_usd": {**TEXT, "format": "decimal"},
        "optimum_is_at_least_greedy": or_null(
            {**FLAG, "description": "Null: the greedy allocation breaks a limit."}
        ),
    },
)
DEALS_BOUGHT = a_record(
    "DealsBought",
    {
        "scenarios": COUNT,
        "loss_probability": a_record("LossProbabilityEstimate", ESTIMATE),
        "cvar": a_record("CvarEstimate", {**ESTIMATE, "confidence": PROBABILITY}),
        "mean_multiple": a_record("MeanMultipleEstimate", ESTIMATE),
        "median_multiple": NUMBER,
        "quantiles": a_record("Quantiles", QUANTILES),
        "share_at_least_2x": PROBABILITY,
        "share_at_least_3x": PROBABILITY,
        "histogram": a_record(
            "CountHistogram",
            {"bin_width": NUMBER, "counts": a_list(COUNT), "overflow_share": PROBABILITY},
        ),
        "bucket_loss_probabilities": a_list(PROBABILITY),
        "buckets": a_list(
            a_record(
                "DealsOfBucket",
                {"key": TEXT, "weight": PROBABILITY, "deals": NUMBER, "reference_deals": NUMBER},
            )
        ),
    },
    description="The same figures with as many deals in each bucket as its weight buys.",
)
VALIDATION = a_record(
    "Validation",
    {
        "scenarios": COUNT,
        "greedy": GREEDY,
        "checks": a_list(
            a_record("ValidationCheck", {"name": TEXT, "passed": FLAG, "detail": TEXT})
        ),
        "deals_bought": DEALS_BOUGHT,
    },
)
