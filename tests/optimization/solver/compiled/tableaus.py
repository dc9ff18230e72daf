"""Tableaus of small programs, and where they are."""

import numpy as np
from numpy.typing import ArrayLike

from optimization.solver.compiled.count_levels import Scenarios
from optimization.solver.compiled.dual_simplex import Workspace
from optimization.solver.compiled.search_memory import search_memory
from optimization.solver.compiled.switch_rows import Floats, SwitchRows, first_row
from optimization.solver.compiled.tableau import Tableau, add_row, level_of
from tests.optimization.solver.compiled.programs import matrix


def scenarios_of(
    multiples: ArrayLike,
    *,
    switched: ArrayLike,
    most_losing: int,
    shares: ArrayLike = (1.0,),
    highest_cvar: float = np.inf,
) -> Scenarios:
    """``multiples`` (B, S), of which the scenarios ``switched`` (K,) have switches."""
    return Scenarios(
        multiples=np.array(multiples, dtype=float, order="C"),
        switched=np.array(switched, dtype=np.int64),
        shares=np.array(shares, dtype=float),
        highest_cvar=np.array([highest_cvar]),
        most_losing=np.array([most_losing], dtype=np.int64),
    )


def scenarios_of_switches(rows: SwitchRows, *, most_losing: int) -> Scenarios:
    """Those of a program whose every scenario has a switch, without a limit on CVaR."""
    switches = first_row(rows) - rows.coefficients.shape[1]
    return scenarios_of(
        rows.coefficients[:switches].T, switched=np.arange(switches), most_losing=most_losing
    )


def full_tableau(rows: SwitchRows) -> tuple[Tableau, Workspace]:
    """At its beginning, with every stated row."""
    memory = search_memory(rows, scenarios_of_switches(rows, most_losing=0))
    tableau = level_of(memory.stack, 0)
    for row in range(int(rows.size[0])):
        if not tableau.present[first_row(rows) + row]:
            add_row(tableau, rows, row)
    return tableau, memory.work


def point(tableau: Tableau, rows: SwitchRows) -> Floats:
    """(C + K,) the columns and switches; a switch that is not in the tableau is 0."""
    basic, nonbasic = tableau.size.tolist()
    values = np.zeros(rows.lower.size)
    values[tableau.basic[:basic]] = tableau.values[:basic]
    values[tableau.nonbasic[:nonbasic]] = tableau.held[:nonbasic]
    return values[: first_row(rows)]


def excess(rows: SwitchRows, values: Floats) -> float:
    """By how much columns and switches (C + K,) break the bound that they break most."""
    first, size = first_row(rows), int(rows.size[0])
    everything = np.concatenate([values, matrix(rows) @ values])
    lower, upper = rows.lower[: first + size], rows.upper[: first + size]
    return float(np.maximum(lower - everything, everything - upper).max(initial=0.0))
