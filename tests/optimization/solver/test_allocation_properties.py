"""What holds for every allocation, whatever the problem."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimization.solver.allocate import allocate
from optimization.solver.model import SMALLEST_WINNERS
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import (
    AllocationProblem,
    CvarLimit,
    SolverSettings,
    WeightRange,
)
from optimization.solver.stated.single_limits import with_values
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

KEYS = ("seed/saas", "seed/bio", "series_a/saas", "series_a/bio")
# Each example solves a few small programs; slow machines must not fail on time.
EXAMPLES = settings(max_examples=40, deadline=None)
FEW_EXAMPLES = settings(max_examples=15, deadline=None)
SAME_OPTIMUM = 1e-6

# Ties and values at exactly 1 are where a loss is counted or not.
multiples = st.sampled_from([0.0, 0.4, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0, 8.0])
fractions = st.floats(0.0, 1.0)
ranges = st.builds(
    WeightRange, st.sampled_from([None, 0.1, 0.3]), st.sampled_from([None, 0.7, 0.9])
)


@st.composite
def problems(draw: st.DrawFn, *, stating: str | None = None) -> AllocationProblem:
    """Small problems with any limits, and for certain the one called ``stating``."""
    buckets = draw(st.integers(1 if stating is None else 3, 4))
    scenarios = draw(st.integers(1, 10))
    row = st.lists(multiples, min_size=scenarios, max_size=scenarios)
    # Both sides of a range need somewhere else to put the rest: two sectors are in two buckets,
    # two stages in three.
    limits: dict[str, st.SearchStrategy[Any]] = {
        "max_loss_probability": st.integers(0, scenarios).map(lambda n: n / scenarios),
        "cvar": st.builds(CvarLimit, st.sampled_from([0.5, 0.8, 0.95]), st.floats(0.05, 1)),
        "min_expected_winners": st.floats(0, 2.4),
        "max_bucket_weight": st.floats(1 / buckets + 0.01, 1.01).map(lambda w: min(w, 1.0)),
        "sectors": st.fixed_dictionaries({"saas": ranges} if buckets >= 2 else {}),
        "stages": st.fixed_dictionaries({"seed": ranges} if buckets >= 3 else {}),
    }
    absent: dict[str, st.SearchStrategy[Any]] = {"sectors": st.just({}), "stages": st.just({})}
    drawn: dict[str, Any] = {
        name: draw(stated if name == stating else absent.get(name, st.none()) | stated)
        for name, stated in limits.items()
    }
    return problem(
        KEYS[:buckets],
        draw(st.lists(row, min_size=buckets, max_size=buckets)),
        settings=SolverSettings(mip_gap=0.0),
        bucket_fields=[{"expected_multiple": draw(st.sampled_from([None, 1.3]))}] * buckets,
        **drawn,
    )


@EXAMPLES
@given(problems())
def test_every_allocation_keeps_every_limit(drawn: AllocationProblem) -> None:
    allocation = allocate(drawn)

    if allocation.was_found:
        weights = list(allocation.weights.values())
        assert broken_limits(problem=drawn, weights=weights) == ()
        assert sum(allocation.dollars.values()) == drawn.capital_usd
        # Weights are whole units of 1e-12 that sum to 1; only their binary form is inexact.
        assert sum(weights) == pytest.approx(1.0, abs=1e-12)
        assert all(row.satisfied for row in allocation.constraints)


@EXAMPLES
@given(problems())
def test_with_relaxation_there_is_always_an_allocation_and_it_keeps_what_was_granted(
    drawn: AllocationProblem,
) -> None:
    strict, relaxed = allocate(drawn), allocate(replace(drawn, relax=True))

    granted = {relaxation.constraint: relaxation.granted for relaxation in relaxed.relaxations}
    keeping = drawn.with_limits(with_values(drawn.limits, granted))
    assert broken_limits(problem=keeping, weights=list(relaxed.weights.values())) == ()
    assert relaxed.status == ("relaxed" if granted else "optimal")
    if strict.was_found:
        assert relaxed.weights == strict.weights
    else:
        assert granted


@EXAMPLES
@given(problems())
def test_reported_losses_equal_a_recount_from_the_weights(drawn: AllocationProblem) -> None:
    allocation = allocate(drawn)

    if allocation.was_found:
        portfolio = np.array(list(allocation.weights.values())) @ drawn.multiples
        recount = sum(value < 1 - 1e-6 for value in portfolio.tolist())
        assert allocation.loss_probability == recount / drawn.scenarios


def loosened(tight: AllocationProblem, name: str, by: float) -> AllocationProblem:
    """With the limit ``name`` the share ``by`` of the way to no limit at all."""
    limits = tight.limits
    match name:
        case "max_loss_probability":
            # In whole scenarios: what allows less than one is refused.
            losing = tight.allowed_losing_scenarios()
            assert losing is not None
            wider = losing + math.ceil(by * (tight.scenarios - losing))
            changed = replace(limits, max_loss_probability=wider / tight.scenarios)
        case "cvar":
            assert limits.cvar is not None
            maximum = _towards(limits.cvar.maximum, 1.0, by)
            changed = replace(limits, cvar=replace(limits.cvar, maximum=maximum))
        case "min_expected_winners":
            winners = _towards(limits.min_expected_winners, 0.0, by)
            changed = replace(limits, min_expected_winners=winners)
        case "max_bucket_weight":
            changed = replace(limits, max_bucket_weight=_towards(limits.max_bucket_weight, 1.0, by))
        case "stages":
            changed = replace(limits, stages=_wider(limits.stages, by))
        case "sectors":
            changed = replace(limits, sectors=_wider(limits.sectors, by))
    return tight.with_limits(changed)


def _towards(value: float | None, end: float, by: float) -> float:
    assert value is not None
    return value + by * (end - value)


def _wider(groups: Mapping[str, WeightRange], by: float) -> dict[str, WeightRange]:
    return {
        name: WeightRange(
            minimum=None if old.minimum is None else _towards(old.minimum, 0.0, by),
            maximum=None if old.maximum is None else _towards(old.maximum, 1.0, by),
        )
        for name, old in groups.items()
    }


@pytest.mark.parametrize(
    "name",
    [
        "max_loss_probability",
        "cvar",
        "min_expected_winners",
        "max_bucket_weight",
        "stages",
        "sectors",
    ],
)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), by=fractions)
def test_looser_limit_never_lowers_the_optimum(name: str, data: st.DataObject, by: float) -> None:
    tight = data.draw(problems(stating=name))

    before, after = allocate(tight), allocate(loosened(tight, name, by))

    if before.first_pass_expected_multiple is not None:
        assert after.first_pass_expected_multiple is not None
        lowest = before.first_pass_expected_multiple - SAME_OPTIMUM
        assert after.first_pass_expected_multiple >= lowest


@EXAMPLES
@given(problems(), st.randoms(use_true_random=False))
def test_permuted_buckets_get_the_same_weights(drawn: AllocationProblem, random: Any) -> None:
    order = list(range(len(drawn.buckets)))
    random.shuffle(order)
    permuted = replace(
        drawn,
        buckets=tuple(drawn.buckets[index] for index in order),
        multiples=drawn.multiples[order],
    )

    assert dict(allocate(permuted).weights) == dict(allocate(drawn).weights)


@EXAMPLES
@given(problems())
def test_ten_times_the_capital_in_ten_times_dearer_deals_changes_no_weight(
    drawn: AllocationProblem,
) -> None:
    scaled = replace(
        drawn,
        capital_usd=drawn.capital_usd * 10,
        buckets=tuple(
            replace(bucket, all_in_cost_usd=bucket.all_in_cost_usd * 10) for bucket in drawn.buckets
        ),
    )

    before, after = allocate(drawn), allocate(scaled)

    assert after.weights == before.weights
    assert {key: 10 * amount for key, amount in before.dollars.items()} == pytest.approx(
        dict(after.dollars), abs=Decimal("0.10")
    )


@FEW_EXAMPLES
@given(problems(stating="min_expected_winners"))
def test_twice_the_capital_that_is_to_have_twice_the_winners_changes_no_weight(
    drawn: AllocationProblem,
) -> None:
    asked = drawn.limits.min_expected_winners
    assert asked is not None
    # Below it the row is not in units of the limit, so twice of both is not the same program.
    assume(asked == 0 or asked >= SMALLEST_WINNERS)
    doubled = replace(
        drawn,
        capital_usd=drawn.capital_usd * 2,
        limits=replace(drawn.limits, min_expected_winners=2 * asked),
    )

    assert allocate(doubled).weights == allocate(drawn).weights


@FEW_EXAMPLES
@given(problems())
def test_scenarios_that_are_all_there_twice_change_no_optimum(drawn: AllocationProblem) -> None:
    twice = replace(drawn, multiples=np.tile(drawn.multiples, 2))

    before, after = allocate(drawn), allocate(twice)

    assert after.status == before.status
    assert after.first_pass_expected_multiple == pytest.approx(
        before.first_pass_expected_multiple, abs=SAME_OPTIMUM
    )


def test_equal_problems_get_byte_equal_weights() -> None:
    def solve() -> str:
        multiples = market_multiples(seed=3, buckets=6, scenarios=120)
        allocation = allocate(
            problem(
                [f"{stage}/{sector}" for stage in ("seed", "series_a") for sector in "abc"],
                multiples,
                max_loss_probability=0.25,
                cvar=CvarLimit(confidence=0.95, maximum=0.8),
                max_bucket_weight=0.5,
            )
        )
        return json.dumps([allocation.weights, str(allocation.dollars), allocation.best_bound])

    assert solve() == solve()


def test_second_pass_gives_up_no_more_than_epsilon() -> None:
    for epsilon in (0.0, 1e-4, 1e-2):
        allocation = allocate(
            high_and_low(
                max_loss_probability=0.5, settings=SolverSettings(primary_lock_epsilon=epsilon)
            )
        )
        assert allocation.expected_multiple is not None
        assert allocation.first_pass_expected_multiple is not None
        lowest = allocation.first_pass_expected_multiple * (1 - epsilon)
        # Weights are rounded to 1e-12 and multiples are at most 5.
        assert allocation.expected_multiple >= lowest - 1e-10


def test_equally_close_allocations_are_settled_in_order_of_key() -> None:
    # A and B are the same; C is better and capped at .4. Every split of the other .6 that gives
    # neither more than 1/3 is equally far from uniform: |a - 1/3| + |b - 1/3| = 2/3 - .6. So A,
    # the first key, gets the least it can: .6 - 1/3.
    allocation = allocate(
        problem(
            ["seed/a", "seed/b", "seed/c"],
            [[1.5, 1.5], [1.5, 1.5], [2.0, 2.0]],
            settings=SolverSettings(primary_lock_epsilon=0.0),
            max_bucket_weight=0.4,
        )
    )

    assert allocation.weights == pytest.approx(
        {"seed/a": 0.6 - 1 / 3, "seed/b": 1 / 3, "seed/c": 0.4}, abs=1e-9
    )
