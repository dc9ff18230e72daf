"""Limits, regimes and policies that are each readable but cannot hold together."""

from typing import Any

import pytest

from optimization.request.checked_request import FundFacts
from tests.optimization.small_fund import (
    asked,
    faults,
    found,
    small_facts,
    with_calibration,
    with_policy,
)

REGIMES: list[dict[str, Any]] = [
    {"name": "bad", "probability": 0.3, "shock_min": -1.0, "shock_max": -0.2},
    {"name": "good", "probability": 0.7, "shock_min": -0.2, "shock_max": 1.0},
]


def regimes(index: int, **changes: Any) -> dict[str, Any]:
    """A request with the two regimes above, one of them changed."""
    changed = [dict(regime) for regime in REGIMES]
    changed[index].update(changes)
    return {"regimes": changed}


@pytest.mark.parametrize("group", ["sectors", "stages"])
def test_minimums_over_one_are_refused(group: str) -> None:
    names = {"sectors": ("saas", "fintech"), "stages": ("seed", "series_a")}[group]
    over = {name: {"min": minimum} for name, minimum in zip(names, (0.6, 0.41), strict=True)}
    assert found({"limits": {group: over}}) == [(f"limits.{group}", "MINIMUMS_EXCEED_ONE")]


def test_minimums_of_exactly_one_are_accepted() -> None:
    # 0.7 + 0.3 and ten times 0.1 need not be 1 in binary floating point.
    assert found({"limits": {"sectors": {"saas": {"min": 0.7}, "fintech": {"min": 0.3}}}}) == []


def test_maximums_below_one_over_all_sectors_are_refused() -> None:
    limits = {"sectors": {"saas": {"max": 0.5}, "fintech": {"max": 0.49}}}
    assert found({"limits": limits}) == [("limits.sectors", "MAXIMUMS_BELOW_ONE")]


def test_maximum_of_one_sector_leaves_the_rest_to_the_others() -> None:
    assert found({"limits": {"sectors": {"saas": {"max": 0.1}}}}) == []


def test_bucket_maximum_too_small_to_reach_one_is_refused() -> None:
    # Four buckets: 4 x 0.25 = 1 is just enough, 4 x 0.24 = 0.96 is not.
    assert found({"limits": {"max_bucket_weight": 0.25}}) == []
    assert found({"limits": {"max_bucket_weight": 0.24}}) == [
        ("limits.max_bucket_weight", "CANNOT_REACH_ONE")
    ]


def test_sector_minimum_beyond_what_its_buckets_may_hold_is_refused() -> None:
    # Two buckets of at most 0.3 hold at most 0.6 of the capital.
    limits = {"max_bucket_weight": 0.3, "sectors": {"saas": {"min": 0.61}}}
    assert found({"limits": limits}) == [("limits.sectors.saas.min", "MORE_THAN_BUCKETS_HOLD")]


def test_minimum_above_the_maximum_is_refused() -> None:
    limits = {"stages": {"seed": {"min": 0.5, "max": 0.4}}}
    assert found({"limits": limits}) == [("limits.stages.seed.min", "ABOVE_MAXIMUM")]


def test_regimes_replace_those_of_the_calibration() -> None:
    config = asked({"regimes": REGIMES}).config
    assert [(regime.name, regime.probability) for regime in config.regimes] == [
        ("bad", 0.3),
        ("good", 0.7),
    ]


@pytest.mark.parametrize("probability", [0.69, 0.71])
def test_regime_probabilities_that_do_not_sum_to_one_are_refused(probability: float) -> None:
    assert found(regimes(1, probability=probability)) == [("regimes", "REGIME_INVALID")]


def test_regime_fault_names_the_sum_and_the_rule() -> None:
    (fault,) = faults(regimes(1, probability=0.6))
    assert "0.9" in fault.message
    assert "must sum to 1" in fault.message


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"probability": float("nan")}, "regimes[0].probability", "NOT_FINITE"),
        ({"shock_min": float("-inf")}, "regimes[0].shock_min", "NOT_FINITE"),
        ({"shock_min": 0.1}, "regimes[0].shock_min", "REGIME_INVALID"),
        ({"probability": -0.3}, "regimes[0].probability", "REGIME_INVALID"),
        ({"odds": 0.3}, "regimes[0].odds", "UNKNOWN_FIELD"),
        ({"name": None}, "regimes[0].name", "REQUIRED"),
    ],
)
def test_fault_inside_a_regime_is_found_at_its_path(
    changes: dict[str, Any], path: str, code: str
) -> None:
    assert found(regimes(0, **changes)) == [(path, code)]


@pytest.mark.parametrize("value", [[], {}, "boom", 5])
def test_regimes_that_are_no_list_of_regimes_are_refused(value: object) -> None:
    ((path, _code),) = found({"regimes": value})
    assert path == "regimes"


def test_every_fault_is_found_at_once() -> None:
    request = {
        "nam": "Base",
        "name": "",
        "capital_usd": -5,
        "calibration": "v1999",
        "mip_gap": float("nan"),
        "limits": {"cvar": {"confidence": 2, "max": 0.5}, "sectors": {"health": {}}},
    }
    assert set(found(request)) == {
        ("nam", "UNKNOWN_FIELD"),
        ("name", "BLANK"),
        ("capital_usd", "OUT_OF_RANGE"),
        ("calibration", "NOT_A_CHOICE"),
        ("mip_gap", "NOT_FINITE"),
        ("limits.cvar.confidence", "OUT_OF_RANGE"),
        ("limits.sectors.health", "NOT_IN_FUND"),
    }


def test_regimes_are_checked_beside_a_calibration_that_is_refused() -> None:
    request = {**regimes(1, probability=0.6), "calibration": "v1999"}
    assert set(found(request)) == {("regimes", "REGIME_INVALID"), ("calibration", "NOT_A_CHOICE")}


def test_fault_names_the_field_the_value_and_the_rule() -> None:
    (fault,) = faults({"mip_gap": 0.5})
    assert str(fault) == "mip_gap: is 0.5, must be at least 1e-06 and at most 0.1"


def test_fault_in_the_policy_of_the_fund_points_at_the_fund() -> None:
    # The shipped fail probability of seed is 0.37; three times that is above 1.
    fund = with_policy(risk_multiplier=3.0)
    assert found({}, fund=fund) == [("fund.buckets[0].risk_multiplier", "RISK_MULT_TOO_LARGE")]


def test_fault_in_the_regimes_of_the_calibration_points_at_the_fund() -> None:
    fund = with_calibration(regimes=regimes(1, probability=0.6)["regimes"])
    assert found({}, fund=fund) == [("fund.regimes", "REGIME_INVALID")]


def test_regimes_of_the_request_stand_in_for_faulty_ones_of_the_calibration() -> None:
    fund = with_calibration(regimes=regimes(1, probability=0.6)["regimes"])
    assert found({"regimes": REGIMES}, fund=fund) == []


def test_faults_of_the_fund_and_of_the_request_are_found_together() -> None:
    fund = with_policy(risk_multiplier=3.0)
    assert set(found(regimes(1, probability=0.6), fund=fund)) == {
        ("fund.buckets[0].risk_multiplier", "RISK_MULT_TOO_LARGE"),
        ("regimes", "REGIME_INVALID"),
    }


def test_fund_without_a_bucket_is_refused() -> None:
    fund: FundFacts = small_facts(buckets=())
    assert ("fund", "NO_BUCKETS") in found({}, fund=fund)
