"""The least CVaR that any allocation reaches."""

from dataclasses import dataclass, replace

from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.tail_optimum import tail_optimum
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.stated.problem import AllocationProblem


@dataclass(frozen=True, slots=True)
class LeastCvar:
    """``weights`` (B,) have a CVaR of ``cvar``, 0..1; no allocation has one that is lower by more
    than 1e-8.
    """

    weights: Floats
    cvar: float


def least_cvar(
    problem: AllocationProblem, *, confidence: float, budget: SearchBudget
) -> LeastCvar | None:
    """Over the allocations that keep the limits on weights and winners; None when there are none.

    The limits of ``problem`` on CVaR and loss probability do not count.
    """
    limits = replace(problem.limits, cvar=None, max_loss_probability=None)
    polytope = WeightPolytope(problem.with_limits(limits), budget=budget)
    found = tail_optimum(
        polytope.lp,
        weights=polytope.weights,
        multiples=problem.multiples,
        confidence=confidence,
        maximum=None,
    )
    return None if found is None else LeastCvar(found.weights, found.cvar)
