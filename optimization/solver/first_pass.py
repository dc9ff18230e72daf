"""What the first pass answers: the highest expected multiple within every limit, with a bound."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimization.solver.exact.search_budget import Stop

# Relative; two solves of one optimum differ by less.
OBJECTIVE_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class FirstPass:
    """``weights`` (B,) is None when nothing was found. No allocation within the limits has an
    expected multiple above ``bound``. ``losing`` are the scenarios in which ``weights`` may lose;
    ``loss_limit_costs_multiple`` says that without the limit on loss probability a higher
    expected multiple exists. ``stop`` is the budget that ended the search, None when it ended
    with a proof: of the optimum, or, without weights, that there is no allocation.
    """

    bound: float
    weights: NDArray[np.float64] | None = None
    losing: frozenset[int] = frozenset()
    loss_limit_costs_multiple: bool = False
    stop: Stop | None = None

    @property
    def status(self) -> Literal["optimal", "infeasible", "time_limit"]:
        if self.stop is not None:
            return "time_limit"
        return "infeasible" if self.weights is None else "optimal"
