"""Writes the original formulation to a file that other solvers read."""

from pathlib import Path

import pulp

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.model import build_model, nothing_known
from optimization.solver.stated.problem import AllocationProblem

SUFFIXES = (".mps", ".lp")


def export_model(problem: AllocationProblem, path: Path) -> None:
    """The program of ``problem`` in MPS or LP form, by the suffix of ``path``.

    An MPS file minimises the negated expected multiple, as the form knows no maximisation; an LP
    file maximises. Columns are named by number, in the order of the bucket keys.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path} must end in {' or '.join(SUFFIXES)}")
    program = build_model(problem.in_key_order(), bounds=nothing_known(problem.scenarios)).program
    if path.suffix == ".lp":
        program.writeLP(str(path))
        return
    program.sense = pulp.LpMinimize
    if program.objective is None:
        raise SolverFailed("the program has no objective")
    program.setObjective(-program.objective)
    program.writeMPS(str(path))
