"""The benchmark of the scenario engine runs at tiny sizes; how fast it is, is no test."""

import json
from pathlib import Path

import pytest

from benchmarks.scenarios import main
from benchmarks.stopwatch import time_in_turn


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("benchmark") / "report.json"
    main(["--quick", "--repetitions", "1", "--json", str(file)])
    return file


def test_report_has_a_row_for_everything_measured(report_file: Path) -> None:
    rows = {row["name"]: row for row in json.loads(report_file.read_text())["rows"]}
    assert {
        "Philox words, half a word a deal",
        "one plain normal a deal",
        "plain numpy transcription",
        "deal loop",
        "whole generator",
        "4 x 40, four new tables",
        "4 x 40, four new tables and exact means",
        "4 x 40, one new table",
        "4 x 40, tables known",
        "4 x 100 antithetic",
        "4 x 100 sobol",
        "4 x 100 t copula",
        "4 x 100 recycling",
        "4 x 100 cash flows",
        "100 x 100, own process",
    } <= set(rows)
    assert all(row["timing"]["best_seconds"] > 0 for row in rows.values())
    assert rows["100 x 100, own process"]["peak_resident_bytes"] > 1e6
    # 4 buckets of 10 deals in 200 scenarios.
    assert rows["whole generator"]["deals"] == 8_000


def test_report_says_when_and_on_what_machine(report_file: Path) -> None:
    report = json.loads(report_file.read_text())
    assert set(report["machine"]) == {"cores", "processor", "system", "python", "numpy", "load"}
    assert report["taken_at"].endswith("+00:00")
    assert report["quick"] is True


def test_table_has_a_line_for_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--repetitions", "1"])
    table = capsys.readouterr().out
    assert "whole generator" in table
    assert ">= 60 M/s" in table
    assert "<= 2.5 s, <= 200 MB" in table


def test_tasks_take_turns_after_a_run_that_does_not_count() -> None:
    order: list[str] = []
    timings = time_in_turn(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repetitions=2
    )
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert timings["a"].repetitions == 2
    assert 0 <= timings["a"].best_seconds <= timings["a"].median_seconds
