"""What one more step of a limit is worth, by hand and against every choice of losses."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from optimization.solver.allocate import allocate
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.explanation import limit_values as limit_values_module
from optimization.solver.explanation.explanation import LimitValue
from optimization.solver.explanation.limit_values import limit_values
from optimization.solver.stated.problem import (
    AllocationProblem,
    CvarLimit,
    SolverSettings,
    WeightRange,
)
from optimization.solver.stated.single_limits import single_limits, with_values
from tests.optimization.solver.oracles import best_expected_multiple
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

# Both multiples are those of weights in whole units of 1e-12, from rows kept to 1e-9.
EXACT = 1e-8
# CVaR is kept to 1e-8, which can be worth tens of times as much in expected multiple.
EXACT_TAIL = 1e-6
# The oracle's own LP tolerance is 1e-7, in two optima.
SAME_GAIN = 1e-6
PROVED = SolverSettings(mip_gap=0.0)


def values_of(stated: AllocationProblem) -> dict[str, LimitValue]:
    explanation = allocate(stated).explanation
    assert explanation is not None
    return {value.constraint: value for value in explanation.limit_values}


def test_point_more_in_the_better_bucket_is_worth_the_difference_of_the_means() -> None:
    # Means 2.0 and 1.5: a point moved is worth .01 * .5.
    value = values_of(
        problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]], max_bucket_weight=0.7)
    )["max_bucket_weight"]

    assert (value.loosened_to, value.step, value.method) == (0.71, 0.01, "dual")
    assert value.dual == pytest.approx(0.5, abs=EXACT)
    assert value.multiple_gain == pytest.approx(0.005, abs=EXACT)
    assert value.gain_at_most == pytest.approx(0.005, abs=EXACT)


def test_every_bucket_at_its_maximum_counts() -> None:
    # Means 3, 2 and 0, at most .4 each: .4, .4, .2. One point more moves .01 from the last to each
    # of the others: .03 + .02.
    value = values_of(
        problem(
            ["seed/saas", "seed/bio", "seed/ai"],
            [[3.0], [2.0], [0.0]],
            max_bucket_weight=0.4,
        )
    )["max_bucket_weight"]

    assert value.dual == pytest.approx(5.0, abs=EXACT)
    assert value.multiple_gain == pytest.approx(0.05, abs=EXACT)


def test_stage_maximum_and_sector_minimum_are_worth_what_they_keep_away() -> None:
    # Means 3, 2 and 1.2. At most half in seed, at least a tenth in bio: .5, .4, .1. A point more of
    # seed comes from the second bucket: .01 * (3 - 2); a point less of bio goes there:
    # .01 * (2 - 1.2).
    values = values_of(
        problem(
            ["seed/saas", "series_a/saas", "late/bio"],
            [[3.0], [2.0], [1.2]],
            stages={"seed": WeightRange(maximum=0.5), "late": WeightRange(maximum=0.9)},
            sectors={"saas": WeightRange(minimum=0.1), "bio": WeightRange(minimum=0.1)},
        )
    )

    assert set(values) == {"stages.seed.max", "sectors.bio.min"}
    assert values["stages.seed.max"].multiple_gain == pytest.approx(0.01, abs=EXACT)
    assert values["stages.seed.max"].dual == pytest.approx(1.0, abs=EXACT)
    assert values["sectors.bio.min"].loosened_to == 0.09
    assert values["sectors.bio.min"].multiple_gain == pytest.approx(0.008, abs=EXACT)
    assert values["sectors.bio.min"].dual == pytest.approx(0.8, abs=EXACT)


def test_tenth_of_an_expected_winner_frees_capital() -> None:
    # 50 deals a bucket; wins of .05 and .10: 2.5 and 5 winners. Four winners need .6 in the second:
    # 2 * .4 + 1.5 * .6 = 1.7. With 3.9 it is .56, and .04 * .5 is gained; a winner is worth .2.
    value = values_of(
        problem(
            ["seed/saas", "seed/bio"],
            [[2.0], [1.5]],
            bucket_fields=[{"deal_win_probability": 0.05}, {"deal_win_probability": 0.10}],
            min_expected_winners=4.0,
        )
    )["min_expected_winners"]

    assert (value.loosened_to, value.step) == (3.9, 0.1)
    assert value.dual == pytest.approx(0.2, abs=EXACT)
    assert value.multiple_gain == pytest.approx(0.02, abs=EXACT)


def test_point_more_of_cvar_has_the_price_of_the_tail() -> None:
    # With w > .5 in High the tail of 20 holds the 6 without a winner, which lose .1 + .9 w, and 14
    # of those that only Low wins, which lose 2 w - 1: CVaR = (33.4 w - 13.4) / 20. The multiple is
    # 1.945 + 1.555 w, so a unit of CVaR is worth 1.555 * 20 / 33.4.
    value = values_of(high_and_low(cvar=CvarLimit(0.95, 0.3)))["cvar"]

    rate = 1.555 * 20 / 33.4
    assert value.method == "dual"
    assert value.dual == pytest.approx(rate, abs=EXACT_TAIL)
    assert value.multiple_gain == pytest.approx(0.01 * rate, abs=EXACT_TAIL)


def test_point_more_of_loss_probability_that_lets_a_bucket_in_is_worth_the_jump() -> None:
    # All in High loses in .30 of the scenarios and is worth 3.5; the best with less is 2.7225.
    value = values_of(high_and_low(max_loss_probability=0.29))["max_loss_probability"]

    assert (value.loosened_to, value.method, value.dual) == (0.3, "re-solve", None)
    assert value.multiple_gain == pytest.approx(0.7775, abs=EXACT)
    assert value.gain_at_most == pytest.approx(0.7775, abs=EXACT)


def test_point_more_of_loss_probability_that_lets_nothing_in_is_worth_nothing() -> None:
    # From half in High on, 120 scenarios lose; 44 are not enough. The proof may leave the gap open.
    value = values_of(high_and_low(max_loss_probability=0.10))["max_loss_probability"]

    assert value.multiple_gain == pytest.approx(0.0, abs=EXACT)
    assert value.gain_at_most is not None
    assert value.gain_at_most <= 2.7225 * 1.1e-4


def test_two_limits_at_one_point_are_worth_nothing_alone() -> None:
    # The better bucket may hold .7 as a bucket and as a stage: loosening one leaves the other.
    values = values_of(
        problem(
            ["seed/saas", "series_a/bio"],
            [[2.0], [1.5]],
            max_bucket_weight=0.7,
            stages={"seed": WeightRange(maximum=0.7)},
        )
    )

    assert set(values) == {"stages.seed.max", "max_bucket_weight"}
    for value in values.values():
        assert value.multiple_gain == pytest.approx(0.0, abs=EXACT)
        assert value.gain_at_most == pytest.approx(0.0, abs=EXACT)


def test_step_that_meets_another_limit_half_way_gains_less_than_its_dual() -> None:
    # Seed may rise from .50 to .51, but saas ends at .505: .005 * (3 - 2), where the dual says .01.
    value = values_of(
        problem(
            ["seed/saas", "late/bio"],
            [[3.0], [2.0]],
            stages={"seed": WeightRange(maximum=0.5)},
            sectors={"saas": WeightRange(maximum=0.505)},
        )
    )["stages.seed.max"]

    assert value.dual == pytest.approx(1.0, abs=EXACT)
    assert value.multiple_gain == pytest.approx(0.005, abs=EXACT)


def test_equal_minimum_and_maximum_are_loosened_on_their_own_sides() -> None:
    # Exactly half in seed, whose mean is 3 against 2: a higher maximum gains, a lower minimum not.
    values = values_of(
        problem(
            ["seed/saas", "late/bio"],
            [[3.0], [2.0]],
            stages={"seed": WeightRange(minimum=0.5, maximum=0.5)},
        )
    )

    assert values["stages.seed.max"].multiple_gain == pytest.approx(0.01, abs=EXACT)
    assert values["stages.seed.min"].multiple_gain == pytest.approx(0.0, abs=EXACT)
    assert values["stages.seed.min"].dual == pytest.approx(0.0, abs=EXACT)


def test_limits_of_a_relaxed_allocation_are_loosened_from_what_was_granted() -> None:
    # Half of seed is always lost, and at most a tenth of the capital may be: of the half asked of
    # seed .2 is granted, and the multiple is .2 * .5 + .8. A point less is worth .01 * .5.
    values = values_of(
        replace(
            problem(
                ["seed/saas", "late/bio"],
                [[0.5], [1.0]],
                cvar=CvarLimit(0.5, 0.1),
                stages={"seed": WeightRange(minimum=0.5)},
            ),
            relax=True,
        )
    )

    assert values["stages.seed.min"].loosened_to == pytest.approx(0.19, abs=EXACT_TAIL)
    assert values["stages.seed.min"].multiple_gain == pytest.approx(0.005, abs=EXACT_TAIL)
    assert values["cvar"].multiple_gain == pytest.approx(0.0, abs=EXACT_TAIL)


def test_nothing_is_said_about_an_optimum_that_is_not_known() -> None:
    stated = problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]], max_bucket_weight=0.7)
    highs = BudgetedHighs(60)
    first = replace(highest_expected_multiple(stated, highs=highs), stop="time_limit")

    (value,) = limit_values(stated, first=first, binding=single_limits(stated.limits), highs=highs)

    assert (value.constraint, value.loosened_to, value.step) == ("max_bucket_weight", 0.71, 0.01)
    assert (value.multiple_gain, value.gain_at_most, value.dual, value.method) == (None,) * 4


def tiny_problem(seed: int) -> AllocationProblem:
    """Three buckets, eight scenarios, one or two of which may lose, every kind of limit."""
    draw = np.random.default_rng(seed)
    wins = draw.uniform(0.02, 0.1, size=3).tolist()
    return problem(
        ["seed/saas", "series_a/bio", "seed/bio"],
        np.exp(draw.normal(0.4, 0.7, size=(3, 8))),
        settings=PROVED,
        bucket_fields=[{"deal_win_probability": win} for win in wins],
        capital_usd=Decimal("50000000"),
        max_loss_probability=int(draw.integers(1, 3)) / 8,
        cvar=CvarLimit(confidence=0.7, maximum=float(draw.uniform(0.05, 0.3))),
        min_expected_winners=1.2,
        max_bucket_weight=0.6,
        stages={"seed": WeightRange(minimum=0.45, maximum=0.7)},
        sectors={"bio": WeightRange(maximum=0.8)},
    )


@pytest.mark.parametrize("seed", range(16))
def test_loosening_really_gives_the_gain_and_no_more_than_the_most(seed: int) -> None:
    tiny = tiny_problem(seed)
    best = best_expected_multiple(tiny)
    explanation = allocate(tiny).explanation
    assert (explanation is None) == (best is None)

    for value in explanation.limit_values if explanation else ():
        limits = with_values(tiny.limits, {value.constraint: value.loosened_to})
        loosened = best_expected_multiple(tiny.with_limits(limits))
        assert best is not None
        assert loosened is not None
        assert value.multiple_gain == pytest.approx(loosened - best, abs=SAME_GAIN)
        assert value.gain_at_most == pytest.approx(loosened - best, abs=SAME_GAIN)


@pytest.mark.parametrize(("seed", "loss"), [(0, 0.2), (1, 0.2), (2, 0.2), (4, 0.25), (5, 0.25)])
def test_search_that_is_cut_short_leaves_the_true_gain_between_found_and_most(
    seed: int, loss: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = problem(
        [f"s{b % 3}/x{b // 3}" for b in range(8)],
        market_multiples(seed=seed, buckets=8, scenarios=60),
        settings=PROVED,
        max_loss_probability=loss,
        max_bucket_weight=0.3,
    )
    best = highest_expected_multiple(stated, highs=BudgetedHighs(60))
    # As many iterations as this clock has counted, which is next to none.
    monkeypatch.setattr(limit_values_module, "LEAST_ITERATIONS", 1)
    values = limit_values(
        stated, first=best, binding=single_limits(stated.limits), highs=BudgetedHighs(60)
    )

    assert len(values) == 2
    for value in values:
        limits = with_values(stated.limits, {value.constraint: value.loosened_to})
        loosened = highest_expected_multiple(stated.with_limits(limits), highs=BudgetedHighs(60))
        assert loosened.stop is None
        gain = loosened.bound - best.bound
        assert value.multiple_gain is not None
        assert value.gain_at_most is not None
        assert value.multiple_gain - SAME_GAIN <= gain <= value.gain_at_most + SAME_GAIN
        assert value.gain_at_most > value.multiple_gain + SAME_GAIN


def test_the_tiny_problems_price_every_kind_of_limit_both_ways() -> None:
    explanations = [allocate(tiny_problem(seed)).explanation for seed in range(16)]
    values = [value for one in explanations if one for value in one.limit_values]

    assert {value.method for value in values} == {"dual", "re-solve"}
    assert {value.constraint.split(".")[0] for value in values} == {
        "max_loss_probability",
        "cvar",
        "min_expected_winners",
        "max_bucket_weight",
        "stages",
        "sectors",
    }
