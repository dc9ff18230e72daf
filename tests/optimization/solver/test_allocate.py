"""What `allocate` promises beyond the optimum: checks, both means, and odd problems."""

import numpy as np
import pytest

from optimization.solver import allocate as allocate_module
from optimization.solver.allocate import AllocationCheckFailed, allocate
from optimization.solver.second_pass import SecondPass
from optimization.solver.stated.problem import CvarLimit, SolverSettings
from tests.optimization.solver.problems import high_and_low, problem


def test_exact_and_sample_mean_are_reported_side_by_side() -> None:
    allocation = allocate(
        problem(
            ["seed/saas", "seed/bio"],
            [[1.0, 3.0], [1.5, 1.5]],
            bucket_fields=[{"expected_multiple": 2.2}, {}],
            settings=SolverSettings(primary_lock_epsilon=0.0),
        )
    )

    assert allocation.expected_multiple == pytest.approx(2.2)
    assert allocation.sample_expected_multiple == pytest.approx(2.0)


def test_answer_that_breaks_a_limit_is_an_error_and_not_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_in_high(*_: object, **__: object) -> SecondPass:
        return SecondPass(np.array([1.0, 0.0]), frozenset(), 1.0, "optimal")

    monkeypatch.setattr(allocate_module, "closest_to_uniform", all_in_high)

    with pytest.raises(AllocationCheckFailed, match="second pass") as error:
        allocate(high_and_low(max_loss_probability=0.10))
    assert [broken.id for broken in error.value.broken] == ["max_loss_probability"]


def test_second_pass_that_gives_up_too_much_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_in_low(*_: object, **__: object) -> SecondPass:
        return SecondPass(np.array([0.0, 1.0]), frozenset(), 1.0, "optimal")

    monkeypatch.setattr(allocate_module, "closest_to_uniform", all_in_low)

    with pytest.raises(AllocationCheckFailed, match="lowered the expected multiple"):
        allocate(high_and_low(max_loss_probability=0.10))


def test_portfolio_that_is_worth_nothing_is_allocated_evenly() -> None:
    allocation = allocate(problem(["seed/a", "seed/b"], [[0.0, 0.0], [0.0, 0.0]]))

    assert allocation.status == "optimal"
    assert allocation.weights == {"seed/a": 0.5, "seed/b": 0.5}
    assert allocation.mip_gap == 0.0
    assert allocation.loss_probability == 1.0


def test_only_bucket_gets_everything() -> None:
    allocation = allocate(
        problem(
            ["seed/saas"],
            [[2.0]],
            max_loss_probability=0.0,
            cvar=CvarLimit(confidence=0.95, maximum=0.0),
            max_bucket_weight=1.0,
        )
    )

    assert allocation.weights == {"seed/saas": 1.0}


def test_cvar_of_zero_forbids_every_loss_in_the_tail() -> None:
    # Saas loses .5 w in the first scenario unless Bio's 2.0 makes up for it: .5 w + 2 (1 - w)
    # >= 1 allows w up to 2/3.
    allocation = allocate(
        problem(
            ["seed/saas", "seed/bio"],
            [[0.5, 9.0], [2.0, 2.0]],
            settings=SolverSettings(primary_lock_epsilon=0.0),
            cvar=CvarLimit(confidence=0.9999, maximum=0.0),
        )
    )

    # A bound of 0 is kept to the solver's 1e-9; the weight moves by that over a slope of 1.5.
    assert allocation.weights["seed/saas"] == pytest.approx(2 / 3, abs=2e-9)


def test_bucket_maximum_of_one_over_the_buckets_leaves_only_uniform() -> None:
    allocation = allocate(
        problem(
            ["seed/a", "seed/b", "seed/c"],
            [[3.0, 1.0], [1.0, 1.0], [0.5, 2.0]],
            max_bucket_weight=1 / 3,
            max_loss_probability=0.5,
        )
    )

    assert list(allocation.weights.values()) == pytest.approx([1 / 3] * 3, abs=1e-9)


def test_multiple_limits_met_only_together_are_found() -> None:
    # Each half loses in one scenario alone; only near equal weights lose in none.
    allocation = allocate(
        problem(
            ["seed/a", "seed/b"],
            [[0.0, 2.1, 5.0], [2.1, 0.0, 2.0]],
            max_loss_probability=0.0,
            settings=SolverSettings(primary_lock_epsilon=0.0),
        )
    )

    # 2.1 (1 - w) >= 1 in the first scenario: w <= 1.1 / 2.1.
    assert allocation.weights["seed/a"] == pytest.approx(1.1 / 2.1, abs=2e-9)
