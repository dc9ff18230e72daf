"""How low loss probability and CVaR can get, and how high expected winners, each by itself.

Only the policy limits count: the budget, the bucket maximum, stages and sectors. A limit beyond one
of these ends cannot be met, with or without the other limits on risk.
"""

from dataclasses import dataclass, replace
from typing import Any

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.least_cvar import least_cvar
from optimization.solver.exact.least_losses import least_losses
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.report import cvar_confidence
from optimization.solver.stated.problem import AllocationProblem

# About two seconds for 50 buckets and 400 scenarios, or 12 and 1,000.
LOSS_ITERATIONS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttainableRanges:
    """An allocation is known that loses in ``losing_scenarios`` of ``scenarios``; none loses in
    fewer than ``certified_losing_scenarios``. The least CVaR, 0..1, and the most expected winners
    are those of a linear optimum: they are reached, and nothing lies beyond.
    """

    scenarios: int
    losing_scenarios: int
    certified_losing_scenarios: int
    cvar_confidence: float
    least_cvar: float
    most_expected_winners: float

    def as_json(self) -> dict[str, Any]:
        """Fractions 0..1; ``found`` is reached, below ``certified`` there is no allocation."""
        return {
            "scenarios": self.scenarios,
            "loss_probability": {
                "found": self.losing_scenarios / self.scenarios,
                "certified": self.certified_losing_scenarios / self.scenarios,
            },
            "cvar": {"confidence": self.cvar_confidence, "least": self.least_cvar},
            "expected_winners": {"most": self.most_expected_winners},
        }


def attainable_ranges(
    problem: AllocationProblem, *, highs: BudgetedHighs, loss_iterations: int = LOSS_ITERATIONS
) -> AttainableRanges | None:
    """The ranges under the policy limits of ``problem``; None when these contradict one another.

    CVaR is at the confidence of the problem's limit on it, else at the one of reports. Equal
    problems give equal ranges unless the clock of ``highs`` ends the search for the fewest losses,
    which only widens the interval. Raises `SolveInterrupted` and `SolverFailed`.
    """
    policy = problem.in_key_order().with_limits(
        replace(problem.limits, max_loss_probability=None, cvar=None, min_expected_winners=None)
    )
    confidence = cvar_confidence(problem)
    losses = least_losses(policy, budget=SearchBudget(highs, loss_iterations))
    tail = least_cvar(policy, confidence=confidence, budget=SearchBudget(highs))
    if losses is None or tail is None:
        return None
    return AttainableRanges(
        scenarios=problem.scenarios,
        losing_scenarios=len(losses.losing),
        certified_losing_scenarios=losses.certified,
        cvar_confidence=confidence,
        least_cvar=tail.cvar,
        most_expected_winners=_most_expected_winners(policy, budget=SearchBudget(highs)),
    )


def _most_expected_winners(problem: AllocationProblem, *, budget: SearchBudget) -> float:
    """The optimum of a linear program whose limits are known not to contradict one another."""
    winners = problem.expected_winners_per_weight()
    highest = float(winners.max())
    if highest == 0:
        return 0.0
    polytope = WeightPolytope(problem, budget=budget)
    polytope.lp.set_costs(polytope.weights, -winners / highest)
    return -polytope.lp.solve().objective * highest
