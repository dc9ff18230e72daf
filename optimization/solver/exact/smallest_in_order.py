"""Makes an optimum unique: of all optima the one with the smallest first weight, then the second.

After each program everything that has a price there is fixed where it is, so that what remains are
exactly its optima. As soon as nothing is left that could move, there is one.
"""

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.tail_cuts import Cut, tail_of
from optimization.solver.exact.weight_polytope import LOST_BELOW, WeightPolytope

# A price below this is none: no weight is above 1, so an optimum changes by less.
NO_PRICE = 1e-8
# By how much CVaR may be above its limit: more than the optimum was found with, so that there is
# an allocation, and less than an allocation is held to.
TAIL_EXCESS = 5e-8
# A row that is broken by less is kept, as far as programs can tell.
BROKEN_BY = 1e-9


def smallest_in_order(
    polytope: WeightPolytope, outcome: LpOutcome, *, losing: frozenset[int] | None
) -> Floats:
    """(B,): the weights that are smallest in order of bucket among those with the cost of
    ``outcome``, which ``polytope`` has just been solved with. Scenarios outside ``losing`` do not
    lose; with None any may. Costs and bounds of the polytope are changed for good.
    """
    lp = polytope.lp
    can_move = lp.fix_priced(no_price=NO_PRICE)
    lp.set_costs(np.arange(lp.columns, dtype=np.int32), np.zeros(lp.columns))
    for weight in polytope.weights.tolist():
        if not can_move:
            break
        column = np.array([weight], dtype=np.int32)
        if outcome.values[weight] <= 0:
            # It is as small as can be already.
            lp.bound_columns(column, np.zeros(1), np.zeros(1))
            continue
        lp.set_costs(column, np.ones(1))
        outcome = _solved(polytope, known=outcome, losing=losing)
        can_move = lp.fix_priced(no_price=NO_PRICE)
        lp.set_costs(column, np.zeros(1))
    return outcome.values[polytope.weights]


def _solved(
    polytope: WeightPolytope, *, known: LpOutcome, losing: frozenset[int] | None
) -> LpOutcome:
    """The minimum within the limits, with rows added for those it breaks. ``known`` keeps the
    limits but for what programs cannot tell, so the rows are stated no more tightly.
    """
    while True:
        outcome = polytope.lp.solve()
        if outcome.status != "optimal":
            raise SolverFailed(f"the order of weights could not be settled: {outcome.status}")
        found = outcome.values[polytope.weights]
        broken = False
        for row in _rows_for(polytope, polytope.portfolio(outcome), losing=losing):
            minimum = min(row.minimum, float(row.coefficients @ known.values[polytope.weights]))
            if row.coefficients @ found < minimum - BROKEN_BY:
                polytope.add_row(row.coefficients, lower=minimum)
                broken = True
        if not broken:
            return outcome


def _rows_for(
    polytope: WeightPolytope, portfolio: Floats, *, losing: frozenset[int] | None
) -> list[Cut]:
    rows = []
    limit = polytope.problem.limits.cvar
    if limit is not None:
        tail = tail_of(portfolio, confidence=limit.confidence)
        if tail.mean_loss(portfolio) > limit.maximum + TAIL_EXCESS:
            rows.append(tail.cut(polytope.problem.multiples.T, maximum=limit.maximum))
    if losing is not None:
        lost = set(np.flatnonzero(portfolio < LOST_BELOW).tolist()) - losing
        rows += [Cut(polytope.scenario(s), 1.0) for s in sorted(lost)]
    return rows
