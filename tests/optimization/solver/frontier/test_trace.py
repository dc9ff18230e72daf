"""A stretch of a frontier against each of its limits solved alone, and against brute force."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from optimization.solver.allocate import allocate
from optimization.solver.budgeted_highs import SolveInterrupted
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.exact.least_losses import LeastLosses
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.first_pass import FirstPass
from optimization.solver.frontier.grid import VariedLimit, problem_at
from optimization.solver.frontier.point import FrontierPoint
from optimization.solver.frontier.trace import trace_stretch
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem, SolverSettings
from tests.optimization.solver.frontier.problems import (
    market_problem,
    optimum_by_enumeration,
    tiny_problem,
)
from tests.optimization.solver.problems import high_and_low, problem

# The solver proves optima to 1e-9; the oracle's own LP tolerance is 1e-7.
SAME_OPTIMUM = 1e-6
GAP = 1e-4
LOSS_GRID = (0.15, 0.2, 0.22, 0.24, 0.26, 0.3, 0.4)


@cache
def points_of_market() -> tuple[FrontierPoint, ...]:
    return trace_stretch(
        market_problem(settings=SolverSettings(mip_gap=GAP)),
        varied="max_loss_probability",
        limits=LOSS_GRID,
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("varied", "limits"),
    [
        ("max_loss_probability", (0.0, 1 / 8, 2 / 8, 3 / 8, 5 / 8)),
        ("cvar", (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)),
    ],
)
def test_every_point_is_the_best_over_all_choices_of_losing_scenarios(
    seed: int, varied: VariedLimit, limits: tuple[float, ...]
) -> None:
    tiny = tiny_problem(seed)

    points = trace_stretch(tiny, varied=varied, limits=limits)

    for limit, point in zip(limits, points, strict=True):
        best = optimum_by_enumeration(tiny, varied=varied, limit=limit)
        assert point.limit == limit
        if best is None:
            assert point.status == "infeasible"
        else:
            assert point.status == "optimal"
            assert point.expected_multiple == pytest.approx(best, abs=SAME_OPTIMUM)
            assert point.best_bound == pytest.approx(best, abs=SAME_OPTIMUM)


def test_tiny_frontiers_have_points_with_and_without_an_allocation() -> None:
    statuses = {
        point.status
        for seed in range(6)
        for point in trace_stretch(tiny_problem(seed), varied="cvar", limits=(0.05, 0.5))
    }

    assert statuses == {"optimal", "infeasible"}


def test_starting_from_neighbours_changes_no_point_by_more_than_the_gap() -> None:
    built = market_problem(settings=SolverSettings(mip_gap=GAP))

    for point in points_of_market():
        alone = allocate(problem_at(built, varied="max_loss_probability", value=point.limit))
        assert (point.status == "infeasible") == (alone.status == "infeasible")
        if alone.first_pass_expected_multiple is not None and alone.best_bound is not None:
            # Each is within the gap of its own bound, and both bounds hold for both.
            assert point.multiple * (1 + GAP) >= alone.first_pass_expected_multiple
            assert alone.first_pass_expected_multiple * (1 + GAP) >= point.multiple
            assert point.bound >= alone.first_pass_expected_multiple - SAME_OPTIMUM


def test_frontier_of_the_market_has_points_that_the_limit_costs_something() -> None:
    multiples = {round(point.multiple, 4) for point in points_of_market() if point.was_found}

    assert len(multiples) >= 3


def test_looser_limits_have_bounds_no_lower() -> None:
    bounds = [point.bound for point in points_of_market()]

    assert all(tighter <= looser for tighter, looser in pairwise(bounds))


def test_weights_of_every_point_keep_its_limit_and_all_others() -> None:
    tiny = tiny_problem(3)

    for point in trace_stretch(tiny, varied="cvar", limits=(0.1, 0.2, 0.3)):
        at_limit = problem_at(tiny, varied="cvar", value=point.limit)
        if point.was_found:
            weights = [point.weights[key] for key in at_limit.bucket_keys]
            assert broken_limits(problem=at_limit, weights=weights) == ()


def test_optimum_with_slack_in_the_limit_answers_the_tighter_limits_it_keeps() -> None:
    # Half in each loses in 6 of 400 scenarios, .015; more in High loses in 120 (test_worked_cases).
    points = trace_stretch(
        high_and_low(), varied="max_loss_probability", limits=(0.02, 0.06, 0.1, 0.14)
    )

    assert [point.expected_multiple for point in points] == [pytest.approx(2.7225)] * 4
    assert [point.found_at for point in points] == [0.14] * 4
    assert [point.iterations for point in points[:3]] == [0, 0, 0]


def test_nothing_is_searched_below_a_limit_that_no_allocation_keeps() -> None:
    # Both lose at once in 6 of 400 scenarios, .015.
    points = trace_stretch(
        high_and_low(), varied="max_loss_probability", limits=(0.0, 0.005, 0.01, 0.0125)
    )

    assert [point.status for point in points] == ["infeasible"] * 4
    assert [point.best_bound for point in points] == [None] * 4


def finding_nothing_at_first(
    monkeypatch: pytest.MonkeyPatch, *, at: tuple[float, ...]
) -> list[float | None]:
    """Lets the searches at these limits find nothing unless they know an allocation; returns the
    limits that are searched.
    """
    searched: list[float | None] = []

    def search(at_limit: AllocationProblem, **known: Any) -> FirstPass:
        limit = at_limit.limits.max_loss_probability
        searched.append(limit)
        if limit in at and known["known_weights"] is None:
            return FirstPass(3.8, stop="iteration_limit")
        return highest_expected_multiple(at_limit, **known)

    monkeypatch.setattr("optimization.solver.frontier.trace.highest_expected_multiple", search)
    return searched


def test_fewest_possible_losses_help_a_search_that_finds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched = finding_nothing_at_first(monkeypatch, at=(0.02,))

    points = trace_stretch(high_and_low(), varied="max_loss_probability", limits=(0.02, 0.5))

    # Half in each loses in 6 of 400 scenarios, and nothing loses in fewer.
    assert points[0].expected_multiple == pytest.approx(2.7225)
    assert searched == [0.5, 0.02, 0.02]


def test_fewest_possible_losses_decide_limits_where_nothing_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched = finding_nothing_at_first(monkeypatch, at=(0.0125,))

    points = trace_stretch(
        high_and_low(), varied="max_loss_probability", limits=(0.005, 0.0125, 0.5)
    )

    assert [point.status for point in points] == ["infeasible", "infeasible", "optimal"]
    assert searched == [0.5, 0.0125]


def test_limits_that_stay_open_keep_the_bound_of_the_looser_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def open_question(at_limit: AllocationProblem, *, budget: SearchBudget) -> LeastLosses:
        return LeastLosses(np.array([0.5, 0.5]), losing=frozenset(range(40)), certified=4)

    searched = finding_nothing_at_first(monkeypatch, at=(0.02, 0.015))
    monkeypatch.setattr("optimization.solver.frontier.trace.least_losses", open_question)

    points = trace_stretch(
        high_and_low(), varied="max_loss_probability", limits=(0.005, 0.015, 0.02, 0.5)
    )

    # Of 400 scenarios 2 are below the 4 certified, 6 and 8 are not.
    assert [point.status for point in points[:3]] == ["infeasible", "time_limit", "time_limit"]
    assert [point.best_bound for point in points[:3]] == [
        None,
        points[2].best_bound,
        points[2].best_bound,
    ]
    assert points[1].stopped_by == "iteration_limit"
    assert searched == [0.5, 0.02]


def test_bound_of_the_looser_neighbour_is_the_ceiling_of_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ceilings: dict[float | None, Any] = {}

    def recorded(at_limit: AllocationProblem, **known: Any) -> FirstPass:
        ceilings[at_limit.limits.max_loss_probability] = known["ceiling"]
        return highest_expected_multiple(at_limit, **known)

    monkeypatch.setattr("optimization.solver.frontier.trace.highest_expected_multiple", recorded)
    # Two scenarios; A loses in one of them.
    two = problem(["seed/a", "seed/b"], [[0.5, 2.1], [1.2, 1.2]])

    points = trace_stretch(two, varied="max_loss_probability", limits=(0.0, 0.5, 1.0))

    # With no loss at most 2/7 in A (.5 a + 1.2 (1 - a) = 1): 1.3 a + 1.2 (1 - a) = 1.22857.
    assert points[0].expected_multiple == pytest.approx(1.2 + 0.1 * 2 / 7)
    # All in A loses in half of the scenarios: what is best at 1 is best at .5.
    assert [point.expected_multiple for point in points[1:]] == [pytest.approx(1.3)] * 2
    # The ceiling has a margin of 2e-6 for what a figure and a program call a loss.
    assert ceilings == {1.0: None, 0.0: pytest.approx(1.3, abs=4e-6)}


def test_equal_stretches_get_equal_points() -> None:
    def without_seconds(points: tuple[FrontierPoint, ...]) -> list[dict[str, object]]:
        return [point.as_json() | {"seconds": 0.0} for point in points]

    one, other = (
        trace_stretch(tiny_problem(2), varied="max_loss_probability", limits=(0.0, 0.25, 0.5))
        for _ in range(2)
    )

    assert without_seconds(one) == without_seconds(other)


def test_order_of_buckets_has_no_say_in_the_points() -> None:
    forward = tiny_problem(5)
    backward = problem(
        forward.bucket_keys[::-1],
        forward.multiples[::-1],
        settings=forward.settings,
        max_loss_probability=forward.limits.max_loss_probability,
        cvar=forward.limits.cvar,
        max_bucket_weight=forward.limits.max_bucket_weight,
        stages=forward.limits.stages,
    )

    one, other = (
        trace_stretch(built, varied="cvar", limits=(0.1, 0.2, 0.4)) for built in (forward, backward)
    )

    assert [point.weights for point in one] == [point.weights for point in other]


def test_point_survives_being_written_as_json() -> None:
    for point in points_of_market():
        assert FrontierPoint.from_json(point.as_json()) == point


def test_search_that_runs_out_of_time_leaves_a_true_bound() -> None:
    ticks = iter(range(10**9))
    built = market_problem(settings=SolverSettings(mip_gap=0.0, time_limit_seconds=1.0))

    # The clock gains a second at every look, so no search gets far.
    points = trace_stretch(
        built,
        varied="max_loss_probability",
        limits=LOSS_GRID,
        clock=lambda: float(next(ticks)),
    )

    reference = {point.limit: point for point in points_of_market()}
    assert "time_limit" in {point.status for point in points}
    for point in points:
        if point.status == "time_limit":
            assert point.stopped_by == "time_limit"
            assert point.bound >= reference[point.limit].multiple - SAME_OPTIMUM


def test_stop_ends_the_stretch() -> None:
    with pytest.raises(SolveInterrupted):
        trace_stretch(tiny_problem(0), varied="cvar", limits=(0.2, 0.3), should_stop=lambda: True)


def test_points_are_announced_as_they_are_done() -> None:
    heard: list[int] = []

    trace_stretch(tiny_problem(0), varied="cvar", limits=(0.2, 0.3, 0.4), on_solved=heard.append)

    assert heard == [1, 2, 3]


def test_limits_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValueError, match="must ascend"):
        trace_stretch(tiny_problem(0), varied="cvar", limits=(0.3, 0.2))


def test_cvar_frontier_keeps_the_limit_on_loss_probability() -> None:
    built = high_and_low(max_loss_probability=0.1)

    # Half in each has .45x in 6 scenarios; CVaR95 is 6 * .55 / 20 = .165.
    for point in trace_stretch(built, varied="cvar", limits=(0.17, 0.3, 0.9)):
        assert np.isclose(point.expected_multiple or 0, 2.7225)
        assert point.loss_probability == 6 / 400
