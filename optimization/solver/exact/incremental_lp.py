"""A linear program that is edited and solved again, each time from where the last solve ended.

HiGHS keeps the basis, so that a change of a few bounds costs a few pivots. What is loaded is plain
arrays; names and limits are the business of the callers.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import (
    FEASIBILITY_TOLERANCE,
    RANDOM_SEED,
    SolverFailed,
    set_verified_options,
)
from optimization.solver.exact.search_budget import SearchBudget

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]

_OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "random_seed": RANDOM_SEED,
    "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    "dual_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    "solver": "simplex",
    "parallel": "off",
    # A program that starts from a basis is not presolved anyway; nor does the first solve gain.
    "presolve": "off",
}


class LpOutcome(NamedTuple):
    """``values`` by column and ``objective`` are those of an optimum. A program whose optimum is
    proved to lie above the cutoff it was given is ``above_cutoff``; both are empty then.
    """

    status: Literal["optimal", "infeasible", "above_cutoff"]
    objective: float
    values: Floats


class StatedProgram(NamedTuple):
    """``coefficients`` (rows, columns) with every zero, and the bounds and costs."""

    coefficients: Floats
    row_lower: Floats
    row_upper: Floats
    column_lower: Floats
    column_upper: Floats
    costs: Floats


class Duals(NamedTuple):
    """How fast the minimum grows with the bound of a row or of a column."""

    rows: Floats
    columns: Floats


_NOTHING = np.empty(0)


class IncrementalLp:
    """Minimises costs . x over column bounds and rows lower <= a . x <= upper."""

    def __init__(self, budget: SearchBudget) -> None:
        self._budget = budget
        highs: Any = highspy.Highs  # Its stubs miss several methods.
        self._highs = highs()
        set_verified_options(self._highs, _OPTIONS)

    def copy(self) -> "IncrementalLp":
        """The same program on the same budget, without a cutoff; it starts where the last solve
        of this one ended.
        """
        other = IncrementalLp(self._budget)
        _accept(other._highs.passModel(self._highs.getLp()))
        basis = self._highs.getBasis()
        if basis.valid:
            _accept(other._highs.setBasis(basis))
        return other

    @property
    def rows(self) -> int:
        return int(self._highs.getNumRow())

    @property
    def columns(self) -> int:
        return int(self._highs.getNumCol())

    @property
    def programs(self) -> int:
        """How many have been solved on this one's budget."""
        return self._budget.programs

    @property
    def out_of_budget(self) -> bool:
        return self._budget.used_up() is not None

    def add_columns(self, lower: Floats, upper: Floats) -> Indices:
        """Columns without costs; their indices."""
        first = int(self._highs.getNumCol())
        _accept(self._highs.addVars(lower.size, lower, upper))
        return np.arange(first, first + lower.size, dtype=np.int32)

    def add_row(self, columns: Indices, coefficients: Floats, lower: float, upper: float) -> int:
        """One row; its index."""
        _accept(self._highs.addRow(lower, upper, columns.size, columns, coefficients))
        return self.rows - 1

    def add_rows(
        self, columns: Indices, coefficients: Floats, lower: Floats, upper: Floats
    ) -> Indices:
        """Rows that share no more than their width: ``columns`` and ``coefficients`` are (rows,
        width); their indices.
        """
        first, (count, width) = self.rows, columns.shape
        starts = np.arange(0, count * width, width, dtype=np.int32)
        entries = columns.ravel(), coefficients.ravel()
        _accept(self._highs.addRows(count, lower, upper, columns.size, starts, *entries))
        return np.arange(first, first + count, dtype=np.int32)

    def add_columns_to_row(
        self, row: int, coefficient: float, lower: Floats, upper: Floats
    ) -> Indices:
        """Columns without costs that all stand in one row with one coefficient; their indices."""
        first, count = int(self._highs.getNumCol()), lower.size
        starts = np.arange(count, dtype=np.int32)
        rows, values = np.full(count, row, dtype=np.int32), np.full(count, coefficient)
        costs = np.zeros(count)
        _accept(self._highs.addCols(count, costs, lower, upper, count, starts, rows, values))
        return np.arange(first, first + count, dtype=np.int32)

    def enter_basis(self, *, columns: Indices, rows: Indices) -> None:
        """The next solve starts with the ``columns`` basic in place of the slacks of ``rows``."""
        basis = self._highs.getBasis()
        column_status, row_status = list(basis.col_status), list(basis.row_status)
        for column in columns.tolist():
            column_status[column] = highspy.HighsBasisStatus.kBasic
        for row in rows.tolist():
            row_status[row] = highspy.HighsBasisStatus.kLower
        basis.col_status, basis.row_status = column_status, row_status
        _accept(self._highs.setBasis(basis))

    def keep_rows(self, kept: NDArray[np.bool_]) -> None:
        """Removes the rows not ``kept`` (one flag per row), none of which may be binding; those
        behind them move up.
        """
        basis = self._highs.getBasis()
        removed = np.flatnonzero(~kept).astype(np.int32)
        statuses = list(basis.row_status)
        _accept(self._highs.deleteRows(removed.size, removed))
        basis.row_status = [
            status for status, stays in zip(statuses, kept.tolist(), strict=True) if stays
        ]
        _accept(self._highs.setBasis(basis))

    def are_slack(self, rows: Sequence[int]) -> NDArray[np.bool_]:
        """Which of the rows hold nothing where the last solve ended."""
        statuses = list(self._highs.getBasis().row_status)
        return np.array(
            [statuses[row] == highspy.HighsBasisStatus.kBasic for row in rows], dtype=bool
        )

    def bound_rows(self, rows: Indices, lower: Floats, upper: Floats) -> None:
        _accept(self._highs.changeRowsBounds(rows.size, rows, lower, upper))

    def bound_columns(self, columns: Indices, lower: Floats, upper: Floats) -> None:
        _accept(self._highs.changeColsBounds(columns.size, columns, lower, upper))

    def column_bounds(self, columns: Indices) -> tuple[Floats, Floats]:
        """Lower and upper bounds."""
        loaded = self._highs.getLp()
        return np.array(loaded.col_lower_)[columns], np.array(loaded.col_upper_)[columns]

    def set_costs(self, columns: Indices, costs: Floats) -> None:
        _accept(self._highs.changeColsCost(columns.size, columns, costs))

    def change_coefficient(self, row: int, column: int, value: float) -> None:
        _accept(self._highs.changeCoeff(row, column, value))

    def set_cutoff(self, cutoff: float) -> None:
        """A solve may end as soon as the minimum is proved to be above ``cutoff``."""
        set_verified_options(self._highs, {"objective_bound": cutoff})

    def duals(self) -> Duals:
        """Of the last optimum."""
        solution = self._highs.getSolution()
        return Duals(np.array(solution.row_dual), np.array(solution.col_dual))

    def stated(self) -> StatedProgram:
        """What is loaded."""
        loaded = self._highs.getLp()
        matrix = loaded.a_matrix_
        starts, indices = np.array(matrix.start_), np.array(matrix.index_)
        majors = np.repeat(np.arange(starts.size - 1), np.diff(starts))
        by_column = matrix.format_ == highspy.MatrixFormat.kColwise
        coefficients = np.zeros((self.rows, self.columns))
        places = (indices, majors) if by_column else (majors, indices)
        coefficients[places] = np.array(matrix.value_)
        return StatedProgram(
            coefficients,
            np.array(loaded.row_lower_),
            np.array(loaded.row_upper_),
            np.array(loaded.col_lower_),
            np.array(loaded.col_upper_),
            np.array(loaded.col_cost_),
        )

    def fix_priced(self, *, no_price: float) -> bool:
        """Fixes the columns and rows that hold the last optimum where they are, if their price is
        above ``no_price``, so that all that is left are optima. Whether anything can move still.
        """
        basis, solution, loaded = (
            self._highs.getBasis(),
            self._highs.getSolution(),
            self._highs.getLp(),
        )
        columns = _can_leave(basis.col_status, loaded.col_lower_, loaded.col_upper_)
        rows = _can_leave(basis.row_status, loaded.row_lower_, loaded.row_upper_)
        priced_columns = columns[np.abs(np.array(solution.col_dual)[columns]) > no_price]
        priced_rows = rows[np.abs(np.array(solution.row_dual)[rows]) > no_price]
        at_columns = np.array(solution.col_value)[priced_columns]
        at_rows = np.array(solution.row_value)[priced_rows]
        self.bound_columns(priced_columns, at_columns, at_columns)
        self.bound_rows(priced_rows, at_rows, at_rows)
        return bool(columns.size + rows.size > priced_columns.size + priced_rows.size)

    def solve(self) -> LpOutcome:
        """The minimum; raises `SolverFailed` when three attempts, the second from scratch and the
        third presolved, say neither what it is nor that there is none, and `SolveInterrupted`.
        """
        outcome = self._attempt()
        if outcome is None:
            self._highs.clearSolver()
            outcome = self._attempt()
        if outcome is None:
            outcome = self._presolved_attempt()
        if outcome is None:
            status = self._highs.modelStatusToString(self._highs.getModelStatus())
            raise SolverFailed(f"a linear program ended with status {status}")
        return outcome

    def _presolved_attempt(self) -> LpOutcome | None:
        """From scratch; presolve scales away what keeps the simplex method from an end."""
        self._highs.clearSolver()
        set_verified_options(self._highs, {"presolve": "on"})
        outcome = self._attempt()
        set_verified_options(self._highs, {"presolve": _OPTIONS["presolve"]})
        return outcome

    def _attempt(self) -> LpOutcome | None:
        highs = self._highs
        started_seconds = highs.getRunTime()
        run = highs.run()
        self._budget.spend(
            iterations=int(highs.getInfoValue("simplex_iteration_count")[1]),
            seconds=highs.getRunTime() - started_seconds,
        )
        if run == highspy.HighsStatus.kError:
            return None
        match highs.getModelStatus():
            case highspy.HighsModelStatus.kOptimal:
                values = np.array(highs.getSolution().col_value)
                return LpOutcome("optimal", float(highs.getObjectiveValue()), values)
            case highspy.HighsModelStatus.kInfeasible:
                return LpOutcome("infeasible", np.inf, _NOTHING)
            case highspy.HighsModelStatus.kObjectiveBound:
                return LpOutcome("above_cutoff", np.inf, _NOTHING)
        return None


def _accept(status: highspy.HighsStatus) -> None:
    if status == highspy.HighsStatus.kError:
        raise SolverFailed("HiGHS refused an edit of a linear program")


def _can_leave(
    statuses: Sequence[highspy.HighsBasisStatus], lower: Sequence[float], upper: Sequence[float]
) -> Indices:
    """The columns or rows that are at a bound and could be elsewhere."""
    held = np.array([status != highspy.HighsBasisStatus.kBasic for status in statuses], dtype=bool)
    return np.flatnonzero(held & (np.array(lower) < np.array(upper))).astype(np.int32)
