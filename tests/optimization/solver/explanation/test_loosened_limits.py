"""One step of each limit, and the ends where there is none."""

from typing import Any

import pytest

from optimization.solver.explanation.loosened_limits import LoosenedLimit, loosened_limit
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from optimization.solver.stated.single_limits import single_limits
from tests.optimization.solver.problems import problem


def stated(scenarios: int = 400, **limits: Any) -> AllocationProblem:
    return problem(["seed/saas", "late/bio"], [[2.0] * scenarios, [1.5] * scenarios], **limits)


def step_of(one: AllocationProblem) -> LoosenedLimit | None:
    (limit,) = single_limits(one.limits)
    return loosened_limit(one, limit)


@pytest.mark.parametrize(
    ("limits", "loosened_to"),
    [
        ({"max_loss_probability": 0.29}, 0.3),
        ({"cvar": CvarLimit(0.95, 0.29)}, 0.3),
        ({"max_bucket_weight": 0.56}, 0.57),
        ({"stages": {"seed": WeightRange(minimum=0.3)}}, 0.29),
        ({"sectors": {"bio": WeightRange(maximum=0.3)}}, 0.31),
        ({"min_expected_winners": 1.2}, 1.1),
    ],
)
def test_step_is_a_point_or_a_tenth_of_a_winner(limits: dict[str, Any], loosened_to: float) -> None:
    step = step_of(stated(**limits))

    assert step is not None
    assert step.loosened_to == loosened_to
    assert step.step == (0.1 if "min_expected_winners" in limits else 0.01)
    (limit,) = single_limits(step.problem.limits)
    assert limit.value == loosened_to


def test_loss_probability_moves_by_a_scenario_where_a_point_is_less() -> None:
    # One of 10 may lose: .11 would still be one.
    step = step_of(stated(scenarios=10, max_loss_probability=0.1))

    assert step is not None
    assert (step.loosened_to, step.step) == (0.2, 0.1)
    assert step.problem.allowed_losing_scenarios() == 2


@pytest.mark.parametrize(
    ("limits", "loosened_to", "length"),
    [
        ({"max_bucket_weight": 0.996}, 1.0, 0.004),
        ({"max_loss_probability": 0.996}, 1.0, 0.004),
        ({"stages": {"seed": WeightRange(minimum=0.004)}}, 0.0, 0.004),
        ({"min_expected_winners": 0.04}, 0.0, 0.04),
    ],
)
def test_step_ends_where_the_limit_does(
    limits: dict[str, Any], loosened_to: float, length: float
) -> None:
    step = step_of(stated(**limits))

    assert step is not None
    assert (step.loosened_to, step.step) == (loosened_to, length)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_loss_probability": 1.0},
        {"cvar": CvarLimit(0.95, 1.0)},
        {"max_bucket_weight": 1.0},
        {"sectors": {"bio": WeightRange(maximum=1.0)}},
        {"sectors": {"bio": WeightRange(minimum=0.0)}},
        {"min_expected_winners": 0.0},
    ],
)
def test_limit_at_its_end_has_no_step(limits: dict[str, Any]) -> None:
    assert step_of(stated(**limits)) is None
