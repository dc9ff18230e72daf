"""What the page of a frontier says, from points made up for it."""

from typing import Any

import pytest

from optimization.frontier.chart import frontier_chart
from optimization.frontier.page import (
    allocation_rows,
    finding,
    frontier_context,
    point_rows,
    request_rows,
)

EVEN = {"seed/saas": 0.5, "series_a/saas": 0.5}
LATE = {"seed/saas": 0.0, "series_a/saas": 1.0}
BUCKETS = [
    {"key": "seed/saas", "stage": "seed", "stage_label": "Seed", "sector_label": "SaaS"},
    {
        "key": "series_a/saas",
        "stage": "series_a",
        "stage_label": "Series A",
        "sector_label": "SaaS",
    },
]


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def point(limit: float, multiple: float | None, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "limit": limit,
        "status": "optimal",
        "weights": EVEN,
        "expected_multiple": multiple,
        "best_bound": multiple,
        "mip_gap": 0.0001,
        "loss_probability": limit,
        "cvar": 0.4,
        "expected_winners": 1.5,
        "stopped_by": None,
        "out_of_sample": {
            "loss_probability": estimate(limit + 0.02),
            "cvar": estimate(0.45),
            "mean_multiple": estimate(2.0),
        },
    }
    return {**found, **changes}


def nothing(limit: float, status: str, **changes: Any) -> dict[str, Any]:
    without = dict.fromkeys(
        ("expected_multiple", "mip_gap", "loss_probability", "cvar", "expected_winners")
    )
    return point(limit, None, status=status, weights={}, out_of_sample=None, **without, **changes)


def frontier(*points: dict[str, Any]) -> dict[str, Any]:
    return {"limit": "max_loss_probability", "cvar_confidence": 0.95, "points": list(points)}


RISING = frontier(
    nothing(0.1, "infeasible", best_bound=None),
    point(0.2, 1.8),
    point(0.3, 2.0),
    point(0.4, 2.0),
)


def test_finding_says_what_the_limit_is_worth_and_where_that_ends() -> None:
    assert finding(RISING) == (
        "Loss probability of 30.0% instead of 20.0% is worth 0.20x of expected multiple"
    )


def test_finding_of_a_flat_frontier_says_that_the_limit_costs_nothing() -> None:
    flat = frontier(point(0.2, 2.0), point(0.3, 2.00001))

    assert finding(flat) == "Loss probability costs nothing from 20.0% on"


@pytest.mark.parametrize(
    ("shown", "state", "tone"),
    [
        (point(0.2, 1.8), "proved within 0.01%", ""),
        (nothing(0.1, "infeasible", best_bound=None), "no allocation exists", ""),
        (
            point(0.2, 1.8, status="time_limit", stopped_by="time_limit", mip_gap=0.004),
            "proved within 0.40%, stopped by the time limit",
            "warning",
        ),
        (
            nothing(0.1, "time_limit", best_bound=2.0, stopped_by="iteration_limit"),
            "nothing found, stopped by the budget of iterations",
            "warning",
        ),
    ],
)
def test_state_of_a_point_is_in_words(shown: dict[str, Any], state: str, tone: str) -> None:
    (row,) = point_rows(frontier(shown))

    assert (row.state, row.tone) == (state, tone)


def test_points_that_share_an_allocation_stand_in_one_row() -> None:
    result = {
        "buckets": BUCKETS,
        "frontier": frontier(point(0.2, 1.8), point(0.3, 1.8), point(0.4, 2.0, weights=LATE)),
    }

    rows = allocation_rows(result)

    assert [(row.limits, row.weights) for row in rows] == [
        ("20.0% to 30.0%", "Seed SaaS 50.0%; Series A SaaS 50.0%"),
        ("40.0%", "Series A SaaS 100.0%"),
    ]
    assert [(part.x, part.width) for part in rows[0].parts] == [(0.0, 50.0), (50.0, 50.0)]


def test_band_between_two_points_reaches_from_the_tighter_found_to_the_looser_bound() -> None:
    chart = frontier_chart(
        frontier(point(0.2, 1.8), point(0.3, 2.0, best_bound=2.1)), width=830.0, height=320.0
    )

    (step,) = chart.band
    tighter, looser = chart.found
    assert (step.x, step.x + step.width) == (tighter.x, looser.x)
    assert step.y + step.height == pytest.approx(tighter.y)
    # A bound of 2.1 stands above a point at 2.0, and pixels count from the top.
    assert step.y < looser.y < tighter.y


def test_everything_drawn_is_inside_the_grid() -> None:
    chart = frontier_chart(RISING, width=358.0, height=260.0)

    dots = [*chart.found, *chart.fresh]
    assert all(chart.frame.left <= dot.x <= chart.frame.right for dot in dots)
    assert all(10.0 <= dot.y <= 238.0 for dot in dots)


def test_frontier_of_one_multiple_can_be_drawn() -> None:
    chart = frontier_chart(frontier(point(0.2, 2.0), point(0.3, 2.0)), width=830.0, height=320.0)

    assert chart.found[0].y == chart.found[1].y


def test_points_above_their_limit_on_fresh_scenarios_are_counted() -> None:
    kept = {**point(0.4, 2.0)["out_of_sample"], "loss_probability": estimate(0.39)}
    shown = frontier(*RISING["points"][:3], point(0.4, 2.0, out_of_sample=kept))
    context = frontier_context({"frontier": shown, "buckets": BUCKETS})

    assert (context["points_above_limit"], context["measured_points"]) == (2, 3)


@pytest.mark.parametrize(
    ("status", "stopped_by", "helps"),
    [
        ("time_limit", "time_limit", True),
        ("time_limit", "iteration_limit", False),
        ("time_limit", "node_limit", False),
        # Another point proved it after its own search had been stopped.
        ("optimal", "time_limit", False),
    ],
)
def test_more_time_is_advised_only_where_time_ended_a_search(
    status: str, stopped_by: str, helps: bool
) -> None:
    shown = frontier(point(0.2, 1.8, status=status, stopped_by=stopped_by), point(0.3, 2.0))

    context = frontier_context({"frontier": shown, "buckets": BUCKETS})
    assert context["more_time_may_help"] is helps


def test_request_rows_say_which_limit_is_varied() -> None:
    asked = {"limit": "cvar", "from": 0.2, "to": 0.4, "points": 5}

    assert request_rows({"frontier": asked}) == [("Frontier of CVaR", "20.0% to 40.0%, 5 points")]
    assert request_rows({"frontier": None}) == []
    assert request_rows({}) == []
