"""The allocation problem of a session puts each bucket's facts beside that bucket's scenarios."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.solver.stated.limits import CvarLimit, WeightRange
from optimization.solver.stated.problem import AllocationProblem
from scenarios.models import ScenarioMatrix
from tests.optimization.small_fund import SECTORS, STAGES, asked, bucket_facts

LIMITS = {
    "max_loss_probability": 0.25,
    "cvar": {"confidence": 0.9, "max": 0.5},
    "stages": {"seed": {"max": 0.6}},
    "sectors": {"saas": {"min": 0.1}},
}
# Each bucket has figures of its own, so that a swap of two is seen.
POLICIES = [
    bucket_facts(stage, sector, all_in_cost_usd=f"{number}000000.50")
    for number, (stage, sector) in enumerate(
        ((stage, sector) for stage in STAGES for sector in SECTORS), start=1
    )
]
MATRIX_BUCKETS: list[dict[str, Any]] = [
    {
        "key": policy["key"],
        "expected_multiple": 1.5 + number,
        "deal_win_probability": number / 100,
        "expected_reserve_call_fraction": 0.4,
    }
    for number, policy in enumerate(POLICIES)
]
MULTIPLES = (np.arange(4 * 100).reshape(4, 100) / 100).astype(np.float32)


def problem_of(policies: list[dict[str, Any]], **request: Any) -> AllocationProblem:
    return problem_from(asked({"limits": LIMITS, **request}).as_json(), policies)


def problem_from(request: dict[str, Any], policies: list[dict[str, Any]]) -> AllocationProblem:
    return allocation_problem(
        session=OptimizationSession(request=request, buckets=policies),
        matrix=ScenarioMatrix(buckets=MATRIX_BUCKETS),
        multiples=MULTIPLES,
    )


def by_key(problem: AllocationProblem) -> dict[str, tuple[object, ...]]:
    return {
        bucket.key: (
            bucket.stage,
            bucket.sector,
            bucket.all_in_cost_usd,
            bucket.expected_multiple,
            bucket.deal_win_probability,
            row.tolist(),
        )
        for bucket, row in zip(problem.buckets, problem.multiples, strict=True)
    }


def test_bucket_has_its_own_policy_facts_and_scenarios() -> None:
    assert by_key(problem_of(POLICIES)) == {
        "seed/fintech": ("seed", "fintech", Decimal("1000000.50"), 1.5, 0.0, MULTIPLES[0].tolist()),
        "seed/saas": ("seed", "saas", Decimal("2000000.50"), 2.5, 0.01, MULTIPLES[1].tolist()),
        "series_a/fintech": (
            "series_a",
            "fintech",
            Decimal("3000000.50"),
            3.5,
            0.02,
            MULTIPLES[2].tolist(),
        ),
        "series_a/saas": (
            "series_a",
            "saas",
            Decimal("4000000.50"),
            4.5,
            0.03,
            MULTIPLES[3].tolist(),
        ),
    }


def test_order_of_the_funds_buckets_does_not_matter() -> None:
    assert by_key(problem_of(POLICIES[::-1])) == by_key(problem_of(POLICIES))


def test_rows_are_in_the_order_of_the_matrix() -> None:
    keys = tuple(bucket["key"] for bucket in MATRIX_BUCKETS)
    assert problem_of(POLICIES[::-1]).bucket_keys == keys


def test_bucket_that_the_policy_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError, match="seed/fintech"):
        problem_of(POLICIES[1:])


def test_limits_and_settings_are_those_of_the_request() -> None:
    problem = problem_of(
        POLICIES,
        capital_usd="12345678.90",
        mip_gap=0.01,
        primary_lock_epsilon=0.02,
        time_limit_seconds=7,
        relax=False,
    )
    assert problem.capital_usd == Decimal("12345678.90")
    assert problem.limits.max_loss_probability == 0.25
    assert problem.limits.cvar == CvarLimit(confidence=0.9, maximum=0.5)
    assert problem.limits.stages == {"seed": WeightRange(maximum=0.6)}
    assert problem.limits.sectors == {"saas": WeightRange(minimum=0.1)}
    assert problem.settings.mip_gap == 0.01
    assert problem.settings.primary_lock_epsilon == 0.02
    assert problem.settings.time_limit_seconds == 7
    assert not problem.relax


def test_limits_are_relaxed_as_the_request_says() -> None:
    assert problem_of(POLICIES, relax=True).relax


def test_request_of_a_release_that_could_not_relax_keeps_its_limits() -> None:
    request = asked({"limits": LIMITS}).as_json()
    del request["relax"]
    assert not problem_from(request, POLICIES).relax
