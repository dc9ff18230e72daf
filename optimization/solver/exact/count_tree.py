"""Shows that a slice holds no allocation with few enough losing scenarios, or finds one.

Branch and bound on the switches of `CountProgram`, depth first, by the compiled kernels: HiGHS
takes some twenty times as long for a program of this size.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.compiled.count_levels import (
    LOST_BELOW,
    add_cut,
    begin_again,
    bound_row,
)
from optimization.solver.compiled.count_search import (
    CANDIDATE,
    EMPTY,
    OUT_OF_PIVOTS,
    UNCOUNTED,
    search,
)
from optimization.solver.exact.count_arrays import CountArrays, count_arrays
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.incremental_lp import LpOutcome, StatedProgram
from optimization.solver.exact.search_budget import SearchBudget, Stop

Verdict = Literal["empty"] | Stop

# Between two looks at the clock and at a wish to stop: some fifty milliseconds.
PIVOTS_AT_ONCE = 8_000


class CountTree:
    """``on_candidate`` is told the losing scenarios of a point that may be an allocation; it may
    raise the slice's minimum, have the program allow fewer losing scenarios, or add a switch or a
    cut. If it does none of these the search ends, as the node would have the same point again.
    """

    def __init__(
        self,
        program: CountProgram,
        *,
        on_candidate: Callable[[LpOutcome, frozenset[int]], None],
        budget: SearchBudget,
    ) -> None:
        self._program = program
        self._on_candidate = on_candidate
        self._budget = budget
        program.count(program.piece.free)
        self._stated = program.lp.stated()
        self._arrays = count_arrays(program)

    def search(self, *, last_iteration: int) -> Verdict:
        """``empty`` when no allocation is left in the slice, as it is at the end; else what ended
        the search, ``iteration_limit`` also when the budget's count reached ``last_iteration`` or
        the kernels came to an end of their means.
        """
        while True:
            stop = self._budget.used_up()
            if stop is not None:
                return stop
            if self._budget.iterations >= last_iteration:
                return "iteration_limit"
            how = self._search_on()
            if how == EMPTY:
                return "empty"
            goes_on = how == OUT_OF_PIVOTS or (how in (CANDIDATE, UNCOUNTED) and self._report())
            if not goes_on:
                return "iteration_limit"

    @property
    def entries_at_root(self) -> int:
        """Of the tableau there: what a pivot takes grows with them."""
        return int(self._arrays.memory.stack.size[0].prod())

    def start_again(self) -> None:
        """Goes back to the root, for what the program allows now; what the branching has learnt of
        switches is kept.
        """
        memory = self._arrays.memory
        begin_again(memory.stack, self._arrays.rows, memory.levels)

    def _search_on(self) -> int:
        arrays, memory = self._arrays, self._arrays.memory
        arrays.scenarios.most_losing[0] = self._program.most_losing
        how, nodes, pivots = search(
            memory.stack,
            arrays.rows,
            memory.levels,
            arrays.scenarios,
            memory.point,
            memory.gains,
            memory.work,
            self._program.cutoff,
            PIVOTS_AT_ONCE,
        )
        self._budget.highs.nodes += nodes
        self._budget.spend_pivots(pivots)
        return int(how)

    def _report(self) -> bool:
        """Lets the caller edit the program at the point, and takes over what has changed; whether
        anything has.
        """
        memory = self._arrays.memory
        count = float(memory.levels.counts[memory.levels.level[0]])
        lost = frozenset(np.flatnonzero(memory.point.portfolio < LOST_BELOW).tolist())
        switches, allowed = len(self._program.scenarios), self._program.cutoff
        self._on_candidate(LpOutcome("optimal", count, self._arrays.values_in_program()), lost)
        before, self._stated = self._stated, self._program.lp.stated()
        if len(self._program.scenarios) > switches or not _follow(
            self._arrays, before, self._stated
        ):
            self._arrays = count_arrays(self._program)
        return allowed != self._program.cutoff or not _are_equal(before, self._stated)


def _are_equal(before: StatedProgram, now: StatedProgram) -> bool:
    return all(np.array_equal(*pair) for pair in zip(before, now, strict=True))


def _follow(arrays: CountArrays, before: StatedProgram, now: StatedProgram) -> bool:
    """Takes over new bounds of rows and new rows; False when there is no room for these."""
    known = before.row_lower.size
    stack, rows, levels = arrays.memory.stack, arrays.rows, arrays.memory.levels
    changed = (before.row_lower != now.row_lower[:known]) | (
        before.row_upper != now.row_upper[:known]
    )
    for row in np.flatnonzero(changed).tolist():
        place = int(arrays.places[row])
        bound_row(stack, rows, levels, place, float(now.row_lower[row]), float(now.row_upper[row]))
    if np.isfinite(now.row_upper[known:]).any():
        raise SolverFailed("a cut has an upper bound")
    columns = arrays.columns[: rows.coefficients.shape[1]]
    return all(
        add_cut(
            stack,
            rows,
            levels,
            np.ascontiguousarray(now.coefficients[row, columns]),
            float(now.row_lower[row]),
        )
        for row in range(known, now.row_lower.size)
    )
