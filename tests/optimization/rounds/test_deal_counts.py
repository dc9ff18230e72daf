"""Deals bought against deals simulated, by hand."""

from decimal import Decimal

import pytest

from optimization.rounds.deal_counts import deals_bought, matched_deals, mismatched_buckets

REFERENCE = {"seed/saas": 5.0, "series_c/bio": 1.0}


def mismatched(weight: float, deals: float, reference: float = 10.0) -> bool:
    found = mismatched_buckets(
        weights={"seed/saas": weight},
        deals={"seed/saas": deals},
        reference_deals={"seed/saas": reference},
    )
    return found == ("seed/saas",)


def test_deals_are_dollars_over_the_cost_of_one() -> None:
    # Of 50 million 20 % are 10 million: 6.25 deals of 1.6; .8 % are .4 million: a twelfth of 4.8.
    bought = deals_bought(
        weights={"seed/saas": 0.2, "series_c/bio": 0.008},
        capital_usd=Decimal(50_000_000),
        all_in_costs_usd={"seed/saas": Decimal(1_600_000), "series_c/bio": Decimal(4_800_000)},
    )
    assert bought == pytest.approx({"seed/saas": 6.25, "series_c/bio": 1 / 12}, rel=1e-15)


# The ends, half as many and twice as many as the 10 simulated, fit; what rounds to them too.
@pytest.mark.parametrize("deals", [5.0, 5.0 - 1e-9, 10.0, 20.0, 20.0 + 1e-9])
def test_half_to_twice_the_deals_simulated_fit(deals: float) -> None:
    assert not mismatched(0.3, deals)


@pytest.mark.parametrize("deals", [0.0, 4.999, 20.001, 300.0])
def test_fewer_or_more_deals_are_a_mismatch(deals: float) -> None:
    assert mismatched(0.3, deals)


def test_bucket_of_one_percent_or_less_is_no_mismatch() -> None:
    assert not mismatched(0.01, 0.2)
    assert mismatched(0.0101, 0.2)


def test_only_mismatched_buckets_get_the_deals_bought() -> None:
    matched = matched_deals(
        mismatched=("seed/saas",),
        deals={"seed/saas": 2.1, "series_c/bio": 1.7},
        reference_deals=REFERENCE,
    )
    assert matched == {"seed/saas": 2.1, "series_c/bio": 1.0}


@pytest.mark.parametrize(("bought", "simulated"), [(0.3, 1.0), (12.3456789, 12.345679), (4e3, 1e3)])
def test_deals_bought_are_simulated_as_near_as_can_be(bought: float, simulated: float) -> None:
    matched = matched_deals(
        mismatched=("seed/saas",), deals={"seed/saas": bought}, reference_deals=REFERENCE
    )
    assert matched["seed/saas"] == simulated
