"""manage.py trace_frontier: what comes out, and the exit codes."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from optimization.management.commands import trace_frontier
from optimization.solver.frontier.point import FrontierPoint
from tests.optimization.solver.problems import high_and_low

GRID = ("--limit", "max_loss_probability", "--from", "0.01", "--to", "0.05", "--points", "5")


def trace(folder: Path, *options: str, **changes: Any) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command for the two buckets High and Low."""
    built = high_and_low()
    problem = {
        "capital_usd": str(built.capital_usd),
        "buckets": [
            bucket.as_json() | {"all_in_cost_usd": str(bucket.all_in_cost_usd)}
            for bucket in built.buckets
        ],
        "multiples": built.multiples.tolist(),
    }
    path = folder / "problem.json"
    path.write_text(json.dumps(problem | changes))
    out, err = StringIO(), StringIO()
    try:
        call_command("trace_frontier", str(path), *options, stdout=out, stderr=err)
    except SystemExit as stopped:
        return int(str(stopped.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_points_are_printed_as_json_with_exit_code_0(tmp_path: Path) -> None:
    code, out, err = trace(tmp_path, *GRID)

    frontier = json.loads(out)
    assert (code, err) == (0, "")
    assert frontier["limit"] == "max_loss_probability"
    # Both lose at once in 6 of 400 scenarios, .015; half in each loses in no other: 2.7225.
    assert [(point["limit"], point["status"]) for point in frontier["points"]] == [
        (0.01, "infeasible"),
        (0.02, "optimal"),
        (0.03, "optimal"),
        (0.04, "optimal"),
        (0.05, "optimal"),
    ]
    assert frontier["points"][1]["expected_multiple"] == pytest.approx(2.7225)


def test_options_that_make_no_grid_are_named_with_exit_code_2(tmp_path: Path) -> None:
    code, out, err = trace(tmp_path, *GRID[:5], "0.05", "--to", "0.02", "--points", "99")

    assert (code, out) == (2, "")
    assert "--points: is 99, must be at least 3 and at most 41" in err


def test_bad_problem_is_named_with_exit_code_2(tmp_path: Path) -> None:
    code, out, err = trace(tmp_path, *GRID, capital_usd="-1")

    assert (code, out) == (2, "")
    assert err.startswith("capital_usd: ")


def test_frontier_that_nothing_keeps_has_exit_code_3(tmp_path: Path) -> None:
    code, out, err = trace(tmp_path, *GRID, limits={"min_expected_winners": 9999})

    assert code == 3
    assert {point["status"] for point in json.loads(out)["points"]} == {"infeasible"}
    assert "Infeasible" in err


def test_frontier_without_a_point_in_time_has_exit_code_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ran_out(_problem: object, *, limits: tuple[float, ...], **_: object) -> Any:
        return tuple(
            FrontierPoint(limit=limit, status="time_limit", best_bound=3.0, stopped_by="time_limit")
            for limit in limits
        )

    monkeypatch.setattr(trace_frontier, "trace_stretch", ran_out)
    code, _, err = trace(tmp_path, *GRID)

    assert code == 4
    assert "before an allocation was found" in err
