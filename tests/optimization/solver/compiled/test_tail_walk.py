"""Corners of functions with kinks, against scipy's linear programs of the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from optimization.solver.compiled.tail_corner import Corner, KinkedFunction, empty_room, tail_loss
from optimization.solver.compiled.tail_kinks import kink_at_the_bottom, nearest_kink
from optimization.solver.compiled.tail_walk import change_price, walk_down

Floats = NDArray[np.float64]

DEAR = 1e4
MOST_PIVOTS = 2_000
# Slopes below a millionth of a scenario's are none, and the functions are of the order of one.
TOLERANCE = 1e-6


def tail_function(
    multiples: Floats, *, costs: Floats, mass: float, highest: float = 1.0
) -> KinkedFunction:
    """costs . w + price (edge + excess over it / mass) over weights of sum 1 from 0 to ``highest``;
    ``multiples`` (B, S), ``costs`` (B,).
    """
    buckets, scenarios = multiples.shape
    size = buckets + 1
    budget = np.append(np.ones(buckets), 0.0)
    limits = np.vstack([np.eye(size), -np.eye(size)[:buckets], budget])
    return KinkedFunction(
        costs=np.append(costs, 0.0),
        tail_costs=np.append(np.zeros(buckets), 1.0),
        coefficients=np.column_stack([limits.T, np.vstack([multiples, np.ones(scenarios)])]),
        levels=np.concatenate([np.zeros(size), np.full(buckets, -highest), np.ones(scenarios + 1)]),
        low=np.concatenate([np.zeros(size + buckets), [-DEAR], np.zeros(scenarios)]),
        high=np.concatenate([np.full(len(limits), DEAR), np.full(scenarios, 1 / mass)]),
        scenarios=np.array([scenarios]),
    )


def origin_of(function: KinkedFunction) -> Corner:
    """The corner where everything is 0, whose rows are the first ones."""
    size, rows = function.coefficients.shape
    place = np.full(rows, -1)
    place[:size] = np.arange(size)
    gaps = -function.levels
    gaps[:size] = 0.0
    return Corner(np.zeros(size), gaps, gaps < 0, np.arange(size), place, np.eye(size))


def cheapest_within(
    multiples: Floats, *, costs: Floats, mass: float, maximum: float, highest: float = 1.0
) -> float:
    """The least cost with CVaR at most ``maximum``, by scipy."""
    buckets, scenarios = multiples.shape
    mean_excess = np.concatenate([np.zeros(buckets), [1.0], np.full(scenarios, 1 / mass)])
    excess = np.column_stack([-multiples.T, -np.ones(scenarios), -np.eye(scenarios)])
    solved = linprog(
        np.concatenate([costs, np.zeros(scenarios + 1)]),
        A_ub=np.vstack([excess, mean_excess]),
        b_ub=np.append(-np.ones(scenarios), maximum),
        A_eq=np.concatenate([np.ones(buckets), np.zeros(scenarios + 1)])[None, :],
        b_eq=[1.0],
        bounds=[(0, highest)] * buckets + [(0, None)] * (scenarios + 1),
    )
    assert solved.fun is not None
    return float(solved.fun)


def least_sum(
    multiples: Floats, *, costs: Floats, mass: float, price: float, highest: float = 1.0
) -> float:
    """The least cost plus price times CVaR, by scipy."""
    buckets, scenarios = multiples.shape
    objective = np.concatenate([costs, [price], np.full(scenarios, price / mass)])
    solved = linprog(
        objective,
        A_ub=np.column_stack([-multiples.T, -np.ones(scenarios), -np.eye(scenarios)]),
        b_ub=-np.ones(scenarios),
        A_eq=np.concatenate([np.ones(buckets), np.zeros(scenarios + 1)])[None, :],
        b_eq=[1.0],
        bounds=[(0, highest)] * buckets + [(0, None)] * (scenarios + 1),
    )
    assert solved.fun is not None
    return float(solved.fun)


def walked_down(function: KinkedFunction, *, price: float) -> Corner:
    corner = origin_of(function)
    room = empty_room(numbers=corner.x.size, rows=corner.gaps.size)
    assert walk_down(function, corner, room, price, MOST_PIVOTS) >= 0
    return corner


def lognormal_multiples(*, seed: int, buckets: int, scenarios: int) -> Floats:
    draw = np.random.default_rng(seed)
    market = draw.normal(size=scenarios)
    own = draw.normal(size=(buckets, scenarios))
    return np.asarray(np.exp(0.4 * market + own * draw.uniform(0.3, 1.2, (buckets, 1))))


@pytest.mark.parametrize("mass", [1.0, 4.5, 30.0])
@pytest.mark.parametrize("price", [0.05, 0.7, 20.0])
@pytest.mark.parametrize("seed", range(3))
def test_walk_ends_at_the_minimum(seed: int, price: float, mass: float) -> None:
    multiples = lognormal_multiples(seed=seed, buckets=7, scenarios=90)
    costs = -multiples.mean(axis=1)
    function = tail_function(multiples, costs=costs, mass=mass, highest=0.4)

    corner = walked_down(function, price=price)

    reached = function.costs @ corner.x + price * tail_loss(function, corner)
    assert reached == pytest.approx(
        least_sum(multiples, costs=costs, mass=mass, price=price, highest=0.4), abs=TOLERANCE
    )
    assert corner.x[:-1].sum() == pytest.approx(1.0, abs=1e-9)
    assert corner.x[:-1].max() <= 0.4 + 1e-9
    assert corner.x.min() >= -1e-9


def test_gaps_and_directions_are_those_of_the_corner() -> None:
    multiples = lognormal_multiples(seed=4, buckets=7, scenarios=90)
    function = tail_function(multiples, costs=-multiples.mean(axis=1), mass=9.0)

    corner = walked_down(function, price=0.7)

    gaps = function.coefficients.T @ corner.x - function.levels
    np.testing.assert_allclose(corner.gaps, gaps, rtol=0, atol=1e-9)
    np.testing.assert_allclose(gaps[corner.held], 0, rtol=0, atol=1e-9)
    held = function.coefficients[:, corner.held]
    np.testing.assert_allclose(corner.directions.T @ held, np.eye(8), rtol=0, atol=1e-9)
    assert corner.place[corner.held].tolist() == list(range(8))
    assert np.count_nonzero(corner.place >= 0) == 8


@pytest.mark.parametrize("start", [1e-3, 0.3, 5.0])
@pytest.mark.parametrize("seed", range(4))
def test_changed_price_is_that_of_the_optimum_with_cvar_at_its_maximum(
    seed: int, start: float
) -> None:
    multiples = lognormal_multiples(seed=seed, buckets=7, scenarios=90)
    costs = -multiples.mean(axis=1)
    function = tail_function(multiples, costs=costs, mass=6.3, highest=0.4)
    cheap, safe = walked_down(function, price=1e-4), walked_down(function, price=1e3)
    maximum = 0.5 * tail_loss(function, cheap) + 0.5 * tail_loss(function, safe)
    corner = walked_down(function, price=start)
    room = empty_room(numbers=corner.x.size, rows=corner.gaps.size)

    price, step = change_price(function, corner, room, start, maximum, MOST_PIVOTS)

    x = corner.x + step * room.direction
    best = cheapest_within(multiples, costs=costs, mass=6.3, maximum=maximum, highest=0.4)
    assert function.costs @ x == pytest.approx(best, abs=TOLERANCE)
    losses = np.sort(1 - x[:-1] @ multiples)[::-1]
    assert (losses[:6].sum() + 0.3 * losses[6]) / 6.3 == pytest.approx(maximum, abs=1e-9)
    # The price is what a looser maximum is worth.
    looser = cheapest_within(multiples, costs=costs, mass=6.3, maximum=maximum + 1e-5, highest=0.4)
    tighter = cheapest_within(multiples, costs=costs, mass=6.3, maximum=maximum - 1e-5, highest=0.4)
    assert (best - looser) / 1e-5 - 1e-3 <= price <= (tighter - best) / 1e-5 + 1e-3


def test_price_goes_to_zero_where_the_maximum_holds_nothing() -> None:
    multiples = lognormal_multiples(seed=2, buckets=5, scenarios=40)
    costs = -multiples.mean(axis=1)
    function = tail_function(multiples, costs=costs, mass=4.0)
    corner = walked_down(function, price=0.5)
    room = empty_room(numbers=corner.x.size, rows=corner.gaps.size)

    _, step = change_price(function, corner, room, 0.5, 1.0, MOST_PIVOTS)

    # All weight in the bucket of the highest mean, and nothing further.
    assert step == 0.0
    assert function.costs @ corner.x == pytest.approx(costs.min(), abs=1e-9)


def test_maximum_below_the_least_cvar_ends_at_the_least_cvar() -> None:
    multiples = lognormal_multiples(seed=2, buckets=5, scenarios=40)
    none = np.zeros(5)
    function = tail_function(multiples, costs=-multiples.mean(axis=1), mass=4.0)
    corner = walked_down(function, price=0.5)
    room = empty_room(numbers=corner.x.size, rows=corner.gaps.size)

    _, step = change_price(function, corner, room, 0.5, 0.0, MOST_PIVOTS)

    least = least_sum(multiples, costs=none, mass=4.0, price=1.0)
    assert step == 0.0
    assert tail_loss(function, corner) == pytest.approx(least, abs=TOLERANCE)


def test_maximum_that_is_met_changes_nothing() -> None:
    multiples = lognormal_multiples(seed=2, buckets=5, scenarios=40)
    function = tail_function(multiples, costs=-multiples.mean(axis=1), mass=4.0)
    corner = walked_down(function, price=0.5)
    held = corner.held.copy()
    room = empty_room(numbers=corner.x.size, rows=corner.gaps.size)

    price, step = change_price(
        function, corner, room, 0.5, tail_loss(function, corner), MOST_PIVOTS
    )

    assert (price, step) == (0.5, 0.0)
    assert corner.held.tolist() == held.tolist()


def test_too_few_pivots_are_told() -> None:
    multiples = lognormal_multiples(seed=2, buckets=5, scenarios=40)
    function = tail_function(multiples, costs=-multiples.mean(axis=1), mass=4.0)
    corner = origin_of(function)
    room = empty_room(numbers=corner.x.size, rows=corner.gaps.size)

    assert walk_down(function, corner, room, 5.0, 1) == -1


def test_function_without_a_minimum_is_told() -> None:
    # x falls without an end, and no row comes to a kink on the way.
    function = KinkedFunction(
        costs=np.array([-1.0]),
        tail_costs=np.zeros(1),
        coefficients=np.ones((1, 2)),
        levels=np.array([0.0, -1.0]),
        low=np.zeros(2),
        high=np.array([10.0, 1.0]),
        scenarios=np.array([1]),
    )
    corner = origin_of(function)
    room = empty_room(numbers=1, rows=2)

    assert walk_down(function, corner, room, 0.5, MOST_PIVOTS) == -1


CELLS = st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0, 1.5, 4.0])


@settings(max_examples=100, deadline=None)
@given(
    cells=st.lists(CELLS, min_size=45, max_size=45),
    mass=st.sampled_from([1.0, 2.0, 3.75, 15.0]),
    price=st.sampled_from([0.1, 1.0, 4.0]),
)
def test_equal_scenarios_do_not_keep_the_walk_from_the_minimum(
    cells: list[float], mass: float, price: float
) -> None:
    multiples = np.array(cells).reshape(3, 15)
    costs = -multiples.mean(axis=1)
    function = tail_function(multiples, costs=costs, mass=mass)

    corner = walked_down(function, price=price)

    reached = function.costs @ corner.x + price * tail_loss(function, corner)
    expected = least_sum(multiples, costs=costs, mass=mass, price=price)
    assert reached == pytest.approx(expected, abs=TOLERANCE)


# Steps of which several are equal.
STEPS = st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0]), min_size=1, max_size=12)


@given(steps=STEPS, slope=st.floats(-6.0, -0.1))
def test_bottom_is_at_the_kink_where_the_slope_is_no_longer_negative(
    steps: list[float], slope: float
) -> None:
    room = empty_room(numbers=1, rows=len(steps))
    room.steps[:], room.rises[:], room.order[:] = steps, 0.75, np.arange(len(steps))

    last = kink_at_the_bottom(room, len(steps), slope)

    # Each kink adds .75: the first with at least -slope together, or the last there is.
    needed = next((n for n in range(1, len(steps) + 1) if slope + 0.75 * n >= 0), len(steps))
    assert last == needed - 1
    assert room.steps[room.order[last]] == sorted(steps)[last]
    assert sorted(room.order.tolist()) == list(range(len(steps)))
    assert all(room.steps[k] <= room.steps[room.order[last]] for k in room.order[:last])


@given(steps=STEPS)
def test_nearest_kink_is_in_front_of_the_others(steps: list[float]) -> None:
    room = empty_room(numbers=1, rows=len(steps))
    room.steps[:], room.order[:] = steps, np.arange(len(steps))

    assert room.steps[room.order[nearest_kink(room, len(steps))]] == min(steps)
    assert sorted(room.order.tolist()) == list(range(len(steps)))
