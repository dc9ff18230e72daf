"""First pass by the exact method: the highest expected multiple, with a proved bound."""

from dataclasses import replace

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.losing_sets import Incumbent, LosingSetSearch
from optimization.solver.exact.loss_removal import LossRemoval
from optimization.solver.exact.multiple_slice import MAY_COME_NEAR
from optimization.solver.exact.search_budget import MAX_ITERATIONS, SearchBudget
from optimization.solver.exact.slice_proof import Proof, SliceProof
from optimization.solver.exact.weight_polytope import LOST_BELOW, WeightPolytope
from optimization.solver.first_pass import OBJECTIVE_TOLERANCE, FirstPass
from optimization.solver.mip_pass import optimum_above
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.problem import AllocationProblem

# For the noise of the search for an incumbent, so that equal problems search alike.
SEARCH_SEED = 20_260_101
SEARCH_PROGRAMS = 1_500
# Of HiGHS's own search, when the proof by slices has used up its iterations.
LAST_NODES = 2_000


def highest_expected_multiple(
    problem: AllocationProblem,
    *,
    highs: BudgetedHighs,
    max_iterations: int = MAX_ITERATIONS,
    last_nodes: int = LAST_NODES,
    seed: int = SEARCH_SEED,
) -> FirstPass:
    """The optimum over every limit of ``problem``, to the relative gap its settings ask for.

    1. Without the limit on loss probability the problem is a linear program over the weights, with
       cuts for CVaR. Its optimum is a bound, and the answer if few enough scenarios lose.
    2. Search for a good choice of losing scenarios.
    3. Prove slice by slice that there is no better one, in at most ``max_iterations`` of simplex
       iterations; HiGHS's own branch and bound goes on from there for ``last_nodes``.
    """
    budget = SearchBudget(highs, max_iterations)
    polytope = WeightPolytope(problem, budget=budget)
    polytope.maximise_expected_multiple()
    top = polytope.solve_within_tail()
    ceiling = float(problem.expected_multiples().max())
    if top.status != "optimal":
        return FirstPass(ceiling)
    ceiling = min(ceiling, -top.objective)
    portfolio = polytope.portfolio(top)
    losing = frozenset(np.flatnonzero(portfolio < LOST_BELOW).tolist())
    allowed = problem.allowed_losing_scenarios()
    if allowed is None or len(losing) <= allowed:
        return FirstPass(ceiling, top.values[polytope.weights], losing)
    if _certain_losses(problem) > allowed:
        return FirstPass(ceiling)
    search = LosingSetSearch(polytope, allowed=allowed, start=portfolio)
    proof = _proof(problem, search, portfolio, ceiling=ceiling, budget=budget, seed=seed)
    found = _first_pass(problem, proof, highs=highs, last_nodes=last_nodes)
    if found.weights is None:
        return found
    costs_multiple = ceiling > found.bound * (1 + OBJECTIVE_TOLERANCE)
    return replace(found, loss_limit_costs_multiple=costs_multiple)


def _proof(
    problem: AllocationProblem,
    search: LosingSetSearch,
    portfolio: Floats,
    *,
    ceiling: float,
    budget: SearchBudget,
    seed: int,
) -> Proof:
    """From the optimum without the limit on loss probability, which has this ``portfolio``."""
    search.polytope.drop_slack_cuts()
    incumbent = _start(problem, search, ceiling=ceiling, budget=budget)
    if incumbent is not None:
        incumbent = search.improve(
            incumbent, random=np.random.default_rng(seed), programs=SEARCH_PROGRAMS
        )
    near = frozenset(np.flatnonzero(portfolio < MAY_COME_NEAR).tolist())
    proof = SliceProof(problem, search=search, incumbent=incumbent, near=near, budget=budget)
    return proof.down_from(ceiling)


def _start(
    problem: AllocationProblem,
    search: LosingSetSearch,
    *,
    ceiling: float,
    budget: SearchBudget,
) -> Incumbent | None:
    incumbent = search.greedy()
    if incumbent is not None:
        return incumbent
    allowed = problem.allowed_losing_scenarios() or 0
    losing = LossRemoval(problem, budget=budget).small_enough(allowed=allowed, ceiling=ceiling)
    return None if losing is None else search.best_losing_in(losing)


def _first_pass(
    problem: AllocationProblem, proof: Proof, *, highs: BudgetedHighs, last_nodes: int
) -> FirstPass:
    incumbent = proof.incumbent
    if incumbent is None:
        return FirstPass(proof.bound, stop=proof.stop)
    if proof.stop != "iteration_limit":
        return FirstPass(proof.bound, incumbent.weights, incumbent.losing, stop=proof.stop)
    return optimum_above(incumbent, problem, ceiling=proof.bound, highs=highs, max_nodes=last_nodes)


def _certain_losses(problem: AllocationProblem) -> int:
    """Scenarios that lose whatever the weights."""
    highest = scenario_bounds(
        multiples=problem.multiples, max_bucket_weight=problem.limits.max_bucket_weight
    ).highest
    return int(np.count_nonzero(highest < LOST_BELOW))
