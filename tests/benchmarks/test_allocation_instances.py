import numpy as np

from benchmarks.allocation_instances import CONFIDENCE, instance
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple


def test_equal_arguments_give_the_same_problem_and_another_seed_another() -> None:
    first, again, other = (
        instance(family="div", strength="strong", buckets=8, scenarios=60, seed=seed)
        for seed in (1, 1, 2)
    )

    assert np.array_equal(first.multiples, again.multiples)
    assert first.limits == again.limits
    assert not np.array_equal(first.multiples, other.multiples)


def test_loss_limit_binds_only_beyond_slack() -> None:
    slack, mild, strong = (
        instance(family="div", strength=strength, buckets=12, scenarios=200, seed=0)
        for strength in ("slack", "mild", "strong")
    )

    found = highest_expected_multiple(slack, highs=BudgetedHighs(60.0))

    assert slack.limits.cvar is not None
    assert slack.limits.cvar.confidence == CONFIDENCE
    assert not found.loss_limit_costs_multiple
    limits = [p.allowed_losing_scenarios() or 0 for p in (slack, mild, strong)]
    assert limits[0] > limits[1] > limits[2]
