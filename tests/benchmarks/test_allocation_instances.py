import numpy as np
import pytest

from benchmarks.allocation_instances import CONFIDENCE, instance
from benchmarks.optimizer import Run, agree, scipy_milp, table, timed
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


def test_peers_answer_the_same_problem() -> None:
    problem = instance(family="div", strength="mild", buckets=8, scenarios=60, seed=0)

    exact = timed("small", "exact", problem, 60.0)
    multiple, bound = scipy_milp(problem, 60.0)

    # Both prove a gap of 1e-4.
    assert exact.multiple == pytest.approx(multiple, rel=2e-4)
    assert bound >= exact.multiple * (1 - 1e-6) if exact.multiple else False


def run(solver: str, *, multiple: float | None, bound: float) -> Run:
    return Run("small", solver, 0.5, 0.6, multiple, bound, None if multiple is None else 0.0)


def test_bound_below_a_multiple_that_was_found_is_no_agreement() -> None:
    good, nothing = run("a", multiple=2.0, bound=2.1), run("b", multiple=None, bound=2.05)

    assert agree([good, nothing])
    assert agree([nothing])
    assert not agree([good, run("b", multiple=1.9, bound=1.99)])


def test_table_has_a_line_for_each_instance() -> None:
    runs = [run("a", multiple=2.0, bound=2.0), run("b", multiple=None, bound=2.5)]

    assert list(table(runs, ["a", "b"])) == [
        "instance | a | b | a faster by | agrees",
        "small | 0.5 s, gap 0 % | 0.5 s, nothing found | 1.0x | True",
    ]
