"""Measures the scenario engine and prints a table; `--json FILE` writes the same as JSON.

    python -m benchmarks.scenarios [--json FILE] [--quick] [--repetitions N]

One process, the default law, buckets of ten deals. Start-up is excluded and every task runs once
before it is timed. Rates and goals go by the best processor time, which on an idle machine is the
best wall clock. Tasks take turns, so compare rows of one run: on a busy machine the figures of two
runs differ more than the rows of one.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import this_machine
from benchmarks.scenario_tasks import FULL, QUICK, Sizes, Task, scenario_tasks
from benchmarks.stopwatch import Timing, time_in_turn

LARGE_BUCKETS = 100
LARGE_SCENARIOS = 100_000
WANTED_LARGE_SECONDS = 2.5
WANTED_LARGE_BYTES = 200e6
YARDSTICK = "one plain normal a deal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``meets_goals`` is None where there is no goal."""

    name: str
    timing: Timing
    deals: int | None = None
    peak_resident_bytes: int | None = None
    goal: str | None = None
    meets_goals: bool | None = None

    @property
    def deals_per_second(self) -> float | None:
        return None if self.deals is None else self.deals / self.timing.best_processor_seconds


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    sizes = QUICK if options.quick else FULL
    machine = this_machine()
    tasks = scenario_tasks(sizes, repetitions=options.repetitions)
    timings = time_in_turn(
        {name: task.run for name, task in tasks.items()}, repetitions=options.repetitions
    )
    rows = [_row(name, task, timings[name]) for name, task in tasks.items()]
    rows.append(_large_matrix(sizes, repetitions=min(3, options.repetitions)))
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    sys.stdout.write(f"{taken_at}: {machine.line()}\n\n{_table(rows)}\n")
    if options.json:
        report = {
            "taken_at": taken_at,
            "machine": asdict(machine),
            "quick": options.quick,
            "rows": [_as_json(row) for row in rows],
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the scenario engine.")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument("--repetitions", type=int, default=9, metavar="N")
    return parser.parse_args(arguments)


def _row(name: str, task: Task, timing: Timing) -> Row:
    goal, meets = None, None
    if task.wanted_seconds is not None:
        goal = f"<= {1e3 * task.wanted_seconds:.0f} ms"
        meets = timing.best_processor_seconds <= task.wanted_seconds
    elif task.wanted_deals_per_second is not None and task.deals is not None:
        goal = f">= {task.wanted_deals_per_second / 1e6:.0f} M/s"
        rate = task.deals / timing.best_processor_seconds
        meets = rate >= task.wanted_deals_per_second
    return Row(name=name, timing=timing, deals=task.deals, goal=goal, meets_goals=meets)


def _large_matrix(sizes: Sizes, *, repetitions: int) -> Row:
    """In processes of their own, so that peak memory is that of one matrix; tables included."""
    scenarios = LARGE_SCENARIOS if sizes is FULL else sizes.many
    runs = [_large_run(scenarios) for _ in range(repetitions)]
    seconds = sorted(run["seconds"] for run in runs)
    processor_seconds = min(run["processor_seconds"] for run in runs)
    peak = max(run["peak_resident_bytes"] for run in runs)
    return Row(
        name=f"{LARGE_BUCKETS} x {scenarios:,}, own process",
        timing=Timing(
            best_seconds=seconds[0],
            median_seconds=seconds[len(seconds) // 2],
            best_processor_seconds=processor_seconds,
            repetitions=repetitions,
        ),
        deals=LARGE_BUCKETS * 10 * scenarios,
        peak_resident_bytes=peak,
        goal=f"<= {WANTED_LARGE_SECONDS} s, <= {WANTED_LARGE_BYTES / 1e6:.0f} MB",
        meets_goals=processor_seconds <= WANTED_LARGE_SECONDS and peak <= WANTED_LARGE_BYTES,
    )


def _large_run(scenarios: int) -> dict[str, Any]:
    finished = subprocess.run(  # noqa: S603 - its own module, by its own interpreter
        [sys.executable, "-m", "benchmarks.large_matrix", str(LARGE_BUCKETS), str(scenarios)],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    measured: dict[str, Any] = json.loads(finished.stdout)
    return measured


def _as_json(row: Row) -> dict[str, Any]:
    return {**asdict(row), "deals_per_second": row.deals_per_second}


def _table(rows: Sequence[Row]) -> str:
    yardstick = next(row.deals_per_second for row in rows if row.name == YARDSTICK)
    columns = ("best", "median", "processor", "deals/s", "normals", "peak")
    widths = (10, 10, 11, 10, 9, 8)
    lines = [
        " " * 34 + "".join(map(str.rjust, columns, widths)) + "  goal",
        *(_line(row, yardstick or 0.0) for row in rows),
        "",
        "best, median: wall clock; processor: the least time this process had a processor",
        "deals/s: by processor time; normals: deals drawn in the time of one plain normal",
    ]
    return "\n".join(lines)


def _line(row: Row, yardstick: float) -> str:
    rate = row.deals_per_second
    peak = row.peak_resident_bytes
    met = {None: "", True: "met", False: "missed"}[row.meets_goals]
    return (
        f"{row.name:<34}"
        f"{1e3 * row.timing.best_seconds:>7.1f} ms"
        f"{1e3 * row.timing.median_seconds:>7.1f} ms"
        f"{1e3 * row.timing.best_processor_seconds:>8.1f} ms"
        f"{'' if rate is None else f'{rate / 1e6:.1f} M':>10}"
        f"{'' if rate is None else f'{rate / yardstick:.2f}':>9}"
        f"{'' if peak is None else f'{peak / 1e6:.0f} MB':>8}"
        f"  {row.goal or ''} {met}"
    ).rstrip()


if __name__ == "__main__":
    main()
