"""Problems that cannot be solved as stated: exit code 2 and one line a fault, at its JSON path."""

import json
from collections.abc import Callable
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

Problem = dict[str, Any]
Change = Callable[[Problem], object]

LONGEST_LINE = 200


def sound_problem() -> Problem:
    """Four buckets, two stages, two sectors, four scenarios, a limit of every kind."""
    return {
        "capital_usd": "100000000",
        "buckets": [
            {
                "key": f"{stage}/{sector}",
                "stage": stage,
                "sector": sector,
                "all_in_cost_usd": 2_000_000,
                "deal_win_probability": 0.05,
                "expected_multiple": 2.0,
            }
            for stage in ("seed", "series_a")
            for sector in ("saas", "bio")
        ],
        "multiples": [[2, 3, 0.5, 1.5], [1, 2, 3, 0.9], [1.2, 1.1, 2, 3], [1.5, 1, 1, 2]],
        "limits": {
            "max_loss_probability": 0.5,
            "cvar": {"confidence": 0.75, "max": 0.5},
            "min_expected_winners": 1,
            "max_bucket_weight": 0.6,
            "stages": {"seed": {"min": 0.1, "max": 0.8}},
            "sectors": {"bio": {"min": 0.1, "max": 0.9}},
        },
    }


def printed(path: Path) -> tuple[int, str, list[str]]:
    """Exit code, stdout and the lines of stderr of ``solve_allocation``."""
    out, err = StringIO(), StringIO()
    try:
        call_command("solve_allocation", str(path), stdout=out, stderr=err)
    except SystemExit as stopped:
        return int(str(stopped.code)), out.getvalue(), err.getvalue().splitlines()
    return 0, out.getvalue(), err.getvalue().splitlines()


def refusal(folder: Path, problem: object) -> list[str]:
    """The lines that are printed about a problem that is refused."""
    path = folder / "problem.json"
    path.write_text(json.dumps(problem), encoding="utf-8")
    code, out, lines = printed(path)
    assert (code, out) == (2, "")
    assert all(len(line) <= LONGEST_LINE for line in lines)
    return lines


def test_problem_that_the_faults_are_put_into_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(sound_problem()), encoding="utf-8")

    assert printed(path)[0] == 0


def put(path: str, value: object) -> Change:
    """Replaces the member at a dotted path."""

    def change(problem: Problem) -> None:
        *parents, last = [int(n) if n.isdecimal() else n for n in path.split(".")]
        place: Any = problem
        for name in parents:
            place = place[name]
        place[last] = value

    return change


NAN, INFINITY = float("nan"), float("inf")
ONE_FAULT: dict[str, tuple[Change, str, str]] = {
    "no bucket": (put("buckets", []), "buckets", "at least one bucket"),
    "no scenario": (put("multiples", [[], [], [], []]), "multiples", "no scenarios"),
    "no row of multiples": (put("multiples", []), "multiples", "0 rows of scenarios for 4 buckets"),
    "NaN among multiples": (put("multiples.2.1", NAN), "multiples[2][1]", "finite"),
    "infinity among multiples": (put("multiples.0.3", INFINITY), "multiples[0][3]", "finite"),
    "NaN as a limit": (put("limits.cvar.max", NAN), "limits.cvar.max", "finite"),
    "NaN as an expected multiple": (
        put("buckets.1.expected_multiple", NAN),
        "buckets[1].expected_multiple",
        "finite",
    ),
    "negative multiple": (put("multiples.3.0", -0.01), "multiples[3][0]", "at least 0"),
    "fewer rows than buckets": (
        lambda problem: problem["multiples"].pop(),
        "multiples",
        "3 rows of scenarios for 4 buckets",
    ),
    "a row that is too short": (
        lambda problem: problem["multiples"][1].pop(),
        "multiples",
        "same number of scenarios",
    ),
    "minimum over maximum of a stage": (
        put("limits.stages.seed", {"min": 0.8, "max": 0.1}),
        "limits.stages.seed.min",
        "must not exceed max 0.1",
    ),
    "minimum over maximum of a sector": (
        put("limits.sectors.bio", {"min": 0.5, "max": 0.4}),
        "limits.sectors.bio.min",
        "must not exceed max 0.4",
    ),
    "minimums that sum to more than 1": (
        put("limits.stages", {"seed": {"min": 0.6}, "series_a": {"min": 0.5}}),
        "limits.stages",
        "add up to 1.1, over 1",
    ),
    "maximums that sum to less than 1": (
        put("limits.sectors", {"saas": {"max": 0.3}, "bio": {"max": 0.6}}),
        "limits.sectors",
        "only 0.9 of the capital",
    ),
    "bucket maximum below 1/B": (
        put("limits.max_bucket_weight", 0.2),
        "limits.max_bucket_weight",
        "only 0.8 of the capital",
    ),
    "confidence of 1": (put("limits.cvar.confidence", 1), "limits.cvar.confidence", "below 1"),
    "confidence of 0": (put("limits.cvar.confidence", 0), "limits.cvar.confidence", "above 0"),
    "loss probability below 1/S": (
        put("limits.max_loss_probability", 0.2),
        "limits.max_loss_probability",
        "less than one of 4 scenarios",
    ),
    "loss probability above 1": (
        put("limits.max_loss_probability", 1.5),
        "limits.max_loss_probability",
        "at most 1",
    ),
    "a key twice": (
        put("buckets.3.key", "seed/saas"),
        "buckets[3].key",
        "already used by buckets[0]",
    ),
    "text for capital": (put("capital_usd", "a lot"), "capital_usd", "amount in dollars"),
    "text for a multiple": (put("multiples.0.0", "2"), "multiples[0][0]", "must be a number"),
    "text for a limit": (
        put("limits.min_expected_winners", "two"),
        "limits.min_expected_winners",
        "must be a number",
    ),
    "text for a probability": (
        put("buckets.0.deal_win_probability", "0.05"),
        "buckets[0].deal_win_probability",
        "must be a number",
    ),
    "nothing for a multiple": (put("multiples.0.0", None), "multiples[0][0]", "must be a number"),
    "huge multiple": (put("multiples.1.1", 1e300), "multiples[1][1]", "at most 1e+06"),
    "huge whole number as a multiple": (put("multiples.1.1", 10**400), "multiples", "too large"),
    "huge capital": (put("capital_usd", 10**30), "capital_usd", "below 1e15"),
    "huge whole number as a limit": (
        put("limits.min_expected_winners", 10**400),
        "limits.min_expected_winners",
        "finite",
    ),
    "huge cost": (
        put("buckets.2.all_in_cost_usd", 1e200),
        "buckets[2].all_in_cost_usd",
        "below 1e15",
    ),
    "more than 100 buckets": (
        lambda problem: problem.update(
            buckets=[problem["buckets"][0] | {"key": f"seed/{n}"} for n in range(101)],
            multiples=[[1, 2]] * 101,
            limits={},
        ),
        "buckets",
        "at most 100",
    ),
    "more than 5,000 scenarios": (
        put("multiples", [[1.5] * 5001] * 4),
        "multiples",
        "at most 5000 scenarios",
    ),
}


@pytest.mark.parametrize(
    ("change", "path", "words"), [pytest.param(*case, id=name) for name, case in ONE_FAULT.items()]
)
def test_fault_gets_one_line_at_its_path(
    change: Change, path: str, words: str, tmp_path: Path
) -> None:
    problem = sound_problem()
    change(problem)

    lines = refusal(tmp_path, problem)

    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{path}: ")
    assert words in lines[0]


def test_empty_problem_names_everything_that_is_missing(tmp_path: Path) -> None:
    lines = refusal(tmp_path, {})

    assert [line.partition(":")[0] for line in lines] == ["capital_usd", "buckets", "multiples"]


def test_empty_file_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_text("")

    code, out, lines = printed(path)

    assert (code, out, len(lines)) == (2, "", 1)
    assert "not valid JSON" in lines[0]


def test_faults_of_several_kinds_get_a_line_each(tmp_path: Path) -> None:
    problem = sound_problem()
    for change in (
        put("capital_usd", "a lot"),
        put("buckets.2.deal_win_probability", 2),
        put("multiples.0.0", -1),
        put("limits.cvar.confidence", 1),
        put("limits.stages.seed", {"min": 0.8, "max": 0.1}),
    ):
        change(problem)

    lines = refusal(tmp_path, problem)

    assert [line.partition(": ")[0] for line in lines] == [
        "capital_usd",
        "buckets[2].deal_win_probability",
        "multiples[0][0]",
        "limits.cvar.confidence",
        "limits.stages.seed.min",
    ]


def test_faults_in_a_matrix_file_are_named_by_its_field(tmp_path: Path) -> None:
    problem = sound_problem() | {"multiples_file": "m.npy"}
    del problem["multiples"]
    matrices = {
        "multiples_file[1][0]: is nan, must be a finite number": [[1, 2], [NAN, 1], [1, 1], [2, 2]],
        "multiples_file[0][1]: is -2, must be at least 0": [[1, -2], [1, 1], [1, 1], [2, 2]],
        "multiples_file: has 1 rows of scenarios for 4 buckets, must have one row per bucket": [
            [1, 2]
        ],
    }

    for line, matrix in matrices.items():
        np.save(tmp_path / "m.npy", np.array(matrix, dtype=np.float32))
        assert refusal(tmp_path, deepcopy(problem)) == [line]


def test_names_with_line_breaks_do_not_break_the_lines(tmp_path: Path) -> None:
    problem = sound_problem()
    problem["limits"]["sectors"] = {"bio\nlimits.cvar: is fine": {"max": 0.5}}

    assert len(refusal(tmp_path, problem)) == 1
