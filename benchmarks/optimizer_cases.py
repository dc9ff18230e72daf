"""Which instances the optimizer is measured on.

The documented ones are those of `docs/benchmarks.md`; the grid has every family, strength and size.
"""

from dataclasses import dataclass
from itertools import product
from typing import get_args

import numpy as np

from benchmarks.allocation_instances import Family, Strength, instance, scenario_model
from benchmarks.instance_files import many_scenarios, without_loss_limit
from optimization.solver.stated.problem import AllocationProblem
from scenarios.simulation.randomness.sample import Sample

BUCKETS = (10, 50, 100)
SCENARIOS = (400, 1_000, 2_000, 5_000)
SEEDS = range(5)
# The limit on CVaR of larger instances is that of their first scenarios: its making solves an
# extensive program.
SCENARIOS_FOR_LIMIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LossCase:
    """An instance with limits on CVaR and on losing scenarios."""

    family: Family
    strength: Strength
    buckets: int
    scenarios: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.family} {self.buckets}x{self.scenarios} {self.strength} {self.seed}"

    def problem(self) -> AllocationProblem:
        return instance(
            family=self.family,
            strength=self.strength,
            buckets=self.buckets,
            scenarios=self.scenarios,
            seed=self.seed,
        ).in_key_order()


@dataclass(frozen=True, slots=True, kw_only=True)
class CvarCase:
    """An instance of the family ``div`` with a limit on CVaR and none on losing scenarios."""

    buckets: int
    scenarios: int
    seed: int = 0

    @property
    def name(self) -> str:
        return f"cvar {self.buckets}x{self.scenarios} {self.seed}"

    def problem(self) -> AllocationProblem:
        few = instance(
            family="div",
            strength="slack",
            buckets=self.buckets,
            scenarios=min(self.scenarios, SCENARIOS_FOR_LIMIT),
            seed=self.seed,
        )
        model = scenario_model(family="div", buckets=self.buckets, seed=self.seed)
        multiples = model.multiples(
            sample=Sample.OPTIMIZATION, first_scenario=0, count=self.scenarios
        )
        # Both are in the order of the model's buckets.
        whole = many_scenarios(without_loss_limit(few), multiples.astype(np.float64))
        return whole.in_key_order()


Case = LossCase | CvarCase


def grid() -> list[Case]:
    losses = [
        LossCase(family=family, strength=strength, buckets=buckets, scenarios=scenarios, seed=seed)
        for family, strength, buckets, scenarios, seed in product(
            get_args(Family), get_args(Strength), BUCKETS, SCENARIOS, SEEDS
        )
    ]
    return [*losses, *cvar_cases()]


def documented() -> list[Case]:
    """About 25 minutes of one processor for all solvers."""
    wanted = [
        LossCase(family=family, strength=strength, buckets=50, scenarios=400, seed=seed)
        for family, strength, seed in product(get_args(Family), get_args(Strength), (0, 1))
    ]
    sizes = ((10, 400), (100, 400), (50, 1_000), (50, 2_000), (50, 5_000))
    wanted += [
        LossCase(family="macro", strength="strong", buckets=buckets, scenarios=scenarios, seed=0)
        for buckets, scenarios in sizes
    ]
    return [*wanted, *cvar_cases()]


def cvar_cases() -> list[Case]:
    sizes = ((50, 5_000, 0), (50, 5_000, 1), (50, 50_000, 0), (100, 100_000, 0))
    return [
        CvarCase(buckets=buckets, scenarios=scenarios, seed=seed)
        for buckets, scenarios, seed in sizes
    ]


def quick() -> list[Case]:
    """Tiny, to see that everything runs."""
    return [
        LossCase(family="div", strength="mild", buckets=8, scenarios=60, seed=0),
        CvarCase(buckets=8, scenarios=200),
    ]
