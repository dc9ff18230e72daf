"""Traces a frontier of a problem in a JSON file; needs no database, Redis or server."""

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from optimization.management.commands.solve_allocation import (
    EXIT_BAD_INPUT,
    EXIT_INFEASIBLE,
    EXIT_NOTHING_FOUND_IN_TIME,
)
from optimization.solver.frontier.grid import VARIED_LIMITS, FrontierGrid, read_grid
from optimization.solver.frontier.merge import Frontier, merged
from optimization.solver.frontier.trace import trace_stretch
from optimization.solver.stated.problem import AllocationProblem, parse_problem
from scenarios.json_file import UnreadableJsonFile, read_json_file
from scenarios.simulation.checked_input import Fault, FieldReader, InvalidInput


class Command(BaseCommand):
    help = (
        "Trace the highest expected multiple over values of one limit of the problem in a JSON "
        "file, and print the points as JSON. Nothing is relaxed. Exit code 0: a point has an "
        "allocation; 2: bad input, one line per fault on stderr; 3: no point can have one; 4: time "
        "limits before one was found."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("problem", type=Path, metavar="PROBLEM.json")
        parser.add_argument("--limit", choices=VARIED_LIMITS, required=True)
        parser.add_argument("--from", type=float, required=True, help="tightest value, a fraction")
        parser.add_argument("--to", type=float, required=True, help="loosest value, a fraction")
        parser.add_argument("--points", type=int, required=True, help="3 to 41, evenly spaced")

    def handle(self, *args: Any, problem: Path, **options: Any) -> None:
        try:
            parsed = parse_problem(read_json_file(problem), folder=problem.parent)
            grid = _grid(options, scenarios=parsed.scenarios)
        except (InvalidInput, UnreadableJsonFile) as error:
            self.stderr.write(str(error))
            raise SystemExit(EXIT_BAD_INPUT) from error
        frontier = _trace(parsed, grid)
        self.stdout.write(json.dumps(frontier.as_json(), indent=2, allow_nan=False))
        if not frontier.was_found:
            self._explain(frontier)

    def _explain(self, frontier: Frontier) -> None:
        if frontier.points[-1].status == "infeasible":
            self.stderr.write("Infeasible at every point.")
            raise SystemExit(EXIT_INFEASIBLE)
        self.stderr.write("The time limits ended the searches before an allocation was found.")
        raise SystemExit(EXIT_NOTHING_FOUND_IN_TIME)


def _grid(options: dict[str, Any], *, scenarios: int) -> FrontierGrid:
    stated = {name: options[name] for name in ("limit", "from", "to", "points")}
    reader = FieldReader(stated)
    grid = read_grid(reader, scenarios=scenarios)
    if grid is None:
        raise InvalidInput(
            [Fault(f"--{fault.path}", fault.code, fault.message) for fault in reader.faults]
        )
    return grid


def _trace(problem: AllocationProblem, grid: FrontierGrid) -> Frontier:
    points = trace_stretch(problem, varied=grid.limit, limits=grid.values(), clock=time.monotonic)
    return merged(problem, varied=grid.limit, points=points)
