"""Says in words why no allocation keeps the limits, as far as linear programs can prove it."""

import math

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.exact.least_cvar import least_cvar
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.measures.risk import LOSS_THRESHOLD
from optimization.solver.model import AllocationModel, build_model
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.limits import Limits
from optimization.solver.stated.problem import AllocationProblem

LOSS = "max_loss_probability"
# In tenths of a percent; the least CVaR is known to 1e-8.
SOLVER_ERROR = 1e-5
# Limits that belong together, in words.
_WORDS: dict[str, str] = {
    LOSS: "the maximum loss probability",
    "cvar": "the maximum CVaR",
    "stages": "the stage limits",
    "sectors": "the sector limits",
    "max_bucket_weight": "the bucket maximum",
    "min_expected_winners": "the minimum of expected winners",
}


def explain_infeasibility(problem: AllocationProblem, *, highs: BudgetedHighs) -> str:
    """Which limits no allocation meets even alone; if there is none, which ones clash.

    ``problem`` is known to be infeasible. Every statement is proved by a linear program or a
    count; what only a search over losing scenarios could tell is not stated.
    """
    stated = [name for name in _WORDS if name in problem.limits.as_json()]
    impossible = [
        sentence for name in stated if (sentence := _impossible_alone(problem, name, highs))
    ]
    if impossible:
        return " ".join(impossible)
    if stated == [LOSS]:
        return f"No allocation meets {_WORDS[LOSS]}, even with no other limit."
    linear = [name for name in stated if name != LOSS]
    if _possible(problem, linear, highs):
        return f"No allocation meets {_WORDS[LOSS]} together with {_listed(linear, 'and')}."
    return _contradiction(problem, linear, highs)


def _impossible_alone(problem: AllocationProblem, name: str, highs: BudgetedHighs) -> str:
    """A sentence that says why no allocation meets this limit, or nothing when one may."""
    if name == LOSS:
        return _certain_losses(problem)
    if _possible(problem, [name], highs):
        return ""
    sentence = f"No allocation meets {_WORDS[name]}, even with no other limit"
    if name == "min_expected_winners":
        most = float(problem.expected_winners_per_weight().max())
        return (
            f"{sentence}: the most that any reaches is {most:.4g}, "
            f"the limit asks for {problem.limits.min_expected_winners:.4g}."
        )
    if name == "cvar":
        return f"{sentence}: {_least_cvar(problem, highs)}"
    return f"{sentence}."


def _least_cvar(problem: AllocationProblem, highs: BudgetedHighs) -> str:
    limit = problem.limits.cvar
    if limit is None:
        raise ValueError("the problem has no limit on CVaR")
    least = least_cvar(
        problem.with_limits(Limits()), confidence=limit.confidence, budget=SearchBudget(highs)
    )
    if least is None:
        raise SolverFailed("no allocation was found where every limit was given up")
    # Rounded up, so that asking for the figure shown can be met; the solver's own error is not.
    lowest_percent = math.ceil(1000 * least.cvar - SOLVER_ERROR) / 10
    return (
        f"the lowest that any reaches is {lowest_percent:.1f}%, "
        f"the limit asks for at most {100 * limit.maximum:.4g}%."
    )


def _certain_losses(problem: AllocationProblem) -> str:
    bounds = scenario_bounds(multiples=problem.multiples, max_bucket_weight=None)
    certain = int(np.count_nonzero(bounds.highest < LOSS_THRESHOLD))
    allowed, loss_limit = problem.allowed_losing_scenarios(), problem.limits.max_loss_probability
    if allowed is None or loss_limit is None or certain <= allowed:
        return ""
    return (
        f"No allocation meets {_WORDS[LOSS]}, even with no other limit: all buckets lose at once "
        f"in {certain} of {problem.scenarios} scenarios "
        f"({100 * certain / problem.scenarios:.4g}%), the limit allows {100 * loss_limit:.4g}%."
    )


def _contradiction(problem: AllocationProblem, linear: list[str], highs: BudgetedHighs) -> str:
    """``linear`` contradict one another; any of them whose loss would end that is named."""
    ending = [
        name
        for name in linear
        if _possible(problem, [other for other in linear if other != name], highs)
    ]
    sentence = f"No allocation meets {_listed(linear, 'and')} together"
    if ending and len(linear) > 2:
        return f"{sentence}; without {_listed(ending, 'or')} one does."
    return f"{sentence}."


def _possible(problem: AllocationProblem, names: list[str], highs: BudgetedHighs) -> bool:
    """Whether an allocation meets these limits; the one on loss probability is not among them."""
    kept = {name: getattr(problem.limits, name) for name in names}
    model = _model(problem, Limits(**kept))
    return highs.solve_to_the_end(model.program).status == "optimal"


def _model(problem: AllocationProblem, limits: Limits) -> AllocationModel:
    bounds = scenario_bounds(multiples=problem.multiples, max_bucket_weight=None)
    return build_model(problem.with_limits(limits), bounds=bounds)


def _listed(names: list[str], joint: str) -> str:
    words = [_WORDS[name] for name in names]
    return f" {joint} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
