"""Ranges of a validation, simulated apart, put together and carried as bytes."""

from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.measures.outcomes import RangesDoNotFit
from optimization.validation import payload as validation_payload
from optimization.validation.part import (
    ValidationCase,
    ValidationPart,
    merge_parts,
    simulate_part,
)
from optimization.validation.payload import (
    CorruptPart,
    EncodedPart,
    decode_part,
    encode_part,
    payload_bytes,
)
from scenarios.fund_config import scenario_config
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.configuration.parameters import Copula, VarianceShares
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.variance.bucket_loadings import loadings_of
from tests.optimization.small_fund import VERSION, small_facts

SCENARIOS = 1500
WEIGHTS = {"seed/fintech": 0.1, "seed/saas": 0.2, "series_a/fintech": 0.3, "series_a/saas": 0.4}


@cache
def case() -> ValidationCase:
    facts = small_facts()
    return ValidationCase.of(
        config=parse_config(
            scenario_config(calibration=facts.calibrations[VERSION], buckets=facts.buckets)
        ),
        weights=WEIGHTS,
        capital_usd=facts.size_usd,
        all_in_costs_usd={key: Decimal("2000000.00") for key in WEIGHTS},
    )


@cache
def part(first: int = 0, last: int = SCENARIOS) -> ValidationPart:
    return simulate_part(
        case=case(), first_scenario=first, scenarios=last - first, should_stop=lambda: False
    )


def test_deals_as_bought_keep_the_loadings_of_the_law_that_was_searched() -> None:
    # A quarter of a deal has no loadings of its own with these shares under this copula.
    small = case()
    own = VarianceShares(macro=0.5, bucket=0.25, idiosyncratic=0.25)
    dependence = replace(
        small.config.dependence,
        variance_shares=own,
        share_level="entry",
        copula=Copula(family="t", degrees_of_freedom=5),
    )
    # With a seed, configurations share their random numbers.
    config = replace(
        small.config, seed="1", dependence=dependence, buckets=small.config.buckets[:1]
    )
    (bucket,) = config.buckets
    bought = replace(small, config=config, weights={bucket.key: 1.0}, deals={bucket.key: 0.25})
    (pair,) = loadings_of(config)
    # What level `deal` states is the squared loadings themselves, whatever the number of deals.
    squares = VarianceShares(
        macro=pair.macro_squared, bucket=pair.bucket_squared, idiosyncratic=pair.own_squared
    )
    stated = replace(dependence, variance_shares=squares, share_level="deal")
    law = replace(bought.config_as_bought(), dependence=stated)
    multiples = build_model(law).multiples(sample=Sample.VALIDATION, first_scenario=0, count=500)

    found = simulate_part(case=bought, first_scenario=0, scenarios=500, should_stop=lambda: False)

    assert np.array_equal(found.as_bought.portfolio_multiples, multiples[0])


def as_bytes(found: ValidationPart) -> list[bytes]:
    figures = [
        figures.tobytes()
        for law in (found.reference, found.as_bought)
        for figures in (law.portfolio_multiples, law.losing_alone)
    ]
    return [*figures, repr(found.flows).encode()]


def merged(*parts: ValidationPart) -> ValidationPart:
    return merge_parts(parts, scenarios=SCENARIOS, buckets=4)


# Each example simulates once more: few are enough beside the property of `Gathering`.
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, SCENARIOS - 1), unique=True, max_size=5).map(sorted))
def test_ranges_simulated_apart_are_to_the_byte_one_range(cuts: list[int]) -> None:
    edges = [0, *cuts, SCENARIOS]
    parts = [part(first, last) for first, last in pairwise(edges)]
    carried = [decode_part(encode_part(one)) for one in parts]
    assert as_bytes(merged(*carried)) == as_bytes(part())


def test_both_laws_see_scenarios_of_their_own_number_of_deals() -> None:
    found = part()
    assert not np.array_equal(
        found.reference.portfolio_multiples, found.as_bought.portfolio_multiples
    )


def test_both_laws_agree_where_the_deals_bought_are_those_of_the_reference() -> None:
    as_reference = replace(case(), deals=dict.fromkeys(WEIGHTS, 10.0))
    found = simulate_part(
        case=as_reference, first_scenario=0, scenarios=SCENARIOS, should_stop=lambda: False
    )
    assert np.array_equal(found.reference.portfolio_multiples, found.as_bought.portfolio_multiples)


def test_missing_range_is_noticed() -> None:
    with pytest.raises(RangesDoNotFit, match="got scenarios from 1000, expected 500"):
        merged(part(0, 500), part(1000, SCENARIOS))
    with pytest.raises(RangesDoNotFit, match="got 500 scenarios, expected 1500"):
        merged(part(0, 500))


def encoded() -> EncodedPart:
    return encode_part(part(500, 1000))


def test_part_comes_back_from_its_bytes() -> None:
    back = decode_part(encoded())
    assert as_bytes(back) == as_bytes(part(500, 1000))
    assert back.reference.first_scenario == back.as_bought.first_scenario == 500


def test_payload_takes_sixteen_bytes_a_scenario() -> None:
    # Two laws of 8 bytes each, a count for each of four buckets under each law, and calls and
    # distributions of 16 years in 16 bytes each: 8000 + 64 + 512.
    assert len(encoded().payload) == 8576
    assert payload_bytes(scenarios=500, buckets=4) == len(encoded().payload)


def test_part_too_large_for_one_statement_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_payload, "MOST_PAYLOAD_BYTES", 8000)
    with pytest.raises(ValueError, match="500 scenarios take 8576 bytes, at most 8000"):
        encoded()


def test_largest_part_holds_two_million_scenarios() -> None:
    assert payload_bytes(scenarios=2_000_000, buckets=100) <= validation_payload.MOST_PAYLOAD_BYTES


def flipped(payload: bytes) -> bytes:
    return payload[:40] + bytes([payload[40] ^ 1]) + payload[41:]


def test_one_changed_bit_is_noticed() -> None:
    good = encoded()
    with pytest.raises(CorruptPart, match="SHA-256"):
        decode_part(replace(good, payload=flipped(good.payload)))


def test_part_cannot_stand_for_another_of_the_same_size() -> None:
    with pytest.raises(CorruptPart, match="SHA-256"):
        decode_part(replace(encoded(), first_scenario=1000))


@pytest.mark.parametrize("scenarios", [499, 501, 10**9])
def test_payload_of_another_length_is_refused_unread(scenarios: int) -> None:
    with pytest.raises(CorruptPart, match=r"8576 bytes, \d+ were announced"):
        decode_part(replace(encoded(), scenarios=scenarios))


def test_other_layout_is_refused() -> None:
    with pytest.raises(CorruptPart, match="layout"):
        decode_part(replace(encoded(), layout="validation-part-1"))


@pytest.mark.parametrize("multiple", [-0.5, float("nan"), float("inf")])
def test_multiple_that_no_simulation_gives_is_refused(multiple: float) -> None:
    bad = np.full(500, multiple)
    outcome = replace(part(500, 1000).reference, portfolio_multiples=bad)
    with pytest.raises(CorruptPart, match="negative or not a finite number"):
        decode_part(encode_part(replace(part(500, 1000), reference=outcome)))


@pytest.mark.parametrize("losing", [-1, 501])
def test_impossible_number_of_losses_is_refused(losing: int) -> None:
    counts = np.array([0, losing, 0, 0])
    outcome = replace(part(500, 1000).reference, losing_alone=counts)
    with pytest.raises(CorruptPart, match="fewer than none or more than all"):
        decode_part(encode_part(replace(part(500, 1000), reference=outcome)))
