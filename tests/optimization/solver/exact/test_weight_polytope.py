from dataclasses import replace

import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.measures.risk import cvar
from optimization.solver.model import build_model, nothing_known
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import market_multiples, problem

KEYS = [f"{stage}/{sector}" for stage in ("seed", "series_a") for sector in "abc"]


def random_problem(seed: int) -> AllocationProblem:
    """Six buckets, 70 scenarios, every kind of limit but the one on loss probability. The tail
    is 3.5 scenarios at confidence .95, 7.7 at .89, and less than one at .99.
    """
    draw = np.random.default_rng(seed)
    return problem(
        KEYS,
        market_multiples(seed=seed, buckets=6, scenarios=70),
        bucket_fields=[{"deal_win_probability": p} for p in draw.uniform(0.01, 0.1, size=6)],
        cvar=CvarLimit(
            confidence=float(draw.choice([0.95, 0.89, 0.99, 0.5])),
            maximum=float(draw.uniform(0.15, 0.7)),
        ),
        min_expected_winners=float(draw.uniform(1.0, 3.0)),
        max_bucket_weight=0.5,
        stages={"seed": WeightRange(minimum=0.2, maximum=0.6)},
        sectors={"a": WeightRange(maximum=0.5)},
    )


def cvar_problem() -> AllocationProblem:
    """Six buckets of which the best alone would break the limit on CVaR."""
    return problem(
        KEYS,
        market_multiples(seed=1, buckets=6, scenarios=70),
        cvar=CvarLimit(confidence=0.93, maximum=0.66),
    )


def polytope_of(built: AllocationProblem) -> WeightPolytope:
    polytope = WeightPolytope(built, budget=SearchBudget(BudgetedHighs(60.0)))
    polytope.maximise_expected_multiple()
    return polytope


@pytest.mark.parametrize("seed", range(40))
def test_cuts_give_the_optimum_of_the_program_with_every_scenario(seed: int) -> None:
    built = random_problem(seed)
    extensive = build_model(built, bounds=nothing_known(built.scenarios)).program
    expected = BudgetedHighs(60.0).solve(extensive)

    outcome = polytope_of(built).solve_within_tail()

    assert outcome.status == expected.status
    if outcome.status == "optimal":
        # CVaR is kept to 1e-8; its price in expected multiple is below 50 here.
        assert -outcome.objective == pytest.approx(expected.objective, abs=1e-6)


def test_the_random_problems_cover_both_outcomes() -> None:
    outcomes = {polytope_of(random_problem(seed)).solve_within_tail().status for seed in range(40)}

    assert outcomes == {"optimal", "infeasible"}


def test_optimum_keeps_cvar_within_its_limit() -> None:
    built = cvar_problem()
    polytope = polytope_of(built)
    outcome = polytope.solve_within_tail()
    limit = built.limits.cvar

    assert limit is not None
    assert outcome.status == "optimal"
    portfolio = polytope.portfolio(outcome)
    assert cvar(portfolio, confidence=limit.confidence) <= limit.maximum + 1e-8


def test_new_program_over_many_scenarios_is_cut_one_by_one_but_a_little() -> None:
    keys = [f"seed/{name}" for name in "abcdefgh"]
    multiples = market_multiples(seed=1, buckets=8, scenarios=400)
    built = problem(keys, multiples, cvar=CvarLimit(confidence=0.95, maximum=0.74))
    polytope = polytope_of(built)

    outcome = polytope.solve_within_tail()

    assert outcome.status == "optimal"
    # Without cuts and with one and two of them; instead of the one with three, that which proves
    # the optimum; and that again, from its cuts.
    assert polytope.lp.programs == 5


def test_dropping_slack_cuts_changes_neither_the_optimum_nor_the_required_gains() -> None:
    polytope = polytope_of(cvar_problem())
    portfolio = polytope.portfolio(polytope.solve_within_tail())
    required = frozenset(np.argsort(portfolio)[18:21].tolist())
    polytope.require_gain(required)
    before = polytope.solve_within_tail()
    cuts = len(polytope.cuts())

    polytope.drop_slack_cuts()
    after = polytope.solve_within_tail()

    assert before.status == "optimal"
    assert len(polytope.cuts()) < cuts
    assert after.objective == pytest.approx(before.objective, abs=1e-9)
    assert polytope.portfolio(after)[sorted(required)].min() >= 1 - 1e-8
    polytope.require_gain(frozenset())
    assert polytope.solve_within_tail().objective <= after.objective


def test_price_of_a_required_gain_is_what_the_optimum_loses_per_unit() -> None:
    # Means 2 and 1.5; .5 a + 1.2 b >= 1 holds a to .2 / .7. Per unit of the row, a falls by
    # 1 / .7 and the multiple by .5 of that.
    polytope = polytope_of(problem(["seed/a", "seed/b"], [[0.5, 3.5], [1.2, 1.8]]))

    polytope.require_gain(frozenset({0}))
    outcome = polytope.solve_within_tail()

    assert outcome.values == pytest.approx([0.2 / 0.7, 0.5 / 0.7])
    assert polytope.prices_of_gain([0]) == pytest.approx([0.5 / 0.7])


def test_inequalities_hold_for_allocations_within_the_limits_and_for_no_others() -> None:
    built = replace(random_problem(3), limits=replace(random_problem(3).limits, cvar=None))
    inequalities = polytope_of(built).inequalities()
    draw = np.random.default_rng(0)

    for weights in draw.dirichlet(np.ones(6), size=300):
        seed, a = weights[:3].sum(), weights[[0, 3]].sum()
        winners = float(weights @ built.expected_winners_per_weight())
        keeps = (
            weights.max() <= 0.5
            and 0.2 <= seed <= 0.6
            and a <= 0.5
            and winners >= (built.limits.min_expected_winners or 0.0)
        )
        assert keeps == all(row.coefficients @ weights >= row.minimum for row in inequalities)
