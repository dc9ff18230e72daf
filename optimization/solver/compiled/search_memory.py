"""Room for a search: arrays of the sizes that its rows and scenarios ask for."""

from typing import NamedTuple

import numpy as np

from optimization.solver.compiled.count_levels import NONE, Levels, Point, Scenarios
from optimization.solver.compiled.dual_simplex import Workspace
from optimization.solver.compiled.slice_minimum import SlicePoint
from optimization.solver.compiled.switch_choice import Gains
from optimization.solver.compiled.switch_rows import SwitchRows
from optimization.solver.compiled.tableau import Tableau, begin, level_of

# Of branching, and numbers in all their tableaus; a search that needs more is left to others.
MOST_LEVELS = 150
MOST_NUMBERS = 120_000_000
# Rows of a tableau beside those that stay.
MORE_ROWS = 250


class SearchMemory(NamedTuple):
    """``stack`` has one tableau a level, and a last one for trials."""

    stack: Tableau
    levels: Levels
    point: Point
    gains: Gains
    work: Workspace


def search_memory(rows: SwitchRows, scenarios: Scenarios) -> SearchMemory:
    """At the root, with nothing decided."""
    stated, columns = rows.coefficients.shape
    switches = scenarios.switched.size
    width = columns + switches
    height = min(stated, int(rows.kept[0]) + MORE_ROWS)
    most_levels = min(MOST_LEVELS, switches, MOST_NUMBERS // (height * width)) + 2
    stack = _stack(most_levels + 1, height=height, width=width, variables=width + stated)
    begin(level_of(stack, 0), rows)
    return SearchMemory(
        stack,
        _levels(most_levels, switches=switches),
        Point(
            values=np.zeros(width),
            portfolio=np.zeros(scenarios.multiples.shape[1]),
            activity=np.zeros(stated),
            worst=_numbers(scenarios.shares.size),
            row=np.zeros(columns),
            losing=_numbers(1),
        ),
        Gains(
            sums=np.zeros((2, switches)),
            trials=np.zeros((2, switches)),
            candidates=_numbers(switches),
            scores=np.zeros(switches),
            gained=np.zeros(2),
            kept=_numbers(height),
            in_use=np.zeros(width + stated, dtype=np.bool_),
        ),
        _workspace(height=height, width=width, variables=width + stated),
    )


class SliceMemory(NamedTuple):
    """For minima over a slice, by one tableau of all its rows."""

    tableau: Tableau
    point: SlicePoint
    work: Workspace


def slice_memory(rows: SwitchRows, scenarios: Scenarios) -> SliceMemory:
    """With no row in the tableau yet."""
    height, columns = rows.coefficients.shape
    return SliceMemory(
        level_of(_stack(1, height=height, width=columns, variables=columns + height), 0),
        SlicePoint(
            values=np.zeros(columns),
            portfolio=np.zeros(scenarios.multiples.shape[1]),
            worst=_numbers(scenarios.shares.size),
            row=np.zeros(columns),
        ),
        _workspace(height=height, width=columns, variables=columns + height),
    )


def _workspace(*, height: int, width: int, variables: int) -> Workspace:
    return Workspace(
        candidates=_numbers(width),
        ratios=np.zeros(width),
        flipped=_numbers(width),
        multipliers=np.zeros(width + 1),
        used=_numbers(width + 1),
        pivot_row=np.zeros(width),
        pivot_column=np.zeros(height),
        reduced=np.zeros(width),
        tolerated=np.zeros(variables, dtype=np.bool_),
    )


def _numbers(size: int, *, value: int = 0) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.full(size, value, dtype=np.int64)


def _stack(levels: int, *, height: int, width: int, variables: int) -> Tableau:
    """Of which only what comes into use takes memory."""
    return Tableau(
        entries=np.empty((levels, height, width)),
        prices=np.empty((levels, width)),
        basic=np.empty((levels, height), dtype=np.int64),
        nonbasic=np.empty((levels, width), dtype=np.int64),
        values=np.empty((levels, height)),
        held=np.empty((levels, width)),
        weights=np.empty((levels, height)),
        present=np.zeros((levels, variables), dtype=np.bool_),
        size=np.zeros((levels, 2), dtype=np.int64),
    )


def _levels(most: int, *, switches: int) -> Levels:
    return Levels(
        level=_numbers(1),
        decided=_numbers(switches + 1),
        decisions=_numbers(1),
        marks=_numbers(most),
        other=_numbers(most, value=NONE),
        other_side=_numbers(most),
        other_value=np.zeros(most),
        counts=np.zeros(most),
        branch=_numbers(2, value=NONE),
        before=np.zeros(2),
    )
