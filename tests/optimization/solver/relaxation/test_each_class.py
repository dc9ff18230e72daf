"""For each class of limits a problem in which only that class has to give way."""

from dataclasses import replace
from typing import Any

import pytest

from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation
from optimization.solver.stated.problem import CvarLimit, Limits, WeightRange
from tests.optimization.solver.problems import problem

# Granted values are rounded outwards to 1e-9, of what the programs keep to 1e-9.
GRANTED = 3e-9
# Safe never loses. Risky loses everything in the first of two scenarios, so the worst half loses
# as much as Risky holds: a CVaR of a quarter lets it hold a quarter.
SAFE_AND_RISKY = [[1.0, 1.0], [0.0, 3.0]]
KEYS = ["seed/saas", "series_a/bio"]
QUARTER = CvarLimit(confidence=0.5, maximum=0.25)


def relaxed(keys: list[str], multiples: list[list[float]], **limits: Any) -> Allocation:
    allocation = allocate(replace(problem(keys, multiples, **limits), relax=True))

    assert allocation.status == "relaxed"
    assert all(row.satisfied for row in allocation.constraints)
    return allocation


def granted(limit: str, allocation: Allocation) -> float:
    """What ``limit`` is granted, which is the only one relaxed and provably by the least."""
    (given,) = allocation.relaxations
    (row,) = [row for row in allocation.constraints if row.relaxed]
    assert given.constraint == row.id == limit
    assert (given.requested, given.granted) == (row.requested, row.granted)
    assert given.is_minimal
    assert given.tightest_possible == given.granted
    return given.granted


def test_loss_probability_rises_to_what_every_allocation_loses() -> None:
    # Either bucket loses in one of four scenarios, and both in another.
    both = [[0.5, 0.5, 3.0, 3.0], [0.5, 3.0, 3.0, 3.0]]

    found = relaxed(KEYS, both, max_loss_probability=0.0)

    assert granted("max_loss_probability", found) == 0.25


def test_cvar_rises_to_the_least_that_any_allocation_has() -> None:
    # It is least when both scenarios are equal: 1.7 w = 1 - w, so M = 1.7 / 2.7 in each.
    found = relaxed(KEYS, [[1.7, 0.0], [0.0, 1.0]], cvar=CvarLimit(0.5, 0.2))

    assert granted("cvar", found) == pytest.approx(1 - 1.7 / 2.7, abs=GRANTED)


def test_stage_minimum_falls_to_what_cvar_lets_the_stage_hold() -> None:
    found = relaxed(
        KEYS, SAFE_AND_RISKY, cvar=QUARTER, stages={"series_a": WeightRange(minimum=0.6)}
    )

    assert granted("stages.series_a.min", found) == pytest.approx(0.25, abs=GRANTED)


def test_stage_maximum_rises_to_what_cvar_needs_in_the_stage() -> None:
    found = relaxed(KEYS, SAFE_AND_RISKY, cvar=QUARTER, stages={"seed": WeightRange(maximum=0.5)})

    assert granted("stages.seed.max", found) == pytest.approx(0.75, abs=GRANTED)


def test_sector_minimum_falls_to_what_the_stage_limit_leaves() -> None:
    found = relaxed(
        KEYS,
        SAFE_AND_RISKY,
        stages={"series_a": WeightRange(maximum=0.3)},
        sectors={"bio": WeightRange(minimum=0.4)},
    )

    assert granted("sectors.bio.min", found) == pytest.approx(0.3, abs=GRANTED)


def test_sector_maximum_rises_to_what_the_stage_limit_asks_for() -> None:
    found = relaxed(
        KEYS,
        SAFE_AND_RISKY,
        stages={"series_a": WeightRange(minimum=0.4)},
        sectors={"bio": WeightRange(maximum=0.3)},
    )

    assert granted("sectors.bio.max", found) == pytest.approx(0.4, abs=GRANTED)


def test_bucket_maximum_rises_to_what_cvar_needs_in_one_bucket() -> None:
    found = relaxed(KEYS, SAFE_AND_RISKY, cvar=QUARTER, max_bucket_weight=0.5)

    assert granted("max_bucket_weight", found) == pytest.approx(0.75, abs=GRANTED)


@pytest.mark.parametrize(
    ("limits", "needed"),
    [
        # The capital needs half in each of two buckets; the stage's only bucket needs its minimum.
        (Limits(max_bucket_weight=0.4), 0.5),
        (Limits(max_bucket_weight=0.55, stages={"seed": WeightRange(minimum=0.7)}), 0.7),
    ],
)
def test_bucket_maximum_rises_to_make_room(limits: Limits, needed: float) -> None:
    loosened = replace(problem(KEYS, SAFE_AND_RISKY), relax=True)

    found = allocate(loosened.with_limits(limits))

    assert granted("max_bucket_weight", found) == pytest.approx(needed, abs=GRANTED)


def test_expected_winners_fall_to_the_most_that_the_other_limits_allow() -> None:
    # 50 deals with a win probability of .02 in Safe, of .10 in Risky: 1 and 5 winners.
    allocation = relaxed(
        KEYS,
        SAFE_AND_RISKY,
        bucket_fields=[{"deal_win_probability": 0.02}, {"deal_win_probability": 0.10}],
        cvar=QUARTER,
        min_expected_winners=4.0,
    )

    # .75 x 1 + .25 x 5
    assert granted("min_expected_winners", allocation) == pytest.approx(2.0, abs=5 * GRANTED)


def test_largest_slack_of_a_class_is_the_least_possible_before_their_sum() -> None:
    # The two risky stages may hold a quarter together and are to hold .5 and .3, so .55 is
    # missing however it is shared out; the larger part is least when both lack .275.
    allocation = relaxed(
        ["seed/saas", "series_a/bio", "series_b/bio"],
        [[1.0, 1.0], [0.0, 3.0], [0.0, 3.0]],
        cvar=QUARTER,
        stages={"series_a": WeightRange(minimum=0.5), "series_b": WeightRange(minimum=0.3)},
    )

    assert {given.constraint: given.granted for given in allocation.relaxations} == {
        "stages.series_a.min": pytest.approx(0.225, abs=GRANTED),
        "stages.series_b.min": pytest.approx(0.025, abs=GRANTED),
    }


def test_limit_that_need_not_give_way_keeps_its_value_beside_one_that_must() -> None:
    # Series A is risky and .35 short of its minimum. As much slack in Seed would do no good.
    allocation = relaxed(
        ["pre_seed/saas", "seed/saas", "series_a/bio"],
        [[1.0, 1.0], [1.0, 1.0], [0.0, 3.0]],
        cvar=QUARTER,
        stages={"seed": WeightRange(minimum=0.4), "series_a": WeightRange(minimum=0.6)},
    )

    assert granted("stages.series_a.min", allocation) == pytest.approx(0.25, abs=GRANTED)
