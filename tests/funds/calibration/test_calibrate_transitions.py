"""The command: what it prints, how it refuses, and that it needs nothing but a file."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.funds.calibration.worked_example import HEADER, LINES, csv_of

AS_OF = ("--as-of", "2025-12-31")
PRINTED = 1e-4


@pytest.fixture
def rounds(tmp_path: Path) -> Path:
    path = tmp_path / "rounds.csv"
    path.write_bytes(csv_of(LINES))
    return path


def printed(*arguments: object) -> str:
    output = io.StringIO()
    call_command("calibrate_transitions", *map(str, arguments), stdout=output)
    return output.getvalue()


def refusal(*arguments: object) -> list[str]:
    """Lines on stderr of a run that must end with exit code 2 and print nothing."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("calibrate_transitions", *map(str, arguments), stdout=output, stderr=errors)
    assert stopped.value.code == 2
    assert output.getvalue() == ""
    return errors.getvalue().splitlines()


def run_alone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """In a process with an empty environment: no database, Redis, secret key or settings."""
    return subprocess.run(
        [sys.executable, "manage.py", "calibrate_transitions", *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )


def seed_of(output: str) -> dict[str, Any]:
    seed: dict[str, Any] = json.loads(output)["stages"][0]
    return seed


def test_worked_example_comes_out_of_an_empty_environment(rounds: Path) -> None:
    run = run_alone(rounds, *AS_OF, "--json")

    assert (run.returncode, run.stderr) == (0, "")
    seed = seed_of(run.stdout)
    # 35/216, 122/216 and 59/216 in the long run; 13/54, 1/9 and 35/54 within 2.1 years.
    rates = {
        horizon: [seed[horizon][fate]["rate"] for fate in ("exit", "graduate", "fail", "stay")]
        for horizon in ("eventual", "per_round")
    }
    assert rates["eventual"] == pytest.approx([0.1620, 0.5648, 0.2731, 0.0], abs=PRINTED)
    assert rates["per_round"] == pytest.approx([0.0, 0.2407, 0.1111, 0.6481], abs=PRINTED)
    # (7 x 13/54 + 20 x .46) / 27.
    assert seed["shrunk"]["graduate"] == pytest.approx(10.885185 / 27, abs=1e-6)


def test_bad_rows_are_refused_in_an_empty_environment(tmp_path: Path) -> None:
    path = tmp_path / "rounds.csv"
    path.write_bytes(csv_of([",seed,03/04/2025,,", "acme,angel,2020-01-01,2021-01-01,"]))

    run = run_alone(path, *AS_OF)

    assert (run.returncode, run.stdout) == (2, "")
    assert [line.split(":")[0] for line in run.stderr.splitlines()] == [
        "row 2, column company",
        "row 2, column date",
        "row 3, column stage",
        "row 3, column proceeds_usd",
    ]


def test_table_shows_rates_with_their_standard_errors(rounds: Path) -> None:
    lines = printed(rounds, *AS_OF).splitlines()

    seed = lines[lines.index("seed; spells: 10 (1 exit, 4 graduate, 2 fail, 3 open)") :]
    assert seed[1].split() == ["exit", "graduate", "fail", "stay"]
    assert seed[3].split() == ["benchmark", "per", "round", "0.0900", "0.4600", "0.3700", "0.0800"]
    long_run = next(line for line in seed if line.strip().startswith("in the long run"))
    # Standard errors in four decimals round to the published .15, .19 and .17.
    rates = long_run.split(")", 1)[1].replace("(", " ").replace(")", " ").split()
    assert [float(rate) for rate in rates[:6:2]] == [0.1620, 0.5648, 0.2731]
    assert [round(float(error), 2) for error in rates[1:6:2]] == [0.15, 0.19, 0.17]
    assert rates[6:] == ["0.0000", "-"]


def test_columns_of_the_table_stand_below_each_other(rounds: Path) -> None:
    lines = printed(rounds, *AS_OF).splitlines()

    rates = [line for line in lines if line.lstrip().startswith(("per round", "shrunk", "in the"))]
    # Labels are 34 characters wide and may have a point of their own.
    points = {line.index(".", 34) for line in rates}
    assert len(rates) >= 6
    assert len(points) == 1


def test_table_says_what_is_unknown_and_where_multiples_come_from(rounds: Path) -> None:
    output = printed(rounds, *AS_OF)

    assert "  no estimate per round: no company was seen at this stage" in output
    assert "  exit multiples: the benchmark's, for the file has no column invested_usd" in output


def test_table_names_the_choices_made(rounds: Path) -> None:
    output = printed(rounds, *AS_OF, "--observed-from", "2021-01-01", "--zombie-years", "4")

    assert "The record begins on 2021-01-01; 3 spells were over before it" in output
    assert "Companies without a round for 4 years count as failed" in output


def test_multiples_are_shown_when_there_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "rounds.csv"
    lines = [f"e{n},seed,2020-01-01,2023-01-01,{n}000,1000" for n in range(1, 11)]
    path.write_bytes(
        csv_of([*lines, "old,pre_seed,2020-01-01,,,5"], header=HEADER + ",invested_usd")
    )

    output = printed(path, *AS_OF)
    assert "  exit multiples of 10 first cheques: median 5.00, P90 9.00" in output
    assert "  exit multiples: none, for 0 exits are too few, 10 are needed" in output


def test_options_reach_the_estimate(rounds: Path) -> None:
    def counted(*options: str) -> dict[str, Any]:
        return seed_of(printed(rounds, *AS_OF, "--json", *options))

    assert counted()["open_spells"] == 3
    # c08 and c10 have been silent for a year, c09 for exactly one.
    assert counted("--zombie-years", "1")["open_spells"] == 0
    assert counted("--entered-from", "2020-01-01")["spells"] == 5
    assert counted("--entered-until", "2018-12-31")["spells"] == 2
    assert counted("--observed-from", "2021-01-01")["spells"] == 7
    assert seed_of(printed(rounds, "--as-of", "2024-12-30", "--json"))["spells"] == 9


def test_every_fault_of_the_options_has_a_line(rounds: Path) -> None:
    assert refusal(rounds, "--as-of", "31/12/2025", "--entered-from", "20200101") == [
        "--as-of: is '31/12/2025', must be a date as YYYY-MM-DD",
        "--entered-from: is '20200101', must be a date as YYYY-MM-DD",
    ]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ((), "--as-of: is missing"),
        (("--as-of", "2025-02-30"), "--as-of: is '2025-02-30', must be a date as YYYY-MM-DD"),
        (
            (*AS_OF, "--observed-from", "2026-01-01"),
            "options: the record begins on 2026-01-01, which must be before 2025-12-31",
        ),
        (
            (*AS_OF, "--zombie-years", "0"),
            "options: the years without an event are 0, must be from 0.1 to 100",
        ),
        (("--as-of", "2010-01-01"), "file: has no round on or before 2010-01-01"),
        ((*AS_OF, "--store"), "--store: goes with --fund ID, and --fund with --store"),
        ((*AS_OF, "--fund", "1"), "--store: goes with --fund ID, and --fund with --store"),
    ],
)
def test_choice_that_cannot_be_is_refused(
    rounds: Path, options: tuple[str, ...], line: str
) -> None:
    assert refusal(rounds, *options) == [line]


def test_contradiction_between_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rounds.csv"
    path.write_bytes(csv_of(["acme,seed,2020-01-01,2021-01-01,0", "acme,late,2022-01-01,,"]))

    assert refusal(path, *AS_OF) == [
        "row 2, column disposal_date: is 2021-01-01, but acme raised on 2022-01-01 (row 3):"
        " leave it blank if only a part was sold"
    ]


def test_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.csv"

    assert refusal(path, *AS_OF) == [f"{path}: cannot be read: No such file or directory"]


def test_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path, *AS_OF) == [f"{tmp_path}: cannot be read: Is a directory"]
