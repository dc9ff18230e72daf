"""Measures the optimizer beside other solvers and prints tables; `--json FILE` writes every run.

    python -m benchmarks.optimizer [--json FILE] [--peers PYTHON] [--seconds N]
                                   [--only REGEX] [--solvers NAME ...] [--with FILE] [--quick]

Without `--only` it takes the instances of docs/benchmarks.md, with it all of the grid whose names
match, as "conc 50x400 strong 0" or "cvar 50x5000 0". Each solver gets every instance in a process
of its own, one after another, on one thread, with the same gap and about the same `--seconds` of
the processor. `--peers` is the Python that has SCIP, cvxpy and skfolio; without it they are left
out. `--with` takes what other solvers did from the JSON of an earlier run.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.instance_files import write_cvar_form, write_original_form, write_problem
from benchmarks.machine import this_machine
from benchmarks.optimizer_cases import Case, CvarCase, documented, grid, quick
from benchmarks.optimizer_goals import goals
from benchmarks.optimizer_table import tables
from benchmarks.solver_runs import CVAR_SOLVERS, GAP, LOSS_SOLVERS, Run, Solver, run

DEFAULT_SECONDS = 15.0
PEERS = Path(__file__).parent / "out" / "peers" / "bin" / "python"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    machine = this_machine()
    runs: list[Run] = []
    for case in _cases(options):
        runs += _runs(case, options)
        runs += earlier_runs(options.earlier, case.name, besides=runs)
        _write_json(options, runs, taken_at)
    sys.stdout.write(f"{taken_at}: {machine.line()}\n\n{tables(runs)}\n\n")
    sys.stdout.writelines(f"{goal.line()}\n" for goal in goals(runs))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the optimizer beside other solvers.")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", default=PEERS)
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, metavar="N")
    parser.add_argument("--only", type=re.compile, metavar="REGEX")
    parser.add_argument("--solvers", nargs="+", metavar="NAME")
    parser.add_argument("--with", type=Path, metavar="FILE", dest="earlier")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    return parser.parse_args(arguments)


def _cases(options: argparse.Namespace) -> list[Case]:
    if options.quick:
        return quick()
    if options.only is None:
        return documented()
    return [case for case in grid() if options.only.fullmatch(case.name)]


def _runs(case: Case, options: argparse.Namespace) -> Iterator[Run]:
    """Every solver on one instance; told as it goes, because all of it takes long."""
    solvers = _solvers(case, options)
    problem = case.problem()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_problem(problem, folder)
        needed = {solver.reads for solver in solvers}
        if "original" in needed:
            write_original_form(problem, folder)
        if "cvar" in needed:
            write_cvar_form(problem, folder)
        for solver in solvers:
            ended = run(
                solver,
                instance=case.name,
                problem=problem,
                folder=folder,
                python=Path(sys.executable) if solver.needs is None else options.peers,
                seconds=options.seconds,
            )
            sys.stderr.write(f"{ended}\n")
            yield ended


def earlier_runs(file: Path | None, instance: str, *, besides: Sequence[Run]) -> list[Run]:
    """The runs in ``file`` on an instance, of the solvers that have none among ``besides``."""
    if file is None:
        return []
    there = {(run.instance, run.solver) for run in besides}
    told = json.loads(file.read_text(encoding="utf-8"))["runs"]
    found = [Run(**(run | {"broken": tuple(run["broken"])})) for run in told]
    return [
        run for run in found if run.instance == instance and (run.instance, run.solver) not in there
    ]


def _solvers(case: Case, options: argparse.Namespace) -> list[Solver]:
    solvers = CVAR_SOLVERS if isinstance(case, CvarCase) else LOSS_SOLVERS
    there = [s for s in solvers if s.needs is None or options.peers.exists()]
    return [s for s in there if options.solvers is None or s.name in options.solvers]


def _write_json(options: argparse.Namespace, runs: list[Run], taken_at: str) -> None:
    """After every instance, so that a run that is broken off leaves what it has."""
    if options.json is None:
        return
    report = {
        "taken_at": taken_at,
        "machine": asdict(this_machine()),
        "seconds": options.seconds,
        "gap": GAP,
        "runs": [asdict(run) for run in runs],
        "goals": [asdict(goal) for goal in goals(runs)],
    }
    options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
