"""Solves one allocation problem from a JSON file; needs no database, Redis or server."""

import json
import time
from pathlib import Path
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandParser

from optimization.solver.allocate import Method, allocate
from optimization.solver.allocation import Allocation
from optimization.solver.model_export import export_model
from optimization.solver.stated.problem import AllocationProblem, parse_problem
from scenarios.json_file import UnreadableJsonFile, read_json_file
from scenarios.simulation.checked_input import InvalidInput

EXIT_BAD_INPUT = 2
EXIT_INFEASIBLE = 3
EXIT_NOTHING_FOUND_IN_TIME = 4


class Command(BaseCommand):
    help = (
        "Solve the allocation problem in a JSON file and print the result as JSON. Exit code 0: "
        "allocation found; 2: bad input, one line per fault on stderr; 3: infeasible and not to be "
        "relaxed; "
        "4: time limit before an allocation was found."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("problem", type=Path, metavar="PROBLEM.json")
        parser.add_argument(
            "--method",
            choices=get_args(Method),
            default="exact",
            help="exact (default), or reference: the original formulation, left to HiGHS",
        )
        parser.add_argument(
            "--export",
            type=Path,
            metavar="MODEL.mps|MODEL.lp",
            help="write the original formulation to this file and solve nothing",
        )

    def handle(
        self, *args: Any, problem: Path, method: Method, export: Path | None, **options: Any
    ) -> None:
        try:
            parsed = parse_problem(read_json_file(problem), folder=problem.parent)
        except (InvalidInput, UnreadableJsonFile) as error:
            self.stderr.write(str(error))
            raise SystemExit(EXIT_BAD_INPUT) from error
        if export is not None:
            self._export(parsed, export)
            return
        allocation = allocate(parsed, method=method, clock=time.monotonic)
        self.stdout.write(json.dumps(allocation.as_json(), indent=2, allow_nan=False))
        if not allocation.was_found:
            self._explain(allocation)

    def _export(self, problem: AllocationProblem, path: Path) -> None:
        try:
            export_model(problem, path)
        except (OSError, ValueError) as error:
            self.stderr.write(f"--export: {error}")
            raise SystemExit(EXIT_BAD_INPUT) from error

    def _explain(self, allocation: Allocation) -> None:
        if allocation.status != "infeasible":
            self.stderr.write("The time limit ended the search before an allocation was found.")
            raise SystemExit(EXIT_NOTHING_FOUND_IN_TIME)
        self.stderr.write(f"Infeasible. {allocation.infeasibility}")
        raise SystemExit(EXIT_INFEASIBLE)
