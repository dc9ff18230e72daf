"""How many deals an allocation buys, against how many its scenarios were made with. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from scenarios.simulation.configuration.deal_counts import simulated_deals

# A bucket of less weight has no say in the risk of the whole.
SMALLEST_WEIGHT = 0.01
# With much fewer or more deals than it was simulated with a bucket has another risk.
LARGEST_RATIO = 2.0
# Numbers of deals are kept to 1e-6; a ratio of exactly two must not depend on the last digit.
RATIO_TOLERANCE = 1e-6


def deals_bought(
    *,
    weights: Mapping[str, float],
    capital_usd: Decimal,
    all_in_costs_usd: Mapping[str, Decimal],
) -> dict[str, float]:
    """What each weight pays for, by bucket key; a fraction of a deal means a part of one."""
    capital = float(capital_usd)
    return {key: weights[key] * capital / float(cost) for key, cost in all_in_costs_usd.items()}


def mismatched_buckets(
    *,
    weights: Mapping[str, float],
    deals: Mapping[str, float],
    reference_deals: Mapping[str, float],
) -> tuple[str, ...]:
    """The buckets of more than 1 % that buy less than half or more than twice the deals that they
    were simulated with, in the order of ``reference_deals``."""
    highest = LARGEST_RATIO * (1 + RATIO_TOLERANCE)
    return tuple(
        key
        for key, reference in reference_deals.items()
        if weights[key] > SMALLEST_WEIGHT and not 1 / highest <= deals[key] / reference <= highest
    )


def matched_deals(
    *,
    mismatched: tuple[str, ...],
    deals: Mapping[str, float],
    reference_deals: Mapping[str, float],
) -> dict[str, float]:
    """The numbers to simulate next: those bought where they are mismatched, the others as they are.

    Buckets whose numbers fit keep those of the fund's policy: to follow every change of weight
    would change the risk of all buckets each time, and settles less often.
    """
    return {**reference_deals, **{key: simulated_deals(deals[key]) for key in mismatched}}
