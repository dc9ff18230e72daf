"""Times the exact method against the original formulation, in HiGHS and in scipy, in one run.

    python -m benchmarks.optimizer --families div macro --strengths mild strong --seconds 20

prints a table and, with ``--json FILE``, writes every run. Each solver gets the same wall-clock
limit, gap and problem, one after another on one thread; ``seconds`` are those of the processor, as
other programs may share the machine. ``agrees`` says that no bound contradicts a found multiple.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from benchmarks.allocation_instances import Family, Strength, instance
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.first_pass import FirstPass
from optimization.solver.mip_pass import reference_optimum
from optimization.solver.model import build_model, nothing_known
from optimization.solver.stated.problem import AllocationProblem

GAP = 1e-4
# Relative; every solver proves no closer than this.
AGREEMENT = 1e-6

Answer = tuple[float | None, float]


@dataclass(frozen=True, slots=True)
class Run:
    """``multiple`` is None when nothing was found; ``gap`` is relative to it."""

    instance: str
    solver: str
    seconds: float
    wall_seconds: float
    multiple: float | None
    bound: float
    gap: float | None


def exact(problem: AllocationProblem, seconds: float) -> Answer:
    return _answer(problem, highest_expected_multiple(problem, highs=BudgetedHighs(seconds)))


def pulp_highs(problem: AllocationProblem, seconds: float) -> Answer:
    return _answer(problem, reference_optimum(problem, highs=BudgetedHighs(seconds)))


def scipy_milp(problem: AllocationProblem, seconds: float) -> Answer:
    """The original formulation as matrices."""
    program = build_model(problem, bounds=nothing_known(problem.scenarios)).program
    variables = program.variables()
    column = {variable.name: index for index, variable in enumerate(variables)}
    costs = np.zeros(len(variables))
    for variable, value in program.objective.items():
        costs[column[variable.name]] = -value
    entries, lower, upper = [], [], []
    for row, constraint in enumerate(program.constraints()):
        right = -constraint.constant
        lower.append(right if constraint.sense >= 0 else -np.inf)
        upper.append(right if constraint.sense <= 0 else np.inf)
        entries += [(value, row, column[v.name]) for v, value in constraint.items()]
    values, rows, columns = zip(*entries, strict=True)
    solved = milp(
        costs,
        integrality=np.array([variable.cat == "Integer" for variable in variables], dtype=int),
        bounds=Bounds([v.lowBound for v in variables], [v.upBound for v in variables]),
        constraints=LinearConstraint(
            csr_array((values, (rows, columns)), shape=(len(lower), len(variables))), lower, upper
        ),
        options={"time_limit": seconds, "mip_rel_gap": GAP},
    )
    bound = np.inf if solved.mip_dual_bound is None else -float(solved.mip_dual_bound)
    return (None if solved.x is None else -float(solved.fun)), bound


SOLVERS: dict[str, Callable[[AllocationProblem, float], Answer]] = {
    "exact": exact,
    "pulp_highs": pulp_highs,
    "scipy_milp": scipy_milp,
}


def _answer(problem: AllocationProblem, found: FirstPass) -> Answer:
    if found.weights is None:
        return None, found.bound
    return float(found.weights @ problem.expected_multiples()), found.bound


def timed(name: str, solver: str, problem: AllocationProblem, seconds: float) -> Run:
    wall, processor = time.perf_counter(), time.process_time()
    multiple, bound = SOLVERS[solver](problem, seconds)
    return Run(
        instance=name,
        solver=solver,
        seconds=time.process_time() - processor,
        wall_seconds=time.perf_counter() - wall,
        multiple=multiple,
        bound=bound,
        gap=None if not multiple else max(0.0, bound / multiple - 1),
    )


def agree(runs: list[Run]) -> bool:
    """Whether every bound is above every multiple found."""
    found = [run.multiple for run in runs if run.multiple is not None]
    return not found or min(run.bound for run in runs) >= max(found) * (1 - AGREEMENT)


def table(runs: list[Run], solvers: list[str]) -> Iterator[str]:
    """A line per instance: seconds and gap of each solver, and how many times the first one's
    seconds the quickest of the others took. Compare times only where the gaps are alike.
    """
    yield " | ".join(["instance", *solvers, f"{solvers[0]} faster by", "agrees"])
    for name in dict.fromkeys(run.instance for run in runs):
        of_instance = [run for run in runs if run.instance == name]
        cells = [f"{run.seconds:.3g} s, {_gap_text(run)}" for run in of_instance]
        peers = [run.seconds / of_instance[0].seconds for run in of_instance[1:]]
        faster = f"{min(peers):.1f}x" if peers else "-"
        yield " | ".join([name, *cells, faster, str(agree(of_instance))])


def _gap_text(run: Run) -> str:
    return "nothing found" if run.gap is None else f"gap {100 * run.gap:.3g} %"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", choices=get_args(Family), default=["div"])
    parser.add_argument("--strengths", nargs="+", choices=get_args(Strength), default=["strong"])
    parser.add_argument("--buckets", nargs="+", type=int, default=[50])
    parser.add_argument("--scenarios", nargs="+", type=int, default=[400])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--solvers", nargs="+", choices=list(SOLVERS), default=list(SOLVERS))
    parser.add_argument("--seconds", type=float, default=20.0, help="wall-clock limit of each")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    runs = []
    for family, strength, buckets, scenarios, seed in product(
        chosen.families, chosen.strengths, chosen.buckets, chosen.scenarios, chosen.seeds
    ):
        problem = instance(
            family=family, strength=strength, buckets=buckets, scenarios=scenarios, seed=seed
        ).in_key_order()
        name = f"{family} {buckets}x{scenarios} {strength} {seed}"
        runs += [timed(name, solver, problem, chosen.seconds) for solver in chosen.solvers]
    sys.stdout.writelines(f"{line}\n" for line in table(runs, chosen.solvers))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([asdict(run) for run in runs], indent=1))


if __name__ == "__main__":
    main()
