"""An instance as the files that solvers in processes of their own read.

``problem.json`` and ``multiples.npy`` are what ``manage.py solve_allocation`` takes, too, up to the
sizes it accepts; ``original.mps`` is the original formulation, ``cvar.npz`` the program without a
limit on losing scenarios.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.solvers.cvar_program import CvarProgram, write_cvar_program
from optimization.solver.model_export import export_model
from optimization.solver.stated.problem import AllocationProblem, WeightRange, parse_problem
from optimization.solver.stated.scenario_input import MAX_SCENARIOS
from scenarios.json_file import read_json_file


class ManyScenarios(AllocationProblem):
    """A problem with more scenarios than are accepted from outside; its other parts have been
    checked already.
    """

    def __post_init__(self) -> None:
        self.multiples.setflags(write=False)


def write_problem(problem: AllocationProblem, folder: Path) -> None:
    np.save(folder / "multiples.npy", problem.multiples)
    stated = {
        "capital_usd": str(problem.capital_usd),
        "buckets": [
            bucket.as_json() | {"all_in_cost_usd": str(bucket.all_in_cost_usd)}
            for bucket in problem.buckets
        ],
        "multiples_file": "multiples.npy",
        "limits": problem.limits.as_json(),
    }
    (folder / "problem.json").write_text(json.dumps(stated), encoding="utf-8")


def write_original_form(problem: AllocationProblem, folder: Path) -> None:
    export_model(problem, folder / "original.mps")


def write_cvar_form(problem: AllocationProblem, folder: Path) -> None:
    """Raises ValueError when there is no limit on CVaR."""
    limits = problem.limits
    if limits.cvar is None:
        raise ValueError("the problem has no limit on CVaR")
    groups: list[tuple[list[float], WeightRange]] = [
        ([float(name == own) for own in names], allowed)
        for ranges, names in (
            (limits.stages, [bucket.stage for bucket in problem.buckets]),
            (limits.sectors, [bucket.sector for bucket in problem.buckets]),
        )
        for name, allowed in ranges.items()
    ]
    lower = [0.0 if allowed.minimum is None else allowed.minimum for _, allowed in groups]
    upper = [1.0 if allowed.maximum is None else allowed.maximum for _, allowed in groups]
    program = CvarProgram(
        multiples=problem.multiples,
        means=problem.expected_multiples(),
        highest=1.0 if limits.max_bucket_weight is None else limits.max_bucket_weight,
        groups=np.array([members for members, _ in groups]),
        lower=np.array(lower),
        upper=np.array(upper),
        confidence=limits.cvar.confidence,
        maximum=limits.cvar.maximum,
    )
    write_cvar_program(program, folder / "cvar.npz")


def read_problem(folder: Path, *, gap: float) -> AllocationProblem:
    """The problem that `write_problem` wrote, to be proved to the relative ``gap``."""
    stated = read_json_file(folder / "problem.json")
    if not isinstance(stated, dict):
        raise TypeError(f"{folder} holds no problem")
    del stated["multiples_file"]
    multiples = np.load(folder / "multiples.npy")
    parsed = parse_problem(stated | {"mip_gap": gap}, multiples=multiples[:, :MAX_SCENARIOS])
    if multiples.shape[1] <= MAX_SCENARIOS:
        return parsed
    return many_scenarios(parsed, multiples)


def many_scenarios(problem: AllocationProblem, multiples: np.ndarray) -> ManyScenarios:
    """``problem`` with other scenarios, however many."""
    return ManyScenarios(
        capital_usd=problem.capital_usd,
        buckets=problem.buckets,
        multiples=multiples,
        limits=problem.limits,
        settings=problem.settings,
    )


def without_loss_limit(problem: AllocationProblem) -> AllocationProblem:
    """Means are those of the scenarios, as for tools that know nothing else."""
    return replace(
        problem,
        buckets=tuple(replace(bucket, expected_multiple=None) for bucket in problem.buckets),
        limits=replace(problem.limits, max_loss_probability=None),
    )
