import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.incumbent import Incumbent, find_incumbent
from optimization.solver.limit_check import broken_limits
from optimization.solver.problem import AllocationProblem, CvarLimit
from optimization.solver.risk import portfolio_multiples
from optimization.solver.scenario_bounds import scenario_bounds
from tests.optimization.solver.problems import high_and_low, market_multiples, problem


def search(built: AllocationProblem, *, start: list[float]) -> Incumbent | None:
    weights = np.array(start)
    return find_incumbent(
        built,
        bounds=scenario_bounds(
            multiples=built.multiples, max_bucket_weight=built.limits.max_bucket_weight
        ),
        start=weights,
        ceiling=float(weights @ built.expected_multiples()),
        highs=BudgetedHighs(60.0),
    )


def test_it_finds_the_mix_that_loses_in_few_scenarios() -> None:
    # Worked in test_worked_cases: half and half, 2.7225.
    found = search(high_and_low(max_loss_probability=0.10), start=[1.0, 0.0])

    assert found is not None
    assert found.expected_multiple == pytest.approx(2.7225, abs=1e-9)
    assert found.losing == frozenset(range(394, 400))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cvar", [None, CvarLimit(confidence=0.95, maximum=0.8)])
def test_what_it_finds_keeps_every_limit_and_loses_where_it_says(
    seed: int, cvar: CvarLimit | None
) -> None:
    built = problem(
        ["seed/a", "seed/b", "series_a/a", "series_a/b", "series_b/a"],
        market_multiples(seed=seed, buckets=5, scenarios=80),
        max_loss_probability=0.3,
        max_bucket_weight=0.6,
        cvar=cvar,
    )

    found = search(built, start=[0.2] * 5)

    if found is not None:
        assert broken_limits(problem=built, weights=found.weights.tolist()) == ()
        portfolio = portfolio_multiples(weights=found.weights, multiples=built.multiples)
        assert set(np.flatnonzero(portfolio < 1 - 1e-6).tolist()) <= found.losing
        assert len(found.losing) <= 24
        assert found.expected_multiple == pytest.approx(
            float(found.weights @ built.expected_multiples()), abs=1e-12
        )


def test_it_finds_nothing_where_there_is_nothing() -> None:
    everything_loses = problem(
        ["seed/a", "seed/b"], [[0.5, 0.5], [0.9, 0.2]], max_loss_probability=0.0
    )

    assert search(everything_loses, start=[0.0, 1.0]) is None
