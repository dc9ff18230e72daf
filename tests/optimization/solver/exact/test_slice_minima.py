"""Bounds on sums of weights over a slice, against scipy's linprog and every choice of losses."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.slice_minima import SliceMinima
from optimization.solver.exact.tail_cuts import Cut
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.stated.problem import CvarLimit
from tests.optimization.solver.compiled.losing_subsets import Market, least_of_allocations
from tests.optimization.solver.problems import market_multiples, problem

Floats = NDArray[np.float64]

SEEDS = range(6)
SCENARIOS = 7
# Programs keep their rows to 1e-9, and prices are tens at most.
ROUNDING = 1e-7
# Prices of an optimum may be off by 1e-9, over ways of size one.
OF_THE_VALUE = 1e-6


def market(seed: int, *, allowed: int = SCENARIOS, highest_cvar: float = np.inf) -> Market:
    """Of seven scenarios; the slice is the upper fifth of what a bucket alone can reach."""
    multiples = market_multiples(seed=seed, buckets=4, scenarios=SCENARIOS)
    means = multiples.mean(axis=1)
    minimum = float(means.mean() + 0.2 * (means.max() - means.mean()))
    return Market(multiples, 0.7, minimum, allowed, 0.6, highest_cvar)


def polytope_of(market: Market) -> WeightPolytope:
    keys = ["seed/a", "seed/b", "series_a/a", "series_a/b"][: market.shape[0]]
    cvar = None
    if np.isfinite(market.highest_cvar):
        cvar = CvarLimit(confidence=market.confidence, maximum=market.highest_cvar)
    built = problem(keys, market.multiples, max_bucket_weight=market.most, cvar=cvar)
    polytope = WeightPolytope(built, budget=SearchBudget(BudgetedHighs(60.0)))
    polytope.add_row(polytope.means, lower=market.minimum)
    return polytope


def minima_of(market: Market) -> SliceMinima:
    return SliceMinima(polytope_of(market), budget=SearchBudget(BudgetedHighs(60.0)))


def bound(minima: SliceMinima, market: Market, costs: Floats) -> float:
    """With every scenario open, and its least multiple over all weights as how low it gets."""
    return minima.least(
        costs,
        is_open=np.ones(market.shape[1], dtype=np.bool_),
        lowest=market.multiples.min(axis=0),
        allowed=market.allowed,
    )


def directions(market: Market) -> list[Floats]:
    """Every scenario's multiple, downwards and upwards, and sums that are nobody's."""
    draw = np.random.default_rng(0)
    by_scenario = list(market.multiples.T)
    return [*by_scenario, *[-row for row in by_scenario], *draw.normal(size=(4, market.shape[0]))]


@pytest.mark.parametrize("seed", SEEDS)
def test_without_limits_on_losses_bounds_are_the_least_values(seed: int) -> None:
    stated = market(seed)
    minima = minima_of(stated)

    for costs in directions(stated):
        found = bound(minima, stated, costs)

        true = least_of_allocations(stated, costs)
        assert found <= true + ROUNDING
        assert found == pytest.approx(true, abs=OF_THE_VALUE)
    assert minima.cuts() == []


@cache
def bounded(seed: int) -> tuple[Market, list[float], list[Cut], bool]:
    """With CVaR and losses limited so that both cut: the bounds by direction, and the cuts."""
    free = market(seed)
    stated = free._replace(allowed=1, highest_cvar=0.35)
    minima = minima_of(stated)
    found = [
        np.inf if minima.is_empty else bound(minima, stated, costs) for costs in directions(stated)
    ]
    return stated, found, minima.cuts(), minima.is_empty


@pytest.mark.parametrize("seed", SEEDS)
def test_with_cuts_bounds_are_not_above_any_allocation(seed: int) -> None:
    stated, found, _, is_empty = bounded(seed)

    # Every third direction, as each takes a program for every choice of losing scenarios.
    for costs, value in list(zip(directions(stated), found, strict=True))[::3]:
        # What is kept by a hair may be found empty.
        true = least_of_allocations(stated, costs, slack=-ROUNDING)
        assert value <= true + OF_THE_VALUE
    if is_empty:
        assert true == np.inf


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cut_holds_for_every_allocation(seed: int) -> None:
    stated, _, cuts, _ = bounded(seed)

    for cut in cuts:
        least = least_of_allocations(stated, cut.coefficients)
        assert least >= cut.minimum - ROUNDING


def test_markets_make_both_kinds_of_cuts_and_are_empty_or_not() -> None:
    made = {seed: bounded(seed) for seed in SEEDS}
    # CVaR of 2.8 scenarios: the coefficients of that cut are means over the tail, the sum of
    # losses adds up several scenarios in units of their ranges.
    of_tail = [len(minima_cuts(seed, allowed=SCENARIOS, highest_cvar=0.35)) for seed in SEEDS]
    of_losses = [len(minima_cuts(seed, allowed=1, highest_cvar=np.inf)) for seed in SEEDS]

    assert sum(count > 0 for count in of_tail) >= 3
    assert sum(count > 0 for count in of_losses) >= 3
    assert len({is_empty for *_, is_empty in made.values()}) == 2


def minima_cuts(seed: int, *, allowed: int, highest_cvar: float) -> list[Cut]:
    stated = market(seed, allowed=allowed, highest_cvar=highest_cvar)
    minima = minima_of(stated)
    for costs in directions(stated):
        if not minima.is_empty:
            bound(minima, stated, costs)
    return minima.cuts()


@pytest.mark.parametrize("seed", SEEDS)
def test_slice_above_every_multiple_is_empty(seed: int) -> None:
    stated = market(seed)
    highest = -least_of_allocations(stated, -stated.means)

    assert minima_of(stated._replace(minimum=highest + 1e-6)).is_empty


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("below", [0.0, 1e-9, 1e-7, 1e-3])
def test_slice_that_is_a_hair_thick_is_not_called_empty(seed: int, below: float) -> None:
    stated = market(seed)
    highest = -least_of_allocations(stated, -stated.means)

    minima = minima_of(stated._replace(minimum=highest - below))

    assert not minima.is_empty
    for costs in directions(stated)[:4]:
        if minima.is_usable:
            thick = stated._replace(minimum=highest - below - 1e-9)
            assert bound(minima, stated, costs) <= least_of_allocations(thick, costs) + OF_THE_VALUE


def test_four_weights_that_only_just_make_one_are_bounded_by_themselves() -> None:
    multiples = np.array([[2.0, 0.5], [1.0, 2.0], [1.0, 1.0], [1.0, 1.0]])
    stated = Market(multiples, 0.25, 0.0, 2, 0.5, np.inf)
    minima = minima_of(stated)

    # All of them are 1/4: 5/4 and 9/8.
    for costs, value in ((multiples[:, 0], 1.25), (-multiples[:, 1], -1.125)):
        assert bound(minima, stated, costs) == pytest.approx(value, abs=1e-12)
    assert not minima.is_empty


def test_slice_in_which_everything_loses_is_empty_where_few_may() -> None:
    # Each of three scenarios loses .5 at least; CVaR is not limited, one may lose.
    multiples = np.array([[0.5, 0.4, 0.3], [0.2, 0.5, 0.5]])
    stated = Market(multiples, 1.0, 0.0, 1, 0.5, np.inf)
    minima = minima_of(stated)

    for costs in directions(stated):
        if not minima.is_empty:
            bound(minima, stated, costs)

    assert minima.is_empty


def test_equal_slices_have_the_same_bytes() -> None:
    stated = market(3, allowed=1, highest_cvar=0.35)

    first, second = (
        [bound(minima, stated, costs) for costs in directions(stated) if not minima.is_empty]
        for minima in (minima_of(stated), minima_of(stated))
    )

    assert np.array(first).tobytes() == np.array(second).tobytes()
