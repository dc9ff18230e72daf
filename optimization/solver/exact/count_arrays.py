"""A count program as the arrays that the compiled search works on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.compiled.count_levels import Scenarios
from optimization.solver.compiled.search_memory import SearchMemory, search_memory
from optimization.solver.compiled.switch_rows import NO_SWITCH, SwitchRows
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.incremental_lp import Floats, StatedProgram
from optimization.solver.exact.tail_cuts import stated_tail

Numbers = NDArray[np.intp]

# Rows for cuts on CVaR.
MOST_CUTS = 1_200


@dataclass(frozen=True, slots=True)
class CountArrays:
    """The arguments of `compiled.count_search.search`. Row ``places[r]`` of the arrays is row r of
    the program, and ``columns`` are the program's columns in the order of the arrays, the switches
    last.
    """

    rows: SwitchRows
    scenarios: Scenarios
    memory: SearchMemory
    places: Numbers
    columns: Numbers

    def values_in_program(self) -> Floats:
        """Where the search is, by column of the program."""
        values = np.empty(self.columns.size)
        values[self.columns] = self.memory.point.values
        return values


def count_arrays(program: CountProgram) -> CountArrays:
    """At the root, with nothing decided. Raises `SolverFailed` for a program of another form."""
    stated = program.lp.stated()
    switches = program.switch_columns()
    columns = _switches_last(stated.costs.size, switches)
    _check(stated, columns=columns, switches=switches.size)
    order = _switches_last(stated.row_lower.size, program.switch_rows())
    order = np.roll(order, switches.size)
    rows = _switch_rows(stated, order=order, columns=columns, switches=switches.size)
    scenarios = _scenarios(program)
    return CountArrays(
        rows=rows,
        scenarios=scenarios,
        memory=search_memory(rows, scenarios),
        places=np.argsort(order),
        columns=columns,
    )


def _switches_last(size: int, switches: NDArray[np.int32]) -> Numbers:
    return np.concatenate([np.setdiff1d(np.arange(size), switches), switches])


def _check(stated: StatedProgram, *, columns: Numbers, switches: int) -> None:
    bounds = np.concatenate([stated.column_lower, stated.column_upper])
    costs = stated.costs[columns]
    counts = (costs[costs.size - switches :] == 1).all() and costs.sum() == switches
    if not (np.isfinite(bounds).all() and counts and (costs >= 0).all()):
        raise SolverFailed("a program that counts losing scenarios has other costs, or no bounds")


def _switch_rows(
    stated: StatedProgram, *, order: Numbers, columns: Numbers, switches: int
) -> SwitchRows:
    count, width = order.size, columns.size - switches
    height = count + MOST_CUTS
    coefficients = np.zeros((height, width))
    coefficients[:count] = stated.coefficients[np.ix_(order, columns[:width])]
    on_switches = stated.coefficients[np.ix_(order, columns[width:])]
    switched, switch_of = np.nonzero(on_switches)
    if np.unique(switched).size < switched.size:
        raise SolverFailed("a row that counts losing scenarios has several switches")
    switch = np.full(height, NO_SWITCH, dtype=np.int64)
    switch[switched] = switch_of
    on_switch = np.zeros(height)
    on_switch[switched] = on_switches[switched, switch_of]
    room = np.full(MOST_CUTS, np.inf)
    return SwitchRows(
        coefficients=coefficients,
        by_column=np.ascontiguousarray(coefficients.T),
        switch=switch,
        on_switch=on_switch,
        lower=np.concatenate([stated.column_lower[columns], stated.row_lower[order], -room]),
        upper=np.concatenate([stated.column_upper[columns], stated.row_upper[order], room]),
        size=np.array([count], dtype=np.int64),
        kept=np.array([count], dtype=np.int64),
    )


def _scenarios(program: CountProgram) -> Scenarios:
    problem = program.piece.polytope.problem
    shares, highest_cvar = stated_tail(problem)
    return Scenarios(
        multiples=np.array(problem.multiples, dtype=np.float64, order="C"),
        switched=np.array(program.scenarios, dtype=np.int64),
        shares=shares,
        highest_cvar=np.array([highest_cvar]),
        most_losing=np.array([program.most_losing], dtype=np.int64),
    )
