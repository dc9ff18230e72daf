"""The limit on CVaR with a slack, in a linear program over the weights."""

import numpy as np

from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.tail_program import TailProgram
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.stated.limits import CvarLimit

# By how much CVaR may be above what the program takes it for: what its rows are kept to.
TAIL_EXCESS = 1e-9


class SlackTail:
    """CVaR of the allocations of ``polytope`` is at most that of ``limit`` plus the column
    ``slack``. The tail is looked for first where ``start`` (B,) has it.
    """

    def __init__(
        self, polytope: WeightPolytope, limit: CvarLimit, *, slack: int, start: Floats
    ) -> None:
        self._maximum = limit.maximum
        self._slack = slack
        lp = polytope.lp
        # The first column that `TailProgram` adds.
        cvar = np.array([lp.columns], dtype=np.int32)
        self._program = TailProgram(
            lp,
            weights=polytope.weights,
            multiples=polytope.problem.multiples,
            confidence=limit.confidence,
            maximum=None,
        )
        lp.set_costs(cvar, np.zeros(1))
        row = np.array([*cvar, slack], dtype=np.int32)
        lp.add_row(row, np.array([1.0, -1.0]), -np.inf, limit.maximum)
        self._program.begin_at(start)

    def needed(self, weights: Floats) -> float:
        """The slack that ``weights`` (B,) need, at least 0."""
        return max(0.0, self._excess(self._program.portfolio(weights)))

    def refine_at(self, outcome: LpOutcome, portfolio: Floats) -> bool:
        """Makes the program exact at an optimum with this ``portfolio`` (S,), if it takes CVaR for
        less than it is there; whether anything was added.
        """
        if self._excess(portfolio) <= outcome.values[self._slack] + TAIL_EXCESS:
            return False
        return self._program.refine_at(outcome, portfolio)

    def _excess(self, portfolio: Floats) -> float:
        return self._program.tail(portfolio).mean_loss(portfolio) - self._maximum
