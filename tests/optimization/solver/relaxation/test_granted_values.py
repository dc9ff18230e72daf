"""Granted values keep what they were worked out from, and say no more than was needed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.solver.relaxation.granted_values import (
    granted_values,
    loosened,
    rounded_outwards,
)
from optimization.solver.stated.limits import CvarLimit, Limits, WeightRange
from tests.optimization.solver.problems import problem


@given(value=st.floats(0, 1), step=st.sampled_from([1e-9, 1e-8, 1e-7]))
def test_rounding_outwards_keeps_the_value_and_gives_at_most_a_step(
    value: float, step: float
) -> None:
    below = rounded_outwards(value, is_minimum=True, step=step)
    above = rounded_outwards(value, is_minimum=False, step=step)

    # A hundredth of a step is taken for rounding of the value itself.
    assert value - step <= below <= value + 0.02 * step
    assert value - 0.02 * step <= above <= value + step


def test_value_that_missed_its_decimal_in_the_last_place_is_that_decimal() -> None:
    # .1 + .2 is 0.30000000000000004 in binary floating point.
    assert rounded_outwards(0.1 + 0.2, is_minimum=False, step=1e-9) == 0.3


def test_only_broken_limits_are_granted_something() -> None:
    # All in Bio: .1 too much for its bucket, and none in Saas, which was to have .05.
    asked = problem(
        ["seed/saas", "seed/bio"],
        [[1.0, 1.0], [1.0, 1.0]],
        max_bucket_weight=0.9,
        cvar=CvarLimit(0.5, 0.1),
        sectors={"saas": WeightRange(minimum=0.05), "bio": WeightRange(maximum=1.0)},
    )

    assert granted_values(asked, [0.0, 1.0], step=1e-9) == {
        "max_bucket_weight": 1.0,
        "sectors.saas.min": 0.0,
    }


def test_minimum_that_is_left_next_to_nothing_is_granted_none() -> None:
    # 4e-9 in Saas is what the programs leave of none.
    asked = problem(
        ["seed/saas", "seed/bio"],
        [[1.0, 1.0], [1.0, 1.0]],
        sectors={"saas": WeightRange(minimum=0.05)},
    )

    assert granted_values(asked, [4e-9, 1 - 4e-9], step=1e-9) == {"sectors.saas.min": 0.0}


def test_limit_without_a_named_slack_is_given_up_but_for_loss_probability() -> None:
    limits = Limits(
        max_loss_probability=0.1,
        cvar=CvarLimit(0.9, 0.3),
        min_expected_winners=4.0,
        max_bucket_weight=0.4,
        stages={"seed": WeightRange(0.3, 0.6)},
    )

    loose = loosened(limits, {"cvar": 0.05, "stages.seed.min": 0.1})

    assert loose.max_loss_probability == 0.1
    assert loose.cvar is not None
    assert loose.cvar.maximum == pytest.approx(0.35, abs=1e-15)
    assert loose.stages["seed"].minimum == pytest.approx(0.2, abs=1e-15)
    assert loose.stages["seed"].maximum == 1.0
    assert loose.max_bucket_weight == 1.0
    assert loose.min_expected_winners == 0.0


def test_slack_of_winners_is_a_share_of_the_limit() -> None:
    loose = loosened(Limits(min_expected_winners=4.0), {"min_expected_winners": 0.25})

    assert loose.min_expected_winners == 3.0
