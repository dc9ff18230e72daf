"""The benchmark of the optimizer runs at tiny sizes; how fast anything is, is no test."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.instance_files import read_problem, write_problem
from benchmarks.optimizer import earlier_runs, main
from benchmarks.optimizer_cases import CvarCase, documented, grid
from benchmarks.optimizer_goals import goals
from benchmarks.optimizer_table import agree, cell, speed_up, tables
from benchmarks.solver_runs import Run


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("benchmark") / "report.json"
    main(["--quick", "--peers", "no such python", "--seconds", "60", "--json", str(file)])
    return file


@pytest.fixture(scope="module")
def runs(report_file: Path) -> list[dict[str, object]]:
    told: list[dict[str, object]] = json.loads(report_file.read_text())["runs"]
    return told


def test_solvers_that_are_installed_answer_every_instance(runs: list[dict[str, object]]) -> None:
    assert [(run["instance"], run["solver"]) for run in runs] == [
        *(("div 8x60 mild 0", solver) for solver in ("exact", "PuLP", "scipy")),
        *(("cvar 8x200 0", solver) for solver in ("exact", "HiGHS")),
    ]
    for run in runs:
        assert run["failure"] is None
        assert run["broken"] == []


def test_solvers_find_the_same(runs: list[dict[str, object]]) -> None:
    of_losses = [run["objective"] for run in runs[:3]]
    of_cvar = [run["objective"] for run in runs[3:]]

    # Each is within 1e-4 of the optimum; linear programs are exact.
    assert of_losses == pytest.approx([of_losses[0]] * 3, rel=1e-4)
    assert of_cvar == pytest.approx([of_cvar[0]] * 2, rel=1e-6)


def test_report_says_how_many_instances_reach_each_goal(report_file: Path) -> None:
    reached = {goal["wanted"]: goal for goal in json.loads(report_file.read_text())["goals"]}

    assert reached["solvers agree"] == {
        "wanted": "solvers agree",
        "met": 2,
        "open": 0,
        "measured": 2,
        "worst": "-",
    }


def test_runs_of_an_earlier_report_stand_in_for_those_that_are_missing(report_file: Path) -> None:
    ours = run("exact", instance="div 8x60 mild 0")

    earlier = earlier_runs(report_file, "div 8x60 mild 0", besides=[ours])

    assert [one.solver for one in earlier] == ["PuLP", "scipy"]
    assert agree([ours, *earlier])


def test_problem_comes_back_from_its_files(tmp_path: Path) -> None:
    problem = CvarCase(buckets=8, scenarios=60).problem()
    write_problem(problem, tmp_path)

    read = read_problem(tmp_path, gap=1e-3)

    assert read.buckets == problem.buckets
    assert read.limits == problem.limits
    assert np.array_equal(read.multiples, problem.multiples)
    assert read.settings.mip_gap == 1e-3


def test_more_scenarios_than_a_request_may_have_are_read_too(tmp_path: Path) -> None:
    # The limit on CVaR of a small law is known from its first thousand scenarios.
    problem = CvarCase(buckets=8, scenarios=6_000).problem()
    write_problem(problem, tmp_path)

    assert read_problem(tmp_path, gap=1e-4).scenarios == 6_000


def test_documented_instances_are_of_the_grid() -> None:
    assert {case.name for case in documented()} <= {case.name for case in grid()}


def run(solver: str, **told: Any) -> Run:
    halves = {"wall_seconds": 0.5, "processor_seconds": 0.5}
    return Run(**{"instance": "small", "solver": solver} | halves | told)


def proved(solver: str, multiple: float, **told: Any) -> Run:
    return run(solver, objective=multiple, bound=multiple, gap=0.0, **told)


def test_bound_below_a_multiple_that_was_found_is_no_agreement() -> None:
    good, nothing = run("a", objective=2.0, bound=2.1), run("b", bound=2.05)

    assert agree([good, nothing])
    assert agree([nothing])
    assert not agree([good, run("b", objective=1.9, bound=1.99)])


def test_multiple_of_weights_that_break_a_limit_contradicts_nothing() -> None:
    assert agree([proved("a", 2.0), run("b", objective=2.1, broken=("cvar",))])


def test_linear_programs_agree_when_their_optima_are_equal() -> None:
    assert agree([run("a", objective=2.0), run("b", objective=2.0 + 1e-7)])
    assert not agree([run("a", objective=2.0), run("b", objective=2.0 + 1e-4)])


def test_speed_up_is_a_lower_bound_where_the_peer_did_not_finish() -> None:
    ours = proved("a", 2.0, processor_seconds=0.5)

    assert speed_up(ours, proved("b", 2.0, processor_seconds=4.0)) == "8x"
    late = run("b", processor_seconds=15.0, objective=1.9, bound=2.1, gap=0.1)
    assert speed_up(ours, late) == ">30x"
    assert speed_up(late, ours) == "-"


def test_cell_says_what_is_open_or_wrong() -> None:
    assert cell(proved("a", 2.0)) == "0.5 s"
    assert cell(run("a", objective=2.0, bound=2.01, gap=0.005)) == "0.5 s, gap 0.5 %"
    assert cell(run("a", bound=2.0)) == "0.5 s, nothing found"
    assert cell(proved("a", 2.0, broken=("cvar",))) == "0.5 s, breaks cvar"
    assert cell(run("a", failure="not installed")) == "not installed"


def test_table_has_a_line_for_each_instance() -> None:
    assert tables([proved("a", 2.0), run("b", bound=2.5, processor_seconds=4.0)]).splitlines() == [
        "| instance | a | b | a faster by | agree |",
        "|---|---|---|---|---|",
        "| small | 0.5 s | 4 s, nothing found | >8x | yes |",
    ]


def instance_runs(name: str, *, ours: float, peer: float) -> Iterator[Run]:
    yield proved("exact", 2.0, instance=name, processor_seconds=ours)
    yield proved("PuLP", 2.0, instance=name, processor_seconds=peer)


def test_goal_counts_the_instances_that_reach_it_and_names_the_worst() -> None:
    measured = [
        *instance_runs("div 50x400 strong 0", ours=0.5, peer=5.0),
        *instance_runs("div 50x400 strong 1", ours=3.0, peer=6.0),
    ]

    lines = {goal.wanted: goal.line() for goal in goals(measured)}

    in_time = "div 50x400 strong: proved in <= 2 s"
    faster = "div 50x400 strong: >= 8x faster than PuLP"
    assert lines[in_time] == f"{in_time}: 1 of 2; worst 3.00 s"
    assert lines[faster] == f"{faster}: 1 of 2; worst 2x"


def test_instance_that_was_not_proved_misses_its_goal() -> None:
    late = run("exact", instance="div 50x400 mild 0", objective=2.0, bound=2.01, gap=5e-3)

    in_time = next(goal for goal in goals([late]) if "proved in" in goal.wanted)

    assert (in_time.met, in_time.measured) == (0, 1)
    assert in_time.worst == "unproved: div 50x400 mild 0"


def test_peer_that_did_not_finish_leaves_a_ratio_below_the_goal_open() -> None:
    name = "div 50x400 mild 0"
    ours = proved("exact", 2.0, instance=name, processor_seconds=3.0)
    peer = run("PuLP", instance=name, processor_seconds=15.0, objective=1.9, bound=2.1, gap=0.1)

    faster = next(goal for goal in goals([ours, peer]) if "faster than PuLP" in goal.wanted)

    assert faster.line().endswith("0 of 1, 1 not known; worst >5x")
