"""What points of different stretches show for one another."""

from dataclasses import replace

import pytest

from optimization.solver.allocate import AllocationCheckFailed
from optimization.solver.frontier.merge import Frontier, FrontierContradicted, merged
from optimization.solver.frontier.point import FrontierPoint
from optimization.solver.frontier.trace import trace_stretch
from optimization.solver.stated.problem import SolverSettings
from tests.optimization.solver.frontier.problems import market_problem
from tests.optimization.solver.problems import high_and_low

GAP = 1e-4
# What `high_and_low` holds: half in each is 2.7225 and loses in .015; all in Low is 1.9725.
HALF = {"seed/high": 0.5, "seed/low": 0.5}
LOW = {"seed/high": 0.0, "seed/low": 1.0}


def found(limit: float, weights: dict[str, float], multiple: float, bound: float) -> FrontierPoint:
    """A point whose search was ended by its budget."""
    return FrontierPoint(
        limit=limit,
        status="time_limit",
        weights=weights,
        expected_multiple=multiple,
        sample_expected_multiple=multiple,
        best_bound=bound,
        mip_gap=bound / multiple - 1,
        loss_probability=0.015 if weights == HALF else 0.05,
        cvar=0.1,
        expected_winners=2.5,
        found_at=limit,
        stopped_by="iteration_limit",
    )


def nothing_found(limit: float, bound: float) -> FrontierPoint:
    return FrontierPoint(
        limit=limit, status="time_limit", best_bound=bound, stopped_by="iteration_limit"
    )


def merge(*points: FrontierPoint) -> tuple[FrontierPoint, ...]:
    return merged(high_and_low(), varied="max_loss_probability", points=points).points


def test_bound_of_a_looser_limit_bounds_the_tighter_ones() -> None:
    tight, loose = merge(found(0.1, HALF, 2.7225, 2.9), found(0.2, HALF, 2.7225, 2.8))

    assert (tight.best_bound, loose.best_bound) == (2.8, 2.8)
    assert tight.mip_gap == pytest.approx(2.8 / 2.7225 - 1)
    assert tight.status == "time_limit"


def test_allocation_of_a_tighter_limit_is_had_at_the_looser_ones() -> None:
    _, loose = merge(found(0.1, HALF, 2.7225, 2.9), found(0.2, LOW, 1.9725, 2.9))

    assert loose.weights == HALF
    assert loose.expected_multiple == 2.7225
    assert loose.found_at == 0.1
    assert loose.limit == 0.2


def test_allocation_of_a_looser_limit_serves_the_tighter_one_it_keeps() -> None:
    tight, _ = merge(nothing_found(0.02, 2.9), found(0.2, HALF, 2.7225, 2.9))

    assert tight.weights == HALF
    assert tight.found_at == 0.2


def test_allocation_of_a_looser_limit_stays_where_it_breaks_the_tighter_one() -> None:
    tight, _ = merge(nothing_found(0.01, 2.9), found(0.2, HALF, 2.7225, 2.9))

    assert not tight.was_found
    assert tight.mip_gap is None


def test_point_is_proved_once_the_bound_of_another_is_within_the_gap() -> None:
    proved = replace(found(0.2, HALF, 2.7225, 2.7226), status="optimal", stopped_by=None)

    tight, _ = merge(found(0.1, HALF, 2.7225, 2.9), proved)

    # (2.7226 - 2.7225) / 2.7225 is 3.7e-5, below the gap of 1e-4 in the settings.
    assert tight.status == "optimal"
    assert tight.stopped_by is None


def test_limit_below_one_that_nothing_keeps_is_infeasible_too() -> None:
    tight, _, _ = merge(
        nothing_found(0.005, 2.9),
        FrontierPoint(limit=0.01, status="infeasible"),
        found(0.1, HALF, 2.7225, 2.9),
    )

    assert tight == FrontierPoint(limit=0.005, status="infeasible")


def test_order_of_the_points_does_not_matter() -> None:
    points = [found(0.1, HALF, 2.7225, 2.9), found(0.2, LOW, 1.9725, 2.8)]

    assert merge(*points) == merge(*reversed(points))


def test_allocation_where_nothing_is_said_to_exist_is_a_contradiction() -> None:
    with pytest.raises(FrontierContradicted, match="no allocation keeps"):
        merge(
            found(0.1, HALF, 2.7225, 2.9),
            FrontierPoint(limit=0.2, status="infeasible"),
        )


def test_allocation_above_a_bound_is_a_contradiction() -> None:
    with pytest.raises(FrontierContradicted, match="above the bound"):
        merge(found(0.1, HALF, 2.7225, 2.9), found(0.2, LOW, 1.9725, 2.0))


def test_weights_that_break_their_limit_are_found_out() -> None:
    # All in High loses in 120 of 400 scenarios.
    high = {"seed/high": 1.0, "seed/low": 0.0}

    with pytest.raises(AllocationCheckFailed, match="max_loss_probability"):
        merge(found(0.1, high, 3.5, 3.6))


def test_stretches_put_together_never_fall() -> None:
    built = market_problem(settings=SolverSettings(mip_gap=GAP))
    grid = (0.15, 0.2, 0.22, 0.24, 0.26, 0.4)
    points = [
        point
        for stretch in (grid[:2], grid[2:4], grid[4:])
        for point in trace_stretch(built, varied="max_loss_probability", limits=stretch)
    ]

    frontier = merged(built, varied="max_loss_probability", points=points)

    multiples = [point.multiple for point in frontier.points]
    bounds = [point.bound for point in frontier.points]
    assert multiples == sorted(multiples)
    assert bounds == sorted(bounds)
    assert [point.limit for point in frontier.points] == list(grid)


def test_frontier_survives_being_written_as_json() -> None:
    frontier = merged(
        high_and_low(),
        varied="max_loss_probability",
        points=[found(0.1, HALF, 2.7225, 2.9), nothing_found(0.01, 2.9)],
    )

    assert Frontier.from_json(frontier.as_json()) == frontier
