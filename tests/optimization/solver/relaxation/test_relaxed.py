"""When limits are relaxed, what is said of what is not proved, and that equal problems agree."""

from dataclasses import replace
from typing import Any

import pytest

from optimization.solver.allocate import SolveInterrupted, allocate
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.first_pass import FirstPass
from optimization.solver.relaxation import class_by_class, granted, single_limit
from optimization.solver.relaxation.granted import NOT_PROVED, relaxed
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import (
    AllocationProblem,
    CvarLimit,
    SolverSettings,
    WeightRange,
)
from optimization.solver.stated.single_limits import with_values
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

ENDED_EARLY = FirstPass(bound=9.0, stop="iteration_limit")


def crowded(*, buckets: int = 6, scenarios: int = 24, **limits: Any) -> AllocationProblem:
    """Far more of the scenarios lose than the limit allows."""
    stages = ["seed", "series_a"]
    stated: dict[str, Any] = {
        "max_loss_probability": 0.05,
        "cvar": CvarLimit(0.9, 0.05),
        "min_expected_winners": 4.0,
        "max_bucket_weight": 0.3,
        "stages": {"seed": WeightRange(minimum=0.6)},
    }
    return replace(
        problem(
            [f"{stages[b % 2]}/s{b}" for b in range(buckets)],
            market_multiples(seed=7, buckets=buckets, scenarios=scenarios) * 0.8,
            settings=SolverSettings(mip_gap=0.0),
            **(stated | limits),
        ),
        relax=True,
    )


def test_limits_that_can_be_kept_are_not_relaxed() -> None:
    may, must_not = (
        allocate(replace(high_and_low(max_loss_probability=0.1), relax=relax))
        for relax in (True, False)
    )

    assert may.status == "optimal"
    assert may.relaxations == ()
    assert may.weights == must_not.weights


def test_limits_are_kept_when_the_problem_says_so() -> None:
    allocation = allocate(replace(crowded(), relax=False))

    assert allocation.status == "infeasible"
    assert not allocation.was_found
    assert allocation.infeasibility


def test_equal_problems_and_permuted_ones_are_granted_the_same() -> None:
    asked = crowded()
    order = [3, 1, 0, 5, 2, 4]
    permuted = replace(
        asked,
        buckets=tuple(asked.buckets[b] for b in order),
        multiples=asked.multiples[order],
    )

    first, again, other = allocate(asked), allocate(asked), allocate(permuted)

    assert again.weights == first.weights
    assert dict(other.weights) == dict(first.weights)
    assert again.relaxations == first.relaxations == other.relaxations


def test_stop_ends_the_relaxation_at_once() -> None:
    calls = 0

    def count() -> bool:
        nonlocal calls
        calls += 1
        return False

    allocate(crowded(), should_stop=count)
    asked = 0

    def stop_half_way() -> bool:
        nonlocal asked
        asked += 1
        return asked > calls // 2

    with pytest.raises(SolveInterrupted):
        allocate(crowded(), should_stop=stop_half_way)


def test_what_a_short_search_leaves_open_is_not_called_minimal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(granted, "BLIND_ITERATIONS", 1)
    monkeypatch.setattr(granted, "COUNT_ITERATIONS", 200)
    monkeypatch.setattr(single_limit, "MAX_ITERATIONS", 1)
    monkeypatch.setattr(class_by_class, "MAX_ITERATIONS", 1)
    asked = crowded(buckets=8, scenarios=40)

    short = allocate(asked)
    monkeypatch.undo()
    long = {given.constraint: given for given in allocate(asked).relaxations}

    loss = short.relaxations[0]
    assert loss.constraint == "max_loss_probability"
    assert not loss.is_minimal
    # Both ends of what is left open hold the true minimum, which the long search proves.
    assert long["max_loss_probability"].is_minimal
    assert loss.tightest_possible <= long["max_loss_probability"].granted <= loss.granted
    values = {given.constraint: given.granted for given in short.relaxations}
    kept = asked.with_limits(with_values(asked.limits, values))
    assert broken_limits(problem=kept, weights=list(short.weights.values())) == ()


def test_relaxed_allocation_whose_first_pass_a_count_ended_is_evened_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = replace(
        crowded(buckets=8, scenarios=40),
        settings=SolverSettings(mip_gap=0.0, primary_lock_epsilon=0.02),
    )
    proved = allocate(asked)
    monkeypatch.setattr(granted, "FIRST_PASS_ITERATIONS", 1)

    found = allocate(asked)

    assert found.status == "relaxed"
    assert found.solver.first_pass == "iteration_limit"
    assert found.solver.second_pass is not None
    best = found.first_pass_expected_multiple
    assert best is not None
    assert found.expected_multiple is not None
    assert best * (1 - 0.02) - 1e-9 <= found.expected_multiple < best
    # The bound is that of the first pass, and still true.
    assert found.best_bound is not None
    assert proved.first_pass_expected_multiple is not None
    assert found.best_bound >= proved.first_pass_expected_multiple - 1e-9
    assert found.mip_gap == pytest.approx(found.best_bound / best - 1, rel=1e-9)


def test_search_that_ended_early_is_no_reason_to_relax_where_counting_losses_succeeds() -> None:
    asked = high_and_low(max_loss_probability=0.1).in_key_order()

    found = relaxed(asked, ENDED_EARLY, highs=BudgetedHighs(60))

    assert found.problem is asked
    assert found.relaxations == ()
    assert found.caveat is None
    assert found.first.weights is not None


def too_many_losses() -> AllocationProblem:
    """No allocation within the bucket maximum loses in fewer than 18 scenarios; 16 may."""
    return crowded(
        buckets=8,
        scenarios=40,
        max_loss_probability=0.4,
        cvar=None,
        min_expected_winners=1.0,
        stages={},
    ).in_key_order()


def test_need_that_counting_losses_proves_takes_no_caveat() -> None:
    found = relaxed(too_many_losses(), ENDED_EARLY, highs=BudgetedHighs(60))

    assert found.relaxations
    assert found.caveat is None


def test_need_that_no_count_proves_is_named_beside_what_was_relaxed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(granted, "COUNT_ITERATIONS", 1)

    found = relaxed(too_many_losses(), ENDED_EARLY, highs=BudgetedHighs(60))

    assert found.relaxations
    assert found.caveat == NOT_PROVED


def test_session_limits_with_minimums_of_zero_are_never_relaxed() -> None:
    allocation = allocate(
        crowded(stages={"seed": WeightRange(minimum=0.0)}, min_expected_winners=0.0)
    )

    assert {row.id for row in allocation.constraints if row.relaxed} <= {
        "max_loss_probability",
        "cvar",
        "max_bucket_weight",
    }
