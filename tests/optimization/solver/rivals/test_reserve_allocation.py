"""Follow-on reserves against the answers of a published greedy reserve engine, and by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.solver.rivals.reserve_allocation import (
    Company,
    ReservePolicy,
    StagePolicy,
    allocate_reserves,
    cents_of,
)
from scenarios.simulation.checked_input import InvalidInput

# Facts only: inputs and outputs, with their source in the file.
PUBLISHED = json.loads((Path(__file__).parent / "constrained_reserve_engine.json").read_text())
CASES = {case["id"]: case for case in PUBLISHED["cases"]}
ANSWERED = [name for name, case in CASES.items() if "error" not in case["expected"]]


def companies_of(given_input: dict[str, Any]) -> list[Company]:
    return [
        Company(id=company["id"], name=company["name"], stage=company["stage"])
        for company in given_input["companies"]
    ]


def policy_of(given_input: dict[str, Any]) -> ReservePolicy:
    limits = given_input.get("constraints", {})
    company_maximum = limits.get("maxPerCompany")
    options = (
        {"discount_rate": limits["discountRateAnnual"]} if "discountRateAnnual" in limits else {}
    )
    return ReservePolicy(
        stages={
            stage["stage"]: StagePolicy(
                reserve_multiple=stage["reserveMultiple"], weight=stage["weight"]
            )
            for stage in given_input["stagePolicies"]
        },
        graduation_probability=limits.get("graduationProb", {}),
        graduation_years=limits.get("graduationYears", {}),
        score_by_company=given_input.get("scoreOverride", {}),
        smallest_cheque_cents=cents_of(limits.get("minCheck", 0)),
        company_maximum_cents=None if company_maximum is None else cents_of(company_maximum),
        stage_maximum_cents={
            stage: cents_of(dollars) for stage, dollars in limits.get("maxPerStage", {}).items()
        },
        **options,
    )


@pytest.mark.parametrize("name", ANSWERED)
def test_amounts_and_order_are_those_of_the_published_engine(name: str) -> None:
    given_input, expected = CASES[name]["input"], CASES[name]["expected"]
    allocation = allocate_reserves(
        companies=companies_of(given_input),
        policy=policy_of(given_input),
        available_cents=cents_of(given_input["availableReserves"]),
    )
    # Cents over 100 are what the engine prints, so equality is exact.
    assert [(one, cents / 100) for one, cents in allocation.cents.items()] == [
        (one["id"], one["allocated"]) for one in expected["allocations"]
    ]
    assert allocation.unallocated_cents / 100 == expected["remaining"]
    assert sum(allocation.cents.values()) / 100 == expected["totalAllocated"]


def test_every_published_case_with_an_answer_is_compared() -> None:
    assert len(ANSWERED) == 39
    assert len(CASES) == 40


def test_stage_without_a_policy_is_refused_by_name() -> None:
    given_input, expected = CASES["CRE-E14"]["input"], CASES["CRE-E14"]["expected"]
    with pytest.raises(InvalidInput) as refused:
        allocate_reserves(
            companies=companies_of(given_input),
            policy=policy_of(given_input),
            available_cents=cents_of(given_input["availableReserves"]),
        )
    (fault,) = refused.value.faults
    assert (fault.path, fault.message) == ("companies[0].stage", expected["error"])


def test_every_company_without_a_stage_policy_gets_a_fault_of_its_own() -> None:
    companies = [Company(id=one, name=one, stage="late") for one in ("a", "b")]
    with pytest.raises(InvalidInput) as refused:
        allocate_reserves(companies=companies, policy=ReservePolicy(stages={}), available_cents=100)
    assert [fault.path for fault in refused.value.faults] == [
        "companies[0].stage",
        "companies[1].stage",
    ]


def test_score_is_the_discounted_graduation_value_times_the_weight() -> None:
    policy = ReservePolicy(
        stages={"seed": StagePolicy(reserve_multiple=3.0, weight=2.0)},
        graduation_probability={"seed": 0.4},
        graduation_years={"seed": 2.0},
        discount_rate=0.25,
    )
    # 3 * 0.4 / 1.25^2 * 2 = 1.2 / 1.5625 * 2 = 1.536
    assert policy.score(Company(id="a", name="A", stage="seed")) == pytest.approx(1.536, rel=1e-15)


@given(
    available=st.integers(0, 10**9),
    caps=st.dictionaries(st.sampled_from("xyz"), st.integers(0, 10**8)),
    company_cap=st.none() | st.integers(0, 10**8),
    smallest=st.integers(0, 10**7),
    stages=st.lists(st.sampled_from("xyz"), max_size=12),
)
def test_no_cent_is_lost_and_no_cap_is_passed(
    available: int,
    caps: dict[str, int],
    company_cap: int | None,
    smallest: int,
    stages: list[str],
) -> None:
    companies = [
        Company(id=f"c{place:02}", name="Same", stage=stage) for place, stage in enumerate(stages)
    ]
    allocation = allocate_reserves(
        companies=companies,
        policy=ReservePolicy(
            stages={stage: StagePolicy(reserve_multiple=1.0, weight=1.0) for stage in "xyz"},
            smallest_cheque_cents=smallest,
            company_maximum_cents=company_cap,
            stage_maximum_cents=caps,
        ),
        available_cents=available,
    )
    assert sum(allocation.cents.values()) + allocation.unallocated_cents == available
    assert all(cents >= max(smallest, 1) for cents in allocation.cents.values())
    if company_cap is not None:
        assert all(cents <= company_cap for cents in allocation.cents.values())
    for stage, cap in caps.items():
        held = [allocation.cents.get(one.id, 0) for one in companies if one.stage == stage]
        assert sum(held) <= cap
