"""Compiles all kernels, or loads them where that has been done, by calls on tiny problems."""

from collections.abc import Callable

import numpy as np

from optimization.solver.compiled.count_levels import Scenarios, add_cut, begin_again, bound_row
from optimization.solver.compiled.count_search import search
from optimization.solver.compiled.dual_simplex import minimise
from optimization.solver.compiled.search_memory import search_memory, slice_memory
from optimization.solver.compiled.slice_minimum import Losses, least_in_slice
from optimization.solver.compiled.switch_rows import NO_SWITCH, SwitchRows
from optimization.solver.compiled.tableau import begin
from optimization.solver.compiled.tail_corner import Corner, KinkedFunction, empty_room
from optimization.solver.compiled.tail_walk import change_price, walk_down


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
    begin_again(stack, rows, levels)
    how, _, _ = search(stack, rows, levels, scenarios, point, gains, work, 1.0, 1_000)
    return int(how)


def bound_a_weight() -> float:
    """Of the same buckets, with 0.4 at most in the second one: the least weight of the first."""
    multiples = np.array([[2.0, 0.0], [0.0, 2.0]])
    coefficients = np.zeros((3, 2))
    coefficients[0] = 1.0
    rows = SwitchRows(
        coefficients=coefficients,
        by_column=np.ascontiguousarray(coefficients.T),
        switch=np.array([NO_SWITCH, NO_SWITCH, NO_SWITCH]),
        on_switch=np.zeros(3),
        lower=np.array([0.0, 0.0, 1.0, -np.inf, -np.inf]),
        upper=np.array([1.0, 0.4, 1.0, np.inf, np.inf]),
        size=np.array([1]),
        kept=np.array([1]),
    )
    scenarios = Scenarios(
        multiples=multiples,
        switched=np.zeros(0, dtype=np.int64),
        shares=np.ones(1),
        highest_cvar=np.array([0.8]),
        most_losing=np.array([2]),
    )
    tableau, point, work = slice_memory(rows, scenarios)
    begin(tableau, rows)
    minimise(tableau, rows, work, np.inf, 1_000)
    losses = Losses(np.array([True, True]), np.zeros(2), np.array([1]))
    costs = np.array([1.0, 0.0])
    _, bound, _ = least_in_slice(tableau, rows, scenarios, losses, point, work, costs)
    return float(bound)


def pay_for_a_loss() -> float:
    """x >= 0 costs .5 each, and what is missing to 1 is a loss: the price at which half of it is
    avoided.
    """
    function = KinkedFunction(
        costs=np.array([0.5]),
        tail_costs=np.zeros(1),
        coefficients=np.ones((1, 2)),
        levels=np.array([0.0, 1.0]),
        low=np.zeros(2),
        high=np.array([10.0, 1.0]),
        scenarios=np.array([1]),
    )
    corner = Corner(
        x=np.zeros(1),
        gaps=np.array([0.0, -1.0]),
        below=np.array([False, True]),
        held=np.array([0]),
        place=np.array([0, -1]),
        directions=np.ones((1, 1)),
    )
    room = empty_room(numbers=1, rows=2)
    walk_down(function, corner, room, 0.1, 10)
    price, _ = change_price(function, corner, room, 0.1, 0.5, 10)
    return float(price)


TINY_PROBLEMS: tuple[Callable[[], object], ...] = (
    search_two_scenarios,
    bound_a_weight,
    pay_for_a_loss,
)
"""Each calls the kernels it is for, with the types they are always called with."""


def compile_kernels() -> None:
    for solve_tiny_problem in TINY_PROBLEMS:
        solve_tiny_problem()
