"""manage.py solve_allocation: what goes in, what comes out, and the exit codes."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
from django.core.management import call_command

from optimization.management.commands import solve_allocation
from optimization.solver.allocation import Allocation, SolverRun

ROOT = Path(__file__).resolve().parents[3]
PROBLEM: dict[str, Any] = {
    "capital_usd": "100000000.01",
    "buckets": [
        {
            "key": key,
            "stage": "seed",
            "sector": key.split("/")[1],
            "all_in_cost_usd": 2_000_000,
            "deal_win_probability": 0.05,
        }
        for key in ("seed/saas", "seed/bio")
    ],
    "multiples": [[0.5, 3.0, 4.0, 2.0], [1.0, 1.5, 1.5, 1.5]],
    "limits": {"max_loss_probability": 0.25, "max_bucket_weight": 0.7},
}


def run(path: Path, *options: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command."""
    out, err = StringIO(), StringIO()
    try:
        call_command("solve_allocation", str(path), *options, stdout=out, stderr=err)
    except SystemExit as stopped:
        return int(str(stopped.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def solve(folder: Path, problem: object, *options: str) -> tuple[int, str, str]:
    path = folder / "problem.json"
    path.write_text(problem if isinstance(problem, str) else json.dumps(problem))
    return run(path, *options)


def test_allocation_is_printed_as_json_with_exit_code_0(tmp_path: Path) -> None:
    code, out, err = solve(tmp_path, PROBLEM)

    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result["status"] == "optimal"
    assert list(result["weights"]) == ["seed/saas", "seed/bio"]
    assert sum(map(Decimal, result["dollars"].values())) == Decimal("100000000.01")
    # The bucket maximum holds: .7 * 2.375 + .3 * 1.375.
    assert result["first_pass_expected_multiple"] == pytest.approx(2.075, abs=1e-9)
    assert [row["id"] for row in result["constraints"]] == [
        "max_loss_probability",
        "max_bucket_weight",
    ]


def test_every_field_of_the_contract_is_printed(tmp_path: Path) -> None:
    result = json.loads(solve(tmp_path, PROBLEM)[1])

    assert set(result) >= {
        "status", "weights", "dollars", "expected_multiple", "first_pass_expected_multiple",
        "best_bound", "mip_gap", "loss_probability", "cvar", "expected_winners", "relaxations",
        "constraints", "solver",
    }  # fmt: skip
    assert set(result["constraints"][0]) == {
        "id", "type", "requested", "granted", "actual", "slack", "satisfied", "relaxed", "binding",
    }  # fmt: skip
    assert set(result["solver"]) >= {
        "name", "version", "settings", "seconds", "nodes", "iterations",
    }  # fmt: skip


def test_bad_input_prints_a_line_per_fault_with_exit_code_2(tmp_path: Path) -> None:
    faulty = PROBLEM | {
        "capital_usd": -1,
        "colour": "red",
        "limits": {"sectors": {"crypto": {"max": 0.5}}},
    }

    code, out, err = solve(tmp_path, faulty)

    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "capital_usd: is -1, must be above 0 USD",
        "limits.sectors.crypto: is not among the fund's sectors: bio, saas",
        "colour: is not a field; known: buckets, capital_usd, limits, mip_gap, multiples, "
        "multiples_file, primary_lock_epsilon, relax, time_limit_seconds",
    ]


def test_numbers_that_are_not_finite_are_refused_by_field(tmp_path: Path) -> None:
    faulty = PROBLEM | {
        "capital_usd": float("nan"),
        "multiples": [[0.5, float("inf"), 4.0, 2.0], [1.0, 1.5, 1.5, 1.5]],
        "limits": {"max_loss_probability": float("-inf")},
    }

    code, out, err = solve(tmp_path, faulty)

    assert (code, out) == (2, "")
    assert sorted(err.splitlines()) == [
        "capital_usd: is nan, must be a finite number",
        "limits.max_loss_probability: is -inf, must be a finite number",
        "multiples[0][1]: is inf, must be a finite number",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"capital_usd": 1, "capital_usd": 2}', "names capital_usd are repeated"),
        ('{"capital_usd": 1', "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "must be an object"),
    ],
)
def test_text_that_is_no_problem_ends_with_exit_code_2(
    text: str, words: str, tmp_path: Path
) -> None:
    code, out, err = solve(tmp_path, text)

    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_absent_or_binary_file_ends_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")

    assert run(tmp_path / "absent.json")[0] == 2
    assert run(tmp_path / "binary.json")[0] == 2
    assert run(tmp_path)[0] == 2


def test_infeasible_problem_ends_with_exit_code_3_and_says_why(tmp_path: Path) -> None:
    code, out, err = solve(tmp_path, PROBLEM | {"limits": {"min_expected_winners": 9}})

    result = json.loads(out)
    assert code == 3
    assert result["status"] == "infeasible"
    assert result["weights"] == {}
    assert "the most that any reaches is 2.5" in result["infeasibility"]
    assert result["infeasibility"] in err


def test_infeasible_problem_that_may_be_relaxed_ends_with_exit_code_0_and_its_relaxations(
    tmp_path: Path,
) -> None:
    # The only bucket loses in 2 of 10 scenarios and has 50 deals with a win probability of .05.
    infeasible = {
        "capital_usd": "100000000.00",
        "buckets": [
            {
                "key": "seed/saas",
                "stage": "seed",
                "sector": "saas",
                "all_in_cost_usd": "2000000.00",
                "deal_win_probability": 0.05,
            }
        ],
        "multiples": [[0.5, 0.5, *[2.0] * 8]],
        "limits": {"max_loss_probability": 0.10, "min_expected_winners": 3},
        "relax": True,
    }

    code, out, err = solve(tmp_path, infeasible)

    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result["status"] == "relaxed"
    assert result["weights"] == {"seed/saas": 1.0}
    proved = {"is_minimal": True}
    assert result["relaxations"] == [
        {
            "constraint": "max_loss_probability",
            "requested": 0.10,
            "granted": 0.20,
            "tightest_possible": 0.20,
            **proved,
        },
        {
            "constraint": "min_expected_winners",
            "requested": 3.0,
            "granted": 2.5,
            "tightest_possible": 2.5,
            **proved,
        },
    ]


def test_time_limit_without_an_allocation_ends_with_exit_code_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran_out = Allocation(
        status="time_limit",
        best_bound=2.375,
        cvar_confidence=0.95,
        solver=SolverRun(
            name="HiGHS",
            version="1",
            settings={},
            seconds=1.0,
            nodes=0,
            iterations=7,
            second_pass=None,
        ),
    )
    monkeypatch.setattr(solve_allocation, "allocate", lambda _, **__: ran_out)

    code, out, err = solve(tmp_path, PROBLEM)

    result = json.loads(out)
    assert code == 4
    assert (result["status"], result["weights"], result["best_bound"]) == ("time_limit", {}, 2.375)
    assert "time limit" in err


def test_matrix_file_is_found_beside_the_problem_from_anywhere(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array(PROBLEM["multiples"], dtype=np.float32))
    problem = {name: value for name, value in PROBLEM.items() if name != "multiples"}

    code, out, _ = solve(tmp_path, problem | {"multiples_file": "m.npy"})

    assert code == 0
    assert json.loads(out)["weights"] == json.loads(solve(tmp_path, PROBLEM)[1])["weights"]


def test_command_needs_no_environment_database_or_redis(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(PROBLEM))

    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "solve_allocation", path],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "optimal"


def test_reference_method_finds_the_same_and_says_which_it_was(tmp_path: Path) -> None:
    exact, reference = (
        json.loads(solve(tmp_path, PROBLEM, "--method", method)[1])
        for method in ("exact", "reference")
    )

    assert (exact["solver"]["method"], reference["solver"]["method"]) == ("exact", "reference")
    # Both are proved to a gap of 1e-4 here and exact to the solver's 1e-9 on so small a problem.
    assert reference["weights"] == pytest.approx(exact["weights"], abs=1e-9)
    assert reference["first_pass_expected_multiple"] == pytest.approx(2.075, abs=1e-9)


@pytest.mark.parametrize("name", ["model.mps", "model.lp"])
def test_exported_model_has_the_optimum_of_the_problem(tmp_path: Path, name: str) -> None:
    code, out, err = solve(tmp_path, PROBLEM, "--export", str(tmp_path / name))

    assert (code, out, err) == (0, "", "")
    reader: Any = highspy.Highs
    highs = reader()
    highs.silent()
    assert highs.readModel(str(tmp_path / name)) == highspy.HighsStatus.kOk
    highs.run()
    # 70 % in saas, the bucket maximum: .7 * 2.375 + .3 * 1.375, see docs/commands.md.
    assert abs(highs.getObjectiveValue()) == pytest.approx(2.075, abs=1e-6)


@pytest.mark.parametrize("name", ["model.txt", "no/such/folder/model.lp"])
def test_export_to_another_form_or_nowhere_ends_with_exit_code_2(tmp_path: Path, name: str) -> None:
    code, out, err = solve(tmp_path, PROBLEM, "--export", str(tmp_path / name))

    assert (code, out) == (2, "")
    assert err.startswith("--export: ")
