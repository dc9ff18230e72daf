"""Runs one solver on one instance in a process of its own, and judges what it tells."""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem

GAP = 1e-4
# A solver that stops at the gap may tell one that is larger by this.
ROUNDING = 1e-6
# Seconds of the wall clock for each of the limit: beyond it a solver ignores its limit, or the
# machine is no place to measure.
LONGEST_STRETCH = 20.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PROJECT = Path(__file__).parents[1]

Reads = Literal["problem", "original", "cvar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """``needs`` is the package that Keel's own environment does not have."""

    name: str
    module: str
    reads: Reads
    needs: str | None = None


LOSS_SOLVERS = (
    Solver(name="exact", module="exact", reads="problem"),
    Solver(name="PuLP", module="pulp_highs", reads="problem"),
    Solver(name="scipy", module="scipy_milp", reads="problem"),
    Solver(name="SCIP", module="scip", reads="original", needs="pyscipopt"),
)
CVAR_SOLVERS = (
    Solver(name="exact", module="cvar_exact", reads="problem"),
    Solver(name="HiGHS", module="cvar_highs", reads="cvar"),
    Solver(name="Clarabel", module="cvar_clarabel", reads="cvar", needs="cvxpy"),
    Solver(name="skfolio", module="cvar_skfolio", reads="cvar", needs="skfolio"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """``objective`` is the expected multiple found and ``bound`` what was proved of all; None
    without one. ``gap`` is relative to the objective. ``broken`` are the limits that the weights
    break by more than the independent check allows; ``failure`` says why there is no answer.
    """

    instance: str
    solver: str
    wall_seconds: float | None = None
    processor_seconds: float | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    broken: tuple[str, ...] = ()
    second_pass_processor_seconds: float | None = None
    relaxation_processor_seconds: float | None = None
    stop: str | None = None
    failure: str | None = None

    @property
    def is_done(self) -> bool:
        """Proved to the gap; a linear program that has an answer has its optimum, and no bound."""
        if self.bound is None:
            return self.objective is not None
        return self.gap is not None and self.gap <= GAP * (1 + ROUNDING)


def run(
    solver: Solver,
    *,
    instance: str,
    problem: AllocationProblem,
    folder: Path,
    python: Path,
    seconds: float,
) -> Run:
    """``folder`` holds the files of ``problem`` that the solver reads."""
    if solver.needs is not None and not has_package(python, solver.needs):
        return Run(instance=instance, solver=solver.name, failure="not installed")
    command = [str(python), "-m", f"benchmarks.solvers.{solver.module}", str(folder)]
    command += ["--seconds", str(seconds), "--gap", str(GAP)]
    try:
        ended = subprocess.run(  # noqa: S603 - its own module, by an interpreter of the caller's
            command,
            cwd=PROJECT,
            env=os.environ | ONE_THREAD,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds * LONGEST_STRETCH,
        )
    except subprocess.TimeoutExpired:
        failure = f"ended after {seconds * LONGEST_STRETCH:.0f} s"
        return Run(instance=instance, solver=solver.name, failure=failure)
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["nothing said"])[-1]
        return Run(instance=instance, solver=solver.name, failure=last[:200])
    return _run(json.loads(ended.stdout.splitlines()[-1]), instance, solver, problem)


@cache
def has_package(python: Path, package: str) -> bool:
    looked_for = f"import importlib.util as u, sys; sys.exit(u.find_spec({package!r}) is None)"
    ended = subprocess.run([str(python), "-c", looked_for], check=False)  # noqa: S603 - as above
    return ended.returncode == 0


def _run(told: dict[str, Any], instance: str, solver: Solver, problem: AllocationProblem) -> Run:
    weights = told.pop("weights")
    broken = () if weights is None else broken_limits(problem=problem, weights=weights)
    return Run(
        instance=instance,
        solver=solver.name,
        **told,
        gap=_gap(told["objective"], told["bound"]),
        broken=tuple(limit.id for limit in broken),
    )


def _gap(objective: float | None, bound: float | None) -> float | None:
    if objective is None or bound is None or objective <= 0:
        return None
    return float(np.maximum(0.0, bound / objective - 1))
