"""Optima within a limit on CVaR, and the least CVaR, against a program with every scenario."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact import tail_descent, tail_piece
from optimization.solver.exact import tail_optimum as method
from optimization.solver.exact.incremental_lp import IncrementalLp, Indices
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.tail_optimum import tail_optimum
from optimization.solver.measures.risk import cvar, portfolio_multiples
from tests.optimization.solver.problems import market_multiples

Floats = NDArray[np.float64]

# Programs keep rows to 1e-9 and CVaR to 1e-8, which is worth a few times as much in the mean.
TOLERANCE = 1e-7


def weights_summing_to_one(
    buckets: int, *, highest: float = 1.0, costs: Floats | None = None
) -> tuple[IncrementalLp, Indices]:
    lp = IncrementalLp(SearchBudget(BudgetedHighs(60.0)))
    columns = lp.add_columns(np.zeros(buckets), np.full(buckets, highest))
    lp.add_row(columns, np.ones(buckets), 1.0, 1.0)
    lp.set_costs(columns, np.zeros(buckets) if costs is None else costs)
    return lp, columns


def every_scenario(
    multiples: Floats,
    *,
    confidence: float,
    maximum: float | None,
    highest: float,
    costs: Floats | None,
) -> float | None:
    """The same minimum from scipy, over the weights, the edge and an excess for each scenario."""
    buckets, scenarios = multiples.shape
    tail = max((1 - confidence) * scenarios, 1.0)
    mean_excess = np.concatenate([np.zeros(buckets), [1.0], np.full(scenarios, 1 / tail)])
    rows = [np.column_stack([-multiples.T, -np.ones(scenarios), -np.eye(scenarios)])]
    limits = [-np.ones(scenarios)]
    objective = mean_excess
    if maximum is not None and costs is not None:
        rows.append(mean_excess[None, :])
        limits.append(np.array([maximum]))
        objective = np.concatenate([costs, np.zeros(scenarios + 1)])
    solved = linprog(
        objective,
        A_ub=np.vstack(rows),
        b_ub=np.concatenate(limits),
        A_eq=np.concatenate([np.ones(buckets), np.zeros(scenarios + 1)])[None, :],
        b_eq=[1.0],
        bounds=[(0, highest)] * buckets + [(0, None)] * (scenarios + 1),
        method="highs",
    )
    return None if solved.fun is None else float(solved.fun)


@pytest.fixture(params=["at once", "from samples", "far from where it begins"])
def thinned(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems, solved by way of every third scenario and with a look at few of them, as
    large ones are; or from a descent that is given up at once.
    """
    if request.param == "from samples":
        monkeypatch.setattr(method, "THINNING", 3)
        monkeypatch.setattr(method, "FEWEST_SCENARIOS", 8)
        monkeypatch.setattr(method, "SHORTEST_TAIL", 1.0)
        monkeypatch.setattr(tail_descent, "CLOSE_TO_THE_EDGE", 0.5)
    if request.param == "far from where it begins":
        monkeypatch.setattr(tail_piece, "MOST_PIVOTS", 0)


# Of 70 scenarios .95 leaves 3.5 in the tail, .89 leaves 7.7 and .99 less than one.
@pytest.mark.parametrize("confidence", [0.95, 0.89, 0.99, 0.5])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("thinned")
def test_optimum_and_least_cvar_are_those_of_the_program_with_every_scenario(
    seed: int, confidence: float
) -> None:
    multiples = market_multiples(seed=seed, buckets=6, scenarios=70)
    costs = -multiples.mean(axis=1)
    lp, weights = weights_summing_to_one(6, highest=0.5)
    least = tail_optimum(
        lp, weights=weights, multiples=multiples, confidence=confidence, maximum=None
    )
    assert least is not None
    assert least.cvar == pytest.approx(
        every_scenario(multiples, confidence=confidence, maximum=None, highest=0.5, costs=None),
        abs=TOLERANCE,
    )

    maximum = least.cvar + 0.03
    lp.set_costs(weights, costs)
    best = tail_optimum(
        lp, weights=weights, multiples=multiples, confidence=confidence, maximum=maximum
    )
    assert best is not None
    assert best.cvar <= maximum + 1e-8
    assert best.objective == pytest.approx(
        every_scenario(multiples, confidence=confidence, maximum=maximum, highest=0.5, costs=costs),
        abs=TOLERANCE,
    )
    assert costs @ best.weights == pytest.approx(best.objective, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_optimum_of_many_scenarios_is_that_of_the_program_with_every_scenario(seed: int) -> None:
    # 1,700 scenarios are come to from 212, and a tail of 85.
    multiples = market_multiples(seed=seed, buckets=15, scenarios=1_700)
    costs = -multiples.mean(axis=1)
    lp, weights = weights_summing_to_one(15, highest=0.3)
    least = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.95, maximum=None)
    assert least is not None
    assert least.cvar == pytest.approx(
        every_scenario(multiples, confidence=0.95, maximum=None, highest=0.3, costs=None),
        abs=TOLERANCE,
    )
    lp.set_costs(weights, costs)

    maximum = least.cvar + 0.02
    best = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.95, maximum=maximum)

    assert best is not None
    assert cvar(best.weights @ multiples, confidence=0.95) <= maximum + 1e-8
    assert best.objective == pytest.approx(
        every_scenario(multiples, confidence=0.95, maximum=maximum, highest=0.3, costs=costs),
        abs=TOLERANCE,
    )


def test_no_scenario_loses_and_the_least_cvar_is_nothing() -> None:
    multiples = 1.0 + market_multiples(seed=2, buckets=4, scenarios=60)
    lp, weights = weights_summing_to_one(4)

    least = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.9, maximum=None)

    assert least is not None
    assert least.cvar == 0.0


def test_tail_with_room_for_more_than_all_that_lose_has_its_optimum() -> None:
    # The first bucket loses all in 2 of 40 scenarios, the tail holds 10: CVaR is .2 of its weight.
    multiples = np.full((2, 40), 2.0)
    multiples[0, :2], multiples[1] = 0.0, 1.0
    lp, weights = weights_summing_to_one(2, costs=-multiples.mean(axis=1))

    best = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.75, maximum=0.05)

    # w first: in the bad scenarios 1 - w, the loss is w; w * 2 / 10 = .05.
    assert best is not None
    assert best.weights == pytest.approx([0.25, 0.75])
    assert best.cvar == pytest.approx(0.05, abs=1e-8)


@pytest.mark.usefixtures("thinned")
def test_cvar_below_the_least_one_has_no_allocation() -> None:
    multiples = market_multiples(seed=1, buckets=6, scenarios=70)
    lp, weights = weights_summing_to_one(6, costs=-multiples.mean(axis=1))
    least = every_scenario(multiples, confidence=0.9, maximum=None, highest=1.0, costs=None)
    assert least is not None

    def optimum(maximum: float) -> method.TailOptimum | None:
        return tail_optimum(
            lp, weights=weights, multiples=multiples, confidence=0.9, maximum=maximum
        )

    assert optimum(least + 1e-5) is not None
    assert optimum(least - 1e-5) is None


def test_limit_that_holds_nothing_leaves_the_optimum_and_gives_no_cuts() -> None:
    multiples = np.array([[3.0, 0.5, 1.0], [1.0, 1.0, 1.0]])
    lp, weights = weights_summing_to_one(2, costs=np.array([-1.5, -1.0]))

    found = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.5, maximum=0.9)

    assert found is not None
    assert found.weights == pytest.approx([1.0, 0.0])
    # The tail is 1.5 scenarios: all of the loss of .5, and half of one without a loss.
    assert found.cvar == pytest.approx(0.5 / 1.5)
    assert found.cuts == ()


def test_cuts_alone_hold_the_optimum() -> None:
    for seed in range(8):
        multiples = market_multiples(seed=seed, buckets=6, scenarios=70)
        lp, weights = weights_summing_to_one(6, costs=-multiples.mean(axis=1))
        least = tail_optimum(
            weights_summing_to_one(6)[0],
            weights=weights,
            multiples=multiples,
            confidence=0.9,
            maximum=None,
        )
        assert least is not None
        found = tail_optimum(
            lp, weights=weights, multiples=multiples, confidence=0.9, maximum=least.cvar + 0.02
        )
        assert found is not None
        assert found.cuts

        for cut in found.cuts:
            assert cut.coefficients @ found.weights == pytest.approx(cut.minimum, abs=1e-8)
            lp.add_row(weights, cut.coefficients, cut.minimum, np.inf)

        assert lp.solve().objective == pytest.approx(found.objective, abs=TOLERANCE)


def test_every_allocation_within_the_limit_meets_the_cuts() -> None:
    multiples = market_multiples(seed=1, buckets=5, scenarios=63)
    lp, weights = weights_summing_to_one(5)
    safest = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.9, maximum=None)
    assert safest is not None
    maximum = safest.cvar + 0.02
    lp.set_costs(weights, -multiples.mean(axis=1))
    found = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.9, maximum=maximum)
    assert found is not None
    assert found.cuts
    kept = []

    for drawn in np.random.default_rng(0).dirichlet(np.ones(5), size=300):
        near = 0.8 * safest.weights + 0.2 * drawn
        portfolio = portfolio_multiples(weights=near, multiples=multiples)
        if cvar(portfolio, confidence=0.9) <= maximum:
            kept += [cut.coefficients @ near - cut.minimum for cut in found.cuts]

    # Neither all nor few, or the cuts would say nothing.
    assert 30 * len(found.cuts) < len(kept) < 270 * len(found.cuts)
    assert min(kept) >= -1e-12


def test_equal_scenarios_at_the_edge_of_the_tail_are_no_trouble() -> None:
    # Scenarios in copies of seven, so that the tail of 6.3 always ends among equal ones.
    multiples = np.repeat(market_multiples(seed=4, buckets=4, scenarios=9), 7, axis=1)
    lp, weights = weights_summing_to_one(4)

    least = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.9, maximum=None)

    assert least is not None
    assert least.cvar == pytest.approx(
        every_scenario(multiples, confidence=0.9, maximum=None, highest=1.0, costs=None),
        abs=TOLERANCE,
    )


@pytest.mark.usefixtures("thinned")
def test_program_without_costs_has_an_optimum_within_the_limit() -> None:
    multiples = market_multiples(seed=1, buckets=5, scenarios=63)
    lp, weights = weights_summing_to_one(5)
    least = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.9, maximum=None)
    assert least is not None

    found = tail_optimum(
        lp, weights=weights, multiples=multiples, confidence=0.9, maximum=least.cvar + 0.01
    )

    assert found is not None
    assert found.objective == 0.0
    assert cvar(found.weights @ multiples, confidence=0.9) <= least.cvar + 0.01 + 1e-8


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_optimum_does_not_depend_on_the_unit_of_costs(scale: float) -> None:
    multiples = market_multiples(seed=1, buckets=5, scenarios=63)
    costs = -multiples.mean(axis=1)
    lp, weights = weights_summing_to_one(5)
    least = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.9, maximum=None)
    assert least is not None
    maximum = least.cvar + 0.02

    lp.set_costs(weights, scale * costs)
    found = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.9, maximum=maximum)

    assert found is not None
    assert found.objective / scale == pytest.approx(
        every_scenario(multiples, confidence=0.9, maximum=maximum, highest=1.0, costs=costs),
        abs=TOLERANCE,
    )


def test_all_scenarios_may_be_equal() -> None:
    # Whatever the tail, it loses what one scenario does: half of the first bucket's weight.
    multiples = np.tile([[0.5], [1.25]], 500)
    lp, weights = weights_summing_to_one(2, costs=np.array([-2.0, -1.0]))

    best = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.95, maximum=0.2)

    # 1 - .5 w - 1.25 (1 - w) = .2 at w = .6.
    assert best is not None
    assert best.weights == pytest.approx([0.6, 0.4])
    assert best.objective == pytest.approx(-1.6)


def test_other_rows_and_columns_of_the_program_count() -> None:
    # With two thirds in the first bucket at least, CVaR is that of two thirds: 1/3 is lost once.
    lp, weights = weights_summing_to_one(2)
    other = lp.add_columns(np.zeros(1), np.array([1 / 3]))
    lp.add_row(np.append(weights[:1], other), np.ones(2), 1.0, np.inf)
    multiples = np.array([[0.5, 2.0], [1.0, 1.0]])

    least = tail_optimum(lp, weights=weights, multiples=multiples, confidence=0.5, maximum=None)

    assert least is not None
    assert least.weights == pytest.approx([2 / 3, 1 / 3])
    assert least.cvar == pytest.approx(1 / 3)
    assert lp.solve().values.size == 3


CELLS = st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0, 1.5, 4.0])


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(CELLS, min_size=36, max_size=36),
    confidence=st.sampled_from([0.95, 0.9, 0.75, 0.6, 0.1]),
)
def test_least_cvar_of_coarse_multiples_is_that_of_the_program_with_every_scenario(
    cells: list[float], confidence: float
) -> None:
    multiples = np.array(cells).reshape(3, 12)
    lp, weights = weights_summing_to_one(3, highest=0.6)

    least = tail_optimum(
        lp, weights=weights, multiples=multiples, confidence=confidence, maximum=None
    )

    assert least is not None
    portfolio = portfolio_multiples(weights=least.weights, multiples=multiples)
    assert least.cvar == pytest.approx(cvar(portfolio, confidence=confidence), abs=1e-12)
    assert least.cvar == pytest.approx(
        every_scenario(multiples, confidence=confidence, maximum=None, highest=0.6, costs=None),
        abs=TOLERANCE,
    )
