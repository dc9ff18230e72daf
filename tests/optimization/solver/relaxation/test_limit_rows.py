"""Limits as rows over the weights."""

from typing import Any

import numpy as np
import pytest

from optimization.solver.relaxation.limit_rows import limit_rows, members, slack_unit
from optimization.solver.stated.problem import AllocationProblem, WeightRange
from optimization.solver.stated.single_limits import SingleLimit, single_limits
from tests.optimization.solver.problems import problem

WEIGHTS = np.array([0.5, 0.3, 0.2])


def limited(**limits: Any) -> tuple[AllocationProblem, SingleLimit]:
    """One limit on deals of 2m that win with .05: 100m buy 2.5 winners whatever the weights."""
    built = problem(["seed/saas", "seed/bio", "series_a/bio"], np.ones((3, 4)), **limits)
    (limit,) = single_limits(built.limits)
    return built, limit


@pytest.mark.parametrize(
    ("limits", "needed"),
    [
        # Seed holds .8 and bio .5; the largest weight is .5; half of the 5 winners are missing.
        ({"stages": {"seed": WeightRange(minimum=0.9)}}, 0.1),
        ({"stages": {"seed": WeightRange(maximum=0.7)}}, 0.1),
        ({"sectors": {"bio": WeightRange(minimum=0.6)}}, 0.1),
        ({"sectors": {"bio": WeightRange(maximum=0.1)}}, 0.4),
        ({"max_bucket_weight": 0.4}, 0.1),
        ({"min_expected_winners": 5.0}, 0.5),
    ],
)
def test_slack_is_how_far_the_weights_are_beyond_the_limit(
    limits: dict[str, Any], needed: float
) -> None:
    rows = limit_rows(*limited(**limits))

    assert rows.needed(WEIGHTS) == pytest.approx(needed, abs=1e-15)


def test_weights_within_a_limit_need_no_slack() -> None:
    rows = limit_rows(*limited(max_bucket_weight=0.4))

    assert rows.needed(np.array([0.4, 0.3, 0.3])) == 0.0


def test_slack_of_winners_is_relative_and_that_of_shares_is_not() -> None:
    _, winners = limited(min_expected_winners=5.0)
    _, share = limited(stages={"seed": WeightRange(minimum=0.9)})

    assert slack_unit(winners) == 5.0
    assert slack_unit(share) == 1.0


def test_members_are_the_buckets_of_the_stage_or_sector() -> None:
    assert members(*limited(stages={"seed": WeightRange(maximum=0.7)})).tolist() == [1, 1, 0]
    assert members(*limited(sectors={"bio": WeightRange(minimum=0.6)})).tolist() == [0, 1, 1]
