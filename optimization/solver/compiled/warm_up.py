"""Compiles all kernels, or loads them where that has been done, by calls on tiny problems."""

from collections.abc import Callable

import numpy as np

from optimization.solver.compiled.count_levels import Scenarios, add_cut, bound_row
from optimization.solver.compiled.count_search import search
from optimization.solver.compiled.search_memory import search_memory
from optimization.solver.compiled.switch_rows import NO_SWITCH, SwitchRows


def search_two_scenarios() -> int:
    """Of two buckets each wins in one scenario alone, so one of both scenarios loses: how the
    search ends that allows one.
    """
    multiples = np.array([[2.0, 0.0], [0.0, 2.0]])
    coefficients = np.zeros((4, 2))
    coefficients[:2], coefficients[2] = multiples.T, 1.0
    rows = SwitchRows(
        coefficients=coefficients,
        by_column=np.ascontiguousarray(coefficients.T),
        switch=np.array([0, 1, NO_SWITCH, NO_SWITCH]),
        on_switch=np.array([1.0, 1.0, 0.0, 0.0]),
        lower=np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, -np.inf]),
        upper=np.array([0.4, 1.0, 1.0, 1.0, np.inf, np.inf, 1.0, np.inf]),
        size=np.array([3]),
        kept=np.array([3]),
    )
    scenarios = Scenarios(
        multiples=multiples,
        switched=np.array([0, 1]),
        shares=np.ones(1),
        highest_cvar=np.array([np.inf]),
        most_losing=np.array([1]),
    )
    stack, levels, point, gains, work = search_memory(rows, scenarios)
    add_cut(stack, rows, levels, np.array([1.0, 1.0]), 0.5)
    bound_row(stack, rows, levels, 2, 1.0, 1.0)
    how, _, _ = search(stack, rows, levels, scenarios, point, gains, work, 1.0, 1_000)
    return int(how)


TINY_PROBLEMS: tuple[Callable[[], object], ...] = (search_two_scenarios,)
"""Each calls the kernels it is for, with the types they are always called with."""


def compile_kernels() -> None:
    for solve_tiny_problem in TINY_PROBLEMS:
        solve_tiny_problem()
