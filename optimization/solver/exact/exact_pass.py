"""First pass by the exact method: the highest expected multiple, with a proved bound."""

from dataclasses import replace

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.first_incumbent import (
    UnusableStart,
    check_known,
    first_incumbent,
)
from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.losing_sets import LosingSetSearch
from optimization.solver.exact.multiple_slice import near_a_loss
from optimization.solver.exact.search_budget import MAX_ITERATIONS, SearchBudget
from optimization.solver.exact.slice_proof import FEW_SCENARIOS, Proof, SliceProof
from optimization.solver.exact.weight_polytope import LOST_BELOW, WeightPolytope
from optimization.solver.first_pass import OBJECTIVE_TOLERANCE, FirstPass
from optimization.solver.mip_pass import optimum_above
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.problem import AllocationProblem

# For the noise of the search for an incumbent, so that equal problems search alike.
SEARCH_SEED = 20_260_101
SEARCH_PROGRAMS = 1_500
# Of these, before a proof at once is tried, and the simplex iterations of that: longer once the
# search is further.
LONG_ATTEMPT = 20_000
ATTEMPTS = ((40, 2_000), (300, LONG_ATTEMPT))
# Of HiGHS's own search, when the proof by slices has used up its iterations.
LAST_NODES = 8_000


def highest_expected_multiple(
    problem: AllocationProblem,
    *,
    highs: BudgetedHighs,
    max_iterations: int = MAX_ITERATIONS,
    last_nodes: int = LAST_NODES,
    search_programs: int = SEARCH_PROGRAMS,
    seed: int = SEARCH_SEED,
    known_weights: Floats | None = None,
    ceiling: float | None = None,
) -> FirstPass:
    """The optimum over every limit of ``problem``, to the relative gap its settings ask for.

    1. Without the limit on loss probability the problem is a linear program over the weights, with
       cuts for CVaR. Its optimum is a bound, and the answer if few enough scenarios lose.
    2. Search for a good choice of losing scenarios, in about ``search_programs`` programs.
    3. Prove slice by slice that there is no better one, in at most ``max_iterations`` of simplex
       iterations; HiGHS's own branch and bound goes on from there for ``last_nodes``, if any.

    ``known_weights`` (B,) keep every limit: the answer is no worse. ``ceiling`` is a bound on the
    expected multiple that is proved already, as by the optimum under looser limits. Raises
    `UnusableStart` when either is not so.
    """
    if known_weights is not None:
        check_known(problem, known_weights)
    budget = SearchBudget(highs, max_iterations)
    polytope = WeightPolytope(problem, budget=budget)
    polytope.maximise_expected_multiple()
    top = polytope.solve_within_tail()
    if top.status != "optimal":
        return FirstPass(float(problem.expected_multiples().max()))
    losing = frozenset(np.flatnonzero(polytope.portfolio(top) < LOST_BELOW).tolist())
    allowed = problem.allowed_losing_scenarios()
    if allowed is None or len(losing) <= allowed:
        found = FirstPass(-top.objective, top.values[polytope.weights], losing)
    elif _certain_losses(problem) > allowed:
        return FirstPass(-top.objective)
    else:
        bound = -top.objective if ceiling is None else min(ceiling, -top.objective)
        proof = _proof(
            polytope,
            top,
            known_weights=known_weights,
            ceiling=bound,
            search_programs=search_programs,
            seed=seed,
            budget=budget,
        )
        found = _first_pass(problem, proof, highs=highs, last_nodes=last_nodes)
        if found.weights is None:
            return found
        costs_multiple = -top.objective > found.bound * (1 + OBJECTIVE_TOLERANCE)
        found = replace(found, loss_limit_costs_multiple=costs_multiple)
    if ceiling is not None:
        _check_ceiling(found, problem, ceiling)
    return found


def _proof(
    polytope: WeightPolytope,
    top: LpOutcome,
    *,
    known_weights: Floats | None,
    ceiling: float,
    search_programs: int,
    seed: int,
    budget: SearchBudget,
) -> Proof:
    """From ``top``, the optimum without the limit on loss probability."""
    problem, portfolio = polytope.problem, polytope.portfolio(top)
    allowed = problem.allowed_losing_scenarios() or 0
    search = LosingSetSearch(polytope, allowed=allowed, start=portfolio)
    polytope.drop_slack_cuts()
    incumbent = first_incumbent(
        problem, search=search, known_weights=known_weights, ceiling=ceiling, budget=budget
    )
    near = near_a_loss(portfolio)
    slices = SliceProof(problem, search=search, incumbent=incumbent, near=near, budget=budget)
    random = np.random.default_rng(seed)
    spent = 0
    for programs, iterations in (*_attempts(len(search.active)), (search_programs, LONG_ATTEMPT)):
        incumbent = slices.incumbent
        more = min(programs, search_programs) - spent
        if incumbent is not None and more > 0:
            slices.start_from(search.improve(incumbent, random=random, programs=more))
            spent += more
        proof = slices.at_once(ceiling, most_iterations=iterations)
        if proof is not None:
            return proof
    return slices.down_from(ceiling)


def _attempts(scenarios: int) -> tuple[tuple[int, int], ...]:
    """After how many programs of search the proof is tried at once, and for how many iterations,
    before the search is at its end: without a search where there are so few ``scenarios`` to choose
    from that the proof itself finds the best choice.
    """
    return ATTEMPTS if scenarios > FEW_SCENARIOS else ((0, LONG_ATTEMPT),)


def _first_pass(
    problem: AllocationProblem, proof: Proof, *, highs: BudgetedHighs, last_nodes: int
) -> FirstPass:
    incumbent = proof.incumbent
    if incumbent is None:
        return FirstPass(proof.bound, stop=proof.stop)
    if proof.stop != "iteration_limit" or not last_nodes:
        return FirstPass(proof.bound, incumbent.weights, incumbent.losing, stop=proof.stop)
    return optimum_above(incumbent, problem, ceiling=proof.bound, highs=highs, max_nodes=last_nodes)


def _check_ceiling(found: FirstPass, problem: AllocationProblem, ceiling: float) -> None:
    """Raises `UnusableStart` when an allocation has been found above ``ceiling``."""
    if found.weights is None:
        return
    multiple = float(found.weights @ problem.expected_multiples())
    if multiple > ceiling + OBJECTIVE_TOLERANCE * max(1.0, ceiling):
        raise UnusableStart(
            f"no bound on the expected multiple: {ceiling!r}; an allocation has {multiple!r}"
        )


def _certain_losses(problem: AllocationProblem) -> int:
    """Scenarios that lose whatever the weights."""
    highest = scenario_bounds(
        multiples=problem.multiples, max_bucket_weight=problem.limits.max_bucket_weight
    ).highest
    return int(np.count_nonzero(highest < LOST_BELOW))
