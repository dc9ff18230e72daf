"""Duals of the limits at an optimum, with the scenarios that may lose held fixed."""

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.losing_sets import LosingSetSearch
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.first_pass import OBJECTIVE_TOLERANCE, FirstPass
from optimization.solver.stated.problem import AllocationProblem


def limit_duals(
    problem: AllocationProblem, first: FirstPass, *, highs: BudgetedHighs
) -> dict[str, float]:
    """How fast the highest expected multiple rises with each limit, by its id: at least 0, per unit
    of the limit. Empty when the program keeps the limits more exactly than ``first`` did.

    No scenario may lose that does not at the optimum ``first``, unless `losses_cost_nothing` there.
    The highest multiple is then concave in every limit, so a whole step gains at most its dual
    times the step, whichever of several optimal duals this is.
    """
    if first.weights is None:
        raise ValueError("there is no optimum to explain")
    losing = first.losing
    if losses_cost_nothing(problem, first):
        losing = frozenset(range(problem.scenarios))
    polytope = WeightPolytope(problem, budget=SearchBudget(highs))
    portfolio = np.asarray(first.weights @ problem.multiples)
    search = LosingSetSearch(polytope, allowed=len(losing), start=portfolio)
    return {} if search.best_losing_in(losing) is None else polytope.prices_of_limits()


def losses_cost_nothing(problem: AllocationProblem, found: FirstPass) -> bool:
    """Whether ``found`` is also the optimum without the limit on loss probability."""
    if found.weights is None or found.loss_limit_costs_multiple:
        return False
    multiple = float(found.weights @ problem.expected_multiples())
    return found.bound - multiple <= OBJECTIVE_TOLERANCE * max(1.0, multiple)
