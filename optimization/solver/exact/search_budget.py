"""What a search may spend: simplex iterations, and seconds as the outer stop.

Iterations are counted, so a search that they end ends at the same point for equal problems;
seconds are those inside the solver and end it where the machine happens to be.
"""

from dataclasses import dataclass
from typing import Literal

from optimization.solver.budgeted_highs import BudgetedHighs, SolveInterrupted

Stop = Literal["iteration_limit", "node_limit", "time_limit"]

# Some fifteen seconds of a busy processor for the hardest problems of 50 buckets and 400 scenarios.
MAX_ITERATIONS = 120_000
# About how many pivots of the kernels take the time of one simplex iteration of HiGHS.
PIVOTS_PER_ITERATION = 16


@dataclass(slots=True)
class SearchBudget:
    """Spends from the clock of ``highs``, which all programs of one problem share."""

    highs: BudgetedHighs
    max_iterations: int = MAX_ITERATIONS
    iterations: int = 0
    programs: int = 0

    def spend(self, *, iterations: int, seconds: float) -> None:
        """Books one linear program; raises `SolveInterrupted` when the caller wants to stop."""
        self.programs += 1
        self.iterations += iterations
        self.highs.iterations += iterations
        self.highs.seconds += seconds
        if self.highs.should_stop is not None and self.highs.should_stop():
            raise SolveInterrupted

    def spend_pivots(self, pivots: int) -> None:
        """Books a call of the compiled kernels; raises `SolveInterrupted` as `spend` does."""
        self.spend(iterations=1 + pivots // PIVOTS_PER_ITERATION, seconds=0.0)

    def used_up(self) -> Stop | None:
        """Which limit has been reached, if any."""
        if self.iterations >= self.max_iterations:
            return "iteration_limit"
        return "time_limit" if self.highs.seconds_left <= 0 else None
