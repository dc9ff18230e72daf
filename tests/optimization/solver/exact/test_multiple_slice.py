from collections.abc import Iterator

import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.envelope_cuts import EnvelopeProgram
from optimization.solver.exact.multiple_slice import MultipleSlice, bounds_above
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.measures.risk import portfolio_multiples
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.problem import AllocationProblem, CvarLimit
from tests.optimization.solver.problems import market_multiples, problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b"]
MINIMUM = 1.55


def built_problem(seed: int) -> AllocationProblem:
    """Four buckets, 40 scenarios, 14 of which may lose."""
    return problem(
        KEYS,
        market_multiples(seed=seed, buckets=4, scenarios=40),
        max_loss_probability=0.35,
        cvar=CvarLimit(confidence=0.9, maximum=0.8),
        max_bucket_weight=0.7,
    )


def tightened(built: AllocationProblem, *, minimum: float = MINIMUM) -> MultipleSlice:
    piece = MultipleSlice(
        built,
        minimum=minimum,
        cuts=(),
        near=range(built.scenarios),
        budget=SearchBudget(BudgetedHighs(60.0)),
    )
    piece.tighten()
    return piece


def allocations(built: AllocationProblem) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weights within every limit and the slice, with their portfolio multiples."""
    draw = np.random.default_rng(0)
    means = built.expected_multiples()
    for weights in draw.dirichlet(np.ones(4), size=4_000):
        if weights @ means >= MINIMUM and not broken_limits(
            problem=built, weights=weights.tolist()
        ):
            yield weights, portfolio_multiples(weights=weights, multiples=built.multiples)


SEEDS = (1, 4, 6)


@pytest.mark.parametrize("seed", SEEDS)
def test_bounds_hold_for_every_allocation_in_the_slice(seed: int) -> None:
    built = built_problem(seed)
    piece = tightened(built)
    never = set(range(40)) - set(piece.free) - piece.always

    found = 0
    for _, portfolio in allocations(built):
        found += 1
        assert (portfolio >= piece.lowest).all()
        assert (portfolio <= piece.highest).all()
        assert (portfolio[sorted(never)] >= 1 - 1e-9).all()
        assert (portfolio[sorted(piece.always)] < 1).all()
    assert found > 20
    assert not piece.is_empty


@pytest.mark.parametrize("seed", SEEDS)
def test_slice_decides_most_scenarios(seed: int) -> None:
    assert len(tightened(built_problem(seed)).free) < 30


def test_used_up_budget_leaves_what_the_bucket_maximum_says() -> None:
    built = built_problem(1)
    box = scenario_bounds(multiples=built.multiples, max_bucket_weight=0.7)

    bounds = bounds_above(
        built, minimum=1.0, known=np.full(4, 0.25), budget=SearchBudget(BudgetedHighs(0.0))
    )

    assert bounds.lowest.tolist() == box.lowest.tolist()
    assert np.isinf(bounds.highest).all()


def test_bounds_above_a_known_allocation_hold_for_it() -> None:
    built = built_problem(4)
    known, portfolio = next(allocations(built))

    bounds = bounds_above(
        built, minimum=MINIMUM, known=known, budget=SearchBudget(BudgetedHighs(60.0))
    )

    assert (bounds.lowest <= portfolio).all()
    assert (portfolio <= bounds.highest).all()


def test_slice_above_every_multiple_is_empty() -> None:
    built = built_problem(1)

    assert tightened(built, minimum=float(built.expected_multiples().max()) + 0.01).is_empty


def test_slice_in_which_too_many_lose_for_certain_is_empty() -> None:
    # Both buckets lose in both scenarios, one may.
    built = problem(["seed/a", "seed/b"], [[0.5, 0.6], [0.7, 0.2]], max_loss_probability=0.5)

    assert tightened(built, minimum=0.0).is_empty


@pytest.mark.parametrize("seed", SEEDS)
def test_envelope_cuts_hold_for_every_allocation_and_are_tight_where_they_are_made(
    seed: int,
) -> None:
    built = built_problem(seed)
    piece = tightened(built)
    known = list(allocations(built))
    program = EnvelopeProgram(piece, budget=SearchBudget(BudgetedHighs(60.0)))

    made = 0
    for weights, portfolio in known[:3]:
        program.move_to(weights)
        for s in piece.free:
            cut = program.cut(piece.polytope.scenario(s))
            assert cut is not None
            assert cut.slope @ weights + cut.constant == pytest.approx(cut.value, abs=1e-6)
            hinge = (1 - portfolio[s]) / piece.largest_loss(s)
            assert cut.value >= hinge - 1e-6
            for other, its_portfolio in known:
                loses = float(its_portfolio[s] < 1)
                assert cut.slope @ other + cut.constant <= loses + 1e-6
            made += cut.value > hinge + 1e-3
    assert made > 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("with_cuts", [False, True])
def test_least_count_is_at_most_that_of_any_allocation(seed: int, with_cuts: bool) -> None:
    built = built_problem(seed)
    piece = tightened(built)
    fewest = min(int((portfolio < 1).sum()) for _, portfolio in allocations(built))
    program = CountProgram(piece, budget=SearchBudget(BudgetedHighs(60.0)))

    outcome = program.add_envelope_cuts() if with_cuts else program.solve()

    assert outcome.status == "optimal"
    assert 0 < outcome.objective + len(piece.always) <= fewest + 1e-6


def test_raising_the_minimum_never_lowers_the_count() -> None:
    piece = tightened(built_problem(4))
    program = CountProgram(piece, budget=SearchBudget(BudgetedHighs(60.0)))
    before = program.solve().objective

    piece.raise_minimum(MINIMUM + 0.02)

    # Infeasible counts as infinite.
    assert program.solve().objective >= before - 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_slice_that_starts_from_a_lower_one_decides_what_it_would_decide_alone(seed: int) -> None:
    built = built_problem(seed)
    lower = tightened(built)
    budget = SearchBudget(BudgetedHighs(60.0))

    higher = MultipleSlice(
        built, minimum=MINIMUM + 0.03, cuts=(), near=range(40), budget=budget, lower=lower
    )
    higher.tighten()
    alone = tightened(built, minimum=MINIMUM + 0.03)

    assert set(higher.free) <= set(alone.free)
    assert higher.always >= lower.always
    assert higher.is_empty == alone.is_empty
