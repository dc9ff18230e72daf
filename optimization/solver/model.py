"""The allocation problem as a linear program with binaries, in PuLP; `docs/model.md` derives it.

The model is the plain formulation: per scenario a loss y, a switch z that allows it, and the
excess u over the tail's edge tau. What is known about a scenario beforehand shrinks it:
`nothing_known` gives the textbook form with big-M = 1.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pulp
from numpy.typing import NDArray

from optimization.solver.measures.risk import LOSS_THRESHOLD
from optimization.solver.scenario_bounds import ScenarioBounds
from optimization.solver.stated.limits import WeightRange
from optimization.solver.stated.problem import AllocationProblem

# Below this a scenario cannot lose by more than the solver's own feasibility tolerance.
NO_LOSS = 1e-9
# Fewer expected winners than this are none.
SMALLEST_WINNERS = 1e-6
# A bucket with more winners than this per unit of the limit meets it with a weight that cannot be
# told from zero; cutting it off keeps absurdly cheap deals from spoiling the solver's scaling.
LARGEST_COEFFICIENT = 1e9
# PuLP replaces these in names by "_", which could make two rows share a name.
_ENCODED = str.maketrans({char: f"%{ord(char):02x}" for char in "%-+[] ->/"})


@dataclass(frozen=True, slots=True)
class AllocationModel:
    """The program and the variables that are read back; scenarios that cannot lose have none."""

    problem: AllocationProblem
    program: pulp.LpProblem
    weights: tuple[pulp.LpVariable, ...]
    losses: dict[int, pulp.LpVariable] = field(default_factory=dict)
    switches: dict[int, pulp.LpVariable] = field(default_factory=dict)

    def add_row(
        self,
        name: str,
        terms: Iterable[tuple[pulp.LpVariable, float]],
        sense: int,
        bound: float,
    ) -> None:
        """One row named after the limit it states."""
        expression = pulp.LpAffineExpression(list(terms))
        self.program.addConstraint(
            pulp.LpConstraint(expression, sense, name.translate(_ENCODED), bound)
        )

    def portfolio_terms(
        self, coefficients: NDArray[np.float64]
    ) -> Iterator[tuple[pulp.LpVariable, float]]:
        return zip(self.weights, coefficients.tolist(), strict=True)


def nothing_known(scenarios: int) -> ScenarioBounds:
    """Bounds that make `build_model` give the textbook formulation with big-M = 1."""
    return ScenarioBounds(lowest=np.zeros(scenarios), highest=np.full(scenarios, np.inf))


def build_model(problem: AllocationProblem, *, bounds: ScenarioBounds) -> AllocationModel:
    """Every limit of ``problem``; the objective, the expected multiple, is maximised.

    A scenario that by ``bounds`` cannot fall below 1 gets no variables, one that cannot reach it
    has its switch fixed. So ``bounds`` must hold for every allocation the program can return:
    bounds that hold only above some expected multiple need `lock_expected_multiple` as well.
    """
    program = pulp.LpProblem("allocation", pulp.LpMaximize)
    weights = tuple(program.add_variable(f"weight.{b}", 0, 1) for b in range(len(problem.buckets)))
    model = AllocationModel(problem, program, weights)
    model.add_row("budget", ((weight, 1.0) for weight in weights), pulp.LpConstraintEQ, 1.0)
    _add_bucket_maximum(model)
    _add_group_limits(model, "stages", problem.limits.stages, lambda b: problem.buckets[b].stage)
    _add_group_limits(model, "sectors", problem.limits.sectors, lambda b: problem.buckets[b].sector)
    _add_expected_winners(model)
    if problem.limits.max_loss_probability is not None or problem.limits.cvar is not None:
        _add_losses(model, bounds)
    _add_loss_probability(model, bounds)
    _add_cvar(model)
    program.setObjective(
        pulp.LpAffineExpression(list(model.portfolio_terms(problem.expected_multiples())))
    )
    return model


def lock_expected_multiple(model: AllocationModel, *, minimum: float) -> None:
    """Only allocations with at least this expected multiple remain."""
    model.add_row(
        "primary_lock",
        model.portfolio_terms(model.problem.expected_multiples()),
        pulp.LpConstraintGE,
        minimum,
    )


def switch_values(model: AllocationModel, losing: Collection[int]) -> dict[pulp.LpVariable, float]:
    """The binaries of an allocation that loses at most in the scenarios ``losing``."""
    return {switch: float(s in losing) for s, switch in model.switches.items()}


def _add_bucket_maximum(model: AllocationModel) -> None:
    maximum = model.problem.limits.max_bucket_weight
    if maximum is None:
        return
    for bucket, weight in zip(model.problem.buckets, model.weights, strict=True):
        name = f"max_bucket_weight.{bucket.key}"
        model.add_row(name, [(weight, 1.0)], pulp.LpConstraintLE, maximum)


def _add_group_limits(
    model: AllocationModel,
    kind: str,
    ranges: Mapping[str, WeightRange],
    group_of: Callable[[int], str],
) -> None:
    for name, limits in ranges.items():
        members = [(weight, 1.0) for b, weight in enumerate(model.weights) if group_of(b) == name]
        if limits.minimum is not None:
            model.add_row(f"{kind}.{name}.min", members, pulp.LpConstraintGE, limits.minimum)
        if limits.maximum is not None:
            model.add_row(f"{kind}.{name}.max", members, pulp.LpConstraintLE, limits.maximum)


def _add_expected_winners(model: AllocationModel) -> None:
    """Scaled by the limit, so that the solver's tolerance is relative to it."""
    minimum = model.problem.limits.min_expected_winners
    if not minimum:
        return
    scale = max(minimum, SMALLEST_WINNERS)
    winners = model.problem.expected_winners_per_weight() / scale
    model.add_row(
        "min_expected_winners",
        model.portfolio_terms(np.minimum(winners, LARGEST_COEFFICIENT)),
        pulp.LpConstraintGE,
        minimum / scale,
    )


def _add_losses(model: AllocationModel, bounds: ScenarioBounds) -> None:
    """y_s + M_s >= 1, for each scenario that can lose."""
    for s in np.flatnonzero(bounds.lowest < 1 - NO_LOSS).tolist():
        loss = model.program.add_variable(f"loss.{s}", 0, 1 - float(bounds.lowest[s]))
        model.losses[s] = loss
        terms = [*model.portfolio_terms(model.problem.multiples[:, s]), (loss, 1.0)]
        model.add_row(f"loss.{s}", terms, pulp.LpConstraintGE, 1.0)


def _add_loss_probability(model: AllocationModel, bounds: ScenarioBounds) -> None:
    """y_s <= (largest loss of s) z_s, and at most the allowed number of z_s are 1."""
    allowed = model.problem.allowed_losing_scenarios()
    if allowed is None:
        return
    for s, loss in model.losses.items():
        certain = bool(bounds.highest[s] < LOSS_THRESHOLD)
        switch = model.program.add_variable(f"may_lose.{s}", int(certain), 1, pulp.LpInteger)
        model.switches[s] = switch
        largest_loss = 1 - float(bounds.lowest[s])
        model.add_row(
            f"max_loss_probability.{s}",
            [(loss, 1.0), (switch, -largest_loss)],
            pulp.LpConstraintLE,
            0.0,
        )
    model.add_row(
        "max_loss_probability",
        ((switch, 1.0) for switch in model.switches.values()),
        pulp.LpConstraintLE,
        allowed,
    )


def _add_cvar(model: AllocationModel) -> None:
    """tau + sum u_s / ((1 - c) S) <= limit, u_s >= y_s - tau (Rockafellar & Uryasev 2000).

    tau >= 0 loses nothing, because losses are at least 0, and lets scenarios that cannot lose go
    without rows. A tail of less than one scenario is the worst scenario.
    """
    limit = model.problem.limits.cvar
    if limit is None:
        return
    tail_scenarios = max((1 - limit.confidence) * model.problem.scenarios, 1.0)
    edge = model.program.add_variable("cvar.edge", 0, 1)
    terms = [(edge, 1.0)]
    for s, loss in model.losses.items():
        excess = model.program.add_variable(f"cvar.excess.{s}", 0, 1)
        model.add_row(
            f"cvar.{s}", [(excess, 1.0), (loss, -1.0), (edge, 1.0)], pulp.LpConstraintGE, 0.0
        )
        terms.append((excess, 1 / tail_scenarios))
    model.add_row("cvar", terms, pulp.LpConstraintLE, limit.maximum)
