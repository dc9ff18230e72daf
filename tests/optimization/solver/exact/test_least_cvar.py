import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.least_cvar import LeastCvar, least_cvar
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import problem

KEYS = ["seed/a", "seed/b", "series_a/a"]
# In turn one bucket loses half, the others return 1.2.
TAKING_TURNS = np.full((3, 3), 1.2) - 0.7 * np.eye(3)


def least(stated: AllocationProblem) -> LeastCvar | None:
    return least_cvar(stated, confidence=0.9, budget=SearchBudget(BudgetedHighs(60.0)))


def test_least_cvar_spreads_evenly_where_buckets_take_turns_at_losing() -> None:
    # A third each returns (0.5 + 1.2 + 1.2) / 3 = 0.9667 in every scenario, a loss of 1/30.
    found = least(problem(KEYS, TAKING_TURNS))

    assert found is not None
    assert found.weights == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert found.cvar == pytest.approx(1 / 30)


def test_limits_on_weights_and_winners_are_kept() -> None:
    # At most a tenth in the seed stage puts .9 into the third bucket: .9 * .5 + .1 * 1.2 = .57.
    stage = least(problem(KEYS, TAKING_TURNS, stages={"seed": WeightRange(maximum=0.1)}))
    assert stage is not None
    assert stage.cvar == pytest.approx(0.43)

    # 100 M buy 50 deals; a tenth of those of the first bucket win and none of the others, so that
    # three winners need .6 in it: .6 * .5 + .4 * 1.2 = .78.
    chances = [{"deal_win_probability": p} for p in (0.1, 0.0, 0.0)]
    winners = least(problem(KEYS, TAKING_TURNS, bucket_fields=chances, min_expected_winners=3.0))
    assert winners is not None
    assert winners.cvar == pytest.approx(0.22)


def test_limits_on_cvar_and_loss_probability_do_not_count() -> None:
    impossible = problem(
        KEYS,
        TAKING_TURNS,
        max_loss_probability=0.0,
        cvar=CvarLimit(confidence=0.5, maximum=0.0),
    )

    found = least(impossible)

    assert found is not None
    assert found.cvar == pytest.approx(1 / 30)


def test_contradicting_limits_have_no_least_cvar() -> None:
    # 50 deals of which a twentieth win are 2.5 winners whatever the weights.
    chances = [{"deal_win_probability": 0.05}] * 3
    impossible = problem(KEYS, TAKING_TURNS, bucket_fields=chances, min_expected_winners=2.6)

    assert least(impossible) is None
