"""The documented schema of a request must never refuse what the rules accept."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from funds.shipped import benchmark_calibration, default_fund
from optimization.api.documentation.request_body import REQUEST_BODY
from optimization.request.checked_request import FundFacts, parse_request
from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.dependence.variance_presets import PRESET_SHARES

FUND_ID = "0f0e2b38-6c0d-4f4e-9f5f-0d0c8f3f7a11"
BENCHMARK = benchmark_calibration()
FACTS = FundFacts(
    size_usd=Decimal("100000000.00"),
    buckets=tuple(
        {**bucket, "key": f"{bucket['stage']}/{bucket['sector']}"}
        for bucket in default_fund()["buckets"]
    ),
    calibrations={BENCHMARK["version"]: BENCHMARK["parameters"]},
    default_calibration=BENCHMARK["version"],
)


def perhaps(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object in which each field may be absent or null."""
    return st.fixed_dictionaries({}, optional={k: st.none() | v for k, v in fields.items()})


fractions = st.floats(0, 1) | st.sampled_from([0, 1])
ranges = st.none() | perhaps(min=st.floats(0, 0.2), max=st.floats(0.8, 1) | st.just(1))
limits = perhaps(
    max_loss_probability=st.sampled_from([0, 0.0, 0.5, 1, 1.0]) | st.floats(0.2, 1),
    cvar=st.fixed_dictionaries({"confidence": st.floats(0.5, 0.99), "max": fractions}),
    min_expected_winners=st.floats(0, 10_000) | st.integers(0, 10_000),
    max_bucket_weight=st.floats(0.2, 1),
    sectors=st.dictionaries(st.sampled_from(["saas", "fintech"]), ranges),
    stages=st.dictionaries(st.sampled_from(["seed", "series_a"]), ranges),
)
regimes = st.sampled_from(
    [
        BENCHMARK["parameters"]["regimes"],
        [{"name": "one", "probability": 1, "shock_min": -1, "shock_max": 1}],
    ]
)
correlation = {
    "buckets": [bucket["key"] for bucket in FACTS.buckets],
    "matrix": [[int(row == column) for column in range(12)] for row in range(12)],
}
factor_shares = st.just({"sector": 0.5, "stage": 0.25, "bucket": 0.25})
scenario_laws = perhaps(
    exit_law=st.sampled_from(
        [
            {"law": "lognormal", "tail_index": None},
            {"law": "pareto", "multiple_cap": 300},
            {"law": "lognormal_pareto", "tail_index": 0.1, "multiple_cap": 1_000_000},
        ]
    ),
    variance_shares=st.sampled_from(sorted(PRESET_SHARES)),
    copula=st.just({"family": "gaussian", "degrees_of_freedom": None}),
    factor_shares=factor_shares,
    value_path_coupling=st.floats(0, 0.95),
    failure_recovery=st.just({"threshold": 0, "maximum": 1}),
    recycling=st.fixed_dictionaries(
        {
            "utilization_fraction": fractions,
            "cost_multiple": st.floats(0, 10),
            "max_deals": st.integers(0, 100),
            "deadline_years": st.floats(0, 16),
        },
        optional={"vintage_correlation": st.none() | fractions},
    ),
    unspent_reserves=st.sampled_from(["returned", "idle"]),
    sampling=st.sampled_from(["iid", "antithetic", "sobol"]),
) | st.fixed_dictionaries(
    {
        # At the level of a deal nothing has to be calibrated.
        "variance_shares": st.just({"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25}),
        "share_level": st.just("deal"),
        "copula": st.sampled_from(
            [
                {"family": "t", "degrees_of_freedom": 3},
                {"family": "t", "degrees_of_freedom": 100.0},
            ]
        ),
        "bucket_correlation": st.just(correlation),
    }
)
requests = st.fixed_dictionaries(
    {"name": st.text(st.characters(codec="ascii", min_codepoint=32), min_size=1, max_size=200)},
    optional={
        "capital_usd": st.none()
        | st.decimals(1, 100_000_000, places=2).map(str)
        | st.integers(1, 100_000_000),
        "calibration": st.none() | st.just(BENCHMARK["version"]),
        "optimization_scenarios": st.none() | st.integers(64, 5000) | st.just(400.0),
        "validation_scenarios": st.none() | st.integers(5000, 10_000_000),
        "seed": st.none() | st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1),
        "regimes": st.none() | regimes,
        "scenario_law": st.none() | scenario_laws,
        "limits": st.none() | limits,
        "relax": st.none() | st.booleans(),
        "primary_lock_epsilon": st.none() | st.floats(0, 0.1),
        "mip_gap": st.none() | st.floats(1e-6, 0.1),
        "time_limit_seconds": st.none() | st.floats(1, 240) | st.integers(1, 240),
    },
)


@given(requests)
def test_schema_accepts_whatever_the_rules_accept(request: dict[str, Any]) -> None:
    try:
        parse_request(request, fund=FACTS)
    except InvalidInput:
        assume(False)

    Draft202012Validator(REQUEST_BODY.schema).validate({"fund": FUND_ID, **request})


frontiers = st.fixed_dictionaries(
    {
        "limit": st.sampled_from(["max_loss_probability", "cvar"]),
        "from": st.floats(0.001, 0.4) | st.just(0),
        "to": st.floats(0.5, 1) | st.just(1),
        "points": st.integers(3, 41) | st.just(5.0),
    }
)


@given(frontiers)
def test_schema_accepts_whatever_frontier_the_rules_accept(frontier: dict[str, Any]) -> None:
    request = {"name": "x", "frontier": frontier, "relax": False}
    parse_request(request, fund=FACTS)

    Draft202012Validator(REQUEST_BODY.schema).validate({"fund": FUND_ID, **request})


def test_every_field_that_the_rules_know_is_in_the_schema_and_no_other() -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_request({"name": "x", "?": 1}, fund=FACTS)

    # The message of an unknown field ends in the names of the known ones.
    (fault,) = raised.value.faults
    known = fault.message.split("known: ")[1].split(", ")
    assert set(REQUEST_BODY.schema["properties"]) == {"fund", *known}


def test_every_limit_that_the_rules_know_is_in_the_schema_and_no_other() -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_request({"name": "x", "limits": {"?": 1}}, fund=FACTS)

    (fault,) = raised.value.faults
    known = fault.message.split("known: ")[1].split(", ")
    assert set(REQUEST_BODY.schema["properties"]["limits"]["properties"]) == set(known)


def test_every_member_of_a_law_that_the_rules_know_is_in_the_schema_and_no_other() -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_request({"name": "x", "scenario_law": {"?": 1}}, fund=FACTS)

    (fault,) = raised.value.faults
    known = fault.message.split("known: ")[1].split(", ")
    assert set(REQUEST_BODY.schema["properties"]["scenario_law"]["properties"]) == set(known)
