"""Every type of limit, once where it binds and once where it does not.

Two buckets: Saas returns 1 or 3 (mean 2), Bio 1.5 always, both with 50 deals in the capital. The
second pass is switched off by an epsilon of 0, so the optimum is all that is allowed in Saas.
"""

from typing import Any

import pytest

from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation, ConstraintRow
from optimization.solver.stated.problem import CvarLimit, SolverSettings, WeightRange
from tests.optimization.solver.problems import high_and_low, problem

EXACT = 1e-9
ONLY_THE_OPTIMUM = SolverSettings(primary_lock_epsilon=0.0)


def saas_and_bio(**limits: Any) -> Allocation:
    return allocate(
        problem(
            ["seed/saas", "series_a/bio"],
            [[1.0, 3.0], [1.5, 1.5]],
            bucket_fields=[{"deal_win_probability": 0.02}, {"deal_win_probability": 0.10}],
            settings=ONLY_THE_OPTIMUM,
            **limits,
        )
    )


def the_row(allocation: Allocation) -> ConstraintRow:
    (row,) = allocation.constraints
    return row


@pytest.mark.parametrize(
    ("limits", "saas_weight"),
    [
        ({"max_bucket_weight": 0.6}, 0.6),
        ({"stages": {"seed": WeightRange(maximum=0.3)}}, 0.3),
        ({"stages": {"series_a": WeightRange(minimum=0.25)}}, 0.75),
        ({"sectors": {"saas": WeightRange(maximum=0.45)}}, 0.45),
        ({"sectors": {"bio": WeightRange(minimum=0.35)}}, 0.65),
        # Winners: 50 deals * .02 = 1 in Saas, 50 * .10 = 5 in Bio; 1 w + 5 (1 - w) >= 2.
        ({"min_expected_winners": 2.0}, 0.75),
    ],
)
def test_limit_that_binds_sets_the_weight(limits: dict[str, Any], saas_weight: float) -> None:
    allocation = saas_and_bio(**limits)

    assert allocation.weights["seed/saas"] == pytest.approx(saas_weight, abs=EXACT)
    assert the_row(allocation).binding
    assert the_row(allocation).satisfied
    assert the_row(allocation).slack == pytest.approx(0, abs=EXACT)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_bucket_weight": 1.0},
        {"stages": {"series_a": WeightRange(maximum=0.9)}},
        {"stages": {"seed": WeightRange(minimum=0.4)}},
        {"sectors": {"bio": WeightRange(maximum=0.5)}},
        {"sectors": {"saas": WeightRange(minimum=0.2)}},
        {"min_expected_winners": 0.5},
        {"max_loss_probability": 0.5},
        {"cvar": CvarLimit(confidence=0.5, maximum=0.2)},
    ],
)
def test_limit_that_does_not_bind_leaves_the_optimum_alone(limits: dict[str, Any]) -> None:
    allocation = saas_and_bio(**limits)

    assert allocation.weights["seed/saas"] == pytest.approx(1.0, abs=EXACT)
    is_at_one = limits == {"max_bucket_weight": 1.0}
    assert the_row(allocation).binding is is_at_one


def test_cvar_limit_that_binds_sets_the_weight() -> None:
    # Half the scenarios return 0 in Saas and 1 in Bio: the tail at .5 is exactly those, and the
    # loss in them is w, so CVaR <= .35 means w = .35.
    allocation = allocate(
        problem(
            ["seed/saas", "seed/bio"],
            [[0.0, 0.0, 5.0, 5.0], [1.0, 1.0, 1.0, 1.0]],
            settings=ONLY_THE_OPTIMUM,
            cvar=CvarLimit(confidence=0.5, maximum=0.35),
        )
    )

    assert allocation.weights["seed/saas"] == pytest.approx(0.35, abs=EXACT)
    assert allocation.cvar == pytest.approx(0.35, abs=EXACT)
    assert the_row(allocation).binding


def test_cvar_counts_the_scenario_at_the_edge_of_the_tail_with_its_fraction() -> None:
    # At confidence .625 the tail of four scenarios holds 1.5: CVaR = (w + .5 * .4 w) / 1.5 =
    # .8 w with losses of w and .4 w, so a limit of .4 means w = .5.
    allocation = allocate(
        problem(
            ["seed/saas", "seed/bio"],
            [[0.0, 0.6, 5.0, 5.0], [1.0, 1.0, 1.0, 1.0]],
            settings=ONLY_THE_OPTIMUM,
            cvar=CvarLimit(confidence=0.625, maximum=0.4),
        )
    )

    assert allocation.weights["seed/saas"] == pytest.approx(0.5, abs=EXACT)


def test_loss_limit_that_stops_the_optimum_far_from_its_value_is_binding() -> None:
    # Worked in test_worked_cases: 6 scenarios lose, 40 might, and one step further 120 would.
    row = the_row(allocate(high_and_low(max_loss_probability=0.10)))

    assert row.actual == 6 / 400
    assert row.binding


def test_loss_limit_above_what_the_optimum_loses_is_not_binding() -> None:
    # All in High loses in 120 of 400 scenarios; 121 may.
    row = the_row(allocate(high_and_low(max_loss_probability=121 / 400)))

    assert row.actual == 120 / 400
    assert not row.binding


def test_thirty_five_percent_of_400_scenarios_are_140() -> None:
    # 140 scenarios of 400 lose when any capital is in the first bucket, so .35 allows it; in
    # binary floating point .35 * 400 is 139.99999999999997.
    allocation = allocate(
        problem(
            ["seed/saas", "seed/bio"],
            [[0.0] * 140 + [9.0] * 260, [1.0] * 400],
            settings=ONLY_THE_OPTIMUM,
            max_loss_probability=0.35,
        )
    )

    assert allocation.weights["seed/saas"] == pytest.approx(1.0, abs=EXACT)


def test_exact_means_replace_sample_means_in_the_objective() -> None:
    # Saas has the higher sample mean (2 against 1.5) and the lower exact mean (1.2).
    allocation = allocate(
        problem(
            ["seed/saas", "seed/bio"],
            [[1.0, 3.0], [1.5, 1.5]],
            bucket_fields=[{"expected_multiple": 1.2}, {}],
            settings=ONLY_THE_OPTIMUM,
        )
    )

    assert allocation.weights["seed/bio"] == pytest.approx(1.0, abs=EXACT)
    assert allocation.expected_multiple == pytest.approx(1.5, abs=EXACT)
