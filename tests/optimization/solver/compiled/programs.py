"""Small programs with switches for tests, and what scipy says about them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from optimization.solver.compiled.switch_rows import NO_SWITCH, Floats, SwitchRows, first_row


class Row(NamedTuple):
    """lower <= coefficients . x + on_switch z[switch] <= upper."""

    coefficients: ArrayLike
    lower: float = -np.inf
    upper: float = np.inf
    switch: int = NO_SWITCH
    on_switch: float = 0.0


def switch_rows(
    *,
    upper: Sequence[float],
    lower: Sequence[float] | None = None,
    scenarios: Sequence[ArrayLike] = (),
    losses: Sequence[float] = (),
    rows: Sequence[Row] = (),
    room: int = 40,
) -> SwitchRows:
    """Columns within ``lower`` (0 unless stated) and ``upper``; each scenario has a switch."""
    columns, switches = len(upper), len(scenarios)
    all_rows = [
        Row(scenario, lower=1.0, switch=switch, on_switch=loss)
        for switch, (scenario, loss) in enumerate(zip(scenarios, losses, strict=True))
    ] + list(rows)
    height = len(all_rows) + room
    coefficients = np.zeros((height, columns))
    for place, row in enumerate(all_rows):
        coefficients[place] = row.coefficients
    padding = [np.inf] * room
    return SwitchRows(
        coefficients=coefficients,
        by_column=np.ascontiguousarray(coefficients.T),
        switch=np.array([row.switch for row in all_rows] + [NO_SWITCH] * room, dtype=np.int64),
        on_switch=np.array([row.on_switch for row in all_rows] + [0.0] * room),
        lower=np.array(
            [
                *(lower or [0.0] * columns),
                *[0.0] * switches,
                *[row.lower for row in all_rows],
                *[-bound for bound in padding],
            ]
        ),
        upper=np.array(
            [*upper, *[1.0] * switches, *[row.upper for row in all_rows], *padding], dtype=float
        ),
        size=np.array([len(all_rows)], dtype=np.int64),
        kept=np.array([len(all_rows)], dtype=np.int64),
    )


def matrix(rows: SwitchRows) -> Floats:
    """(stated rows, columns and switches)."""
    size, (_, columns) = int(rows.size[0]), rows.coefficients.shape
    dense = np.zeros((size, first_row(rows)))
    dense[:, :columns] = rows.coefficients[:size]
    switched = np.flatnonzero(rows.switch[:size] != NO_SWITCH)
    dense[switched, columns + rows.switch[switched]] = rows.on_switch[switched]
    return dense


def least_count_by_linprog(rows: SwitchRows, *, slack: float = 0.0) -> float | None:
    """The least sum of the switches with rows kept to ``slack``; None when there is no point."""
    costs = np.zeros(first_row(rows))
    costs[rows.coefficients.shape[1] :] = 1.0
    return least_by_linprog(rows, costs, slack=slack)


def least_by_linprog(rows: SwitchRows, costs: Floats, *, slack: float = 0.0) -> float | None:
    """The least costs . x over columns and switches x (C + K,)."""
    first, size = first_row(rows), int(rows.size[0])
    dense = matrix(rows)
    lower, upper = rows.lower[first : first + size], rows.upper[first : first + size]
    has_upper, has_lower = np.isfinite(upper), np.isfinite(lower)
    sides = np.concatenate([dense[has_upper], -dense[has_lower]])
    ends = np.concatenate([upper[has_upper], -lower[has_lower]]) + slack
    solved = linprog(
        costs,
        A_ub=sides if ends.size else None,
        b_ub=ends if ends.size else None,
        bounds=list(zip(rows.lower[:first].tolist(), rows.upper[:first].tolist(), strict=True)),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solved.status == 2:
        return None
    assert solved.status == 0, solved.message
    assert solved.fun is not None
    return float(solved.fun)


def true_least(rows: SwitchRows, costs: Floats | None = None) -> float:
    """The least costs . x for columns x (C,), or the least count; programs without a point are left
    out of a property's examples.
    """
    if costs is None:
        least = least_count_by_linprog(rows)
    else:
        least = least_by_linprog(rows, np.pad(costs, (0, first_row(rows) - costs.size)))
    if least is None:
        reject()
    return least


@st.composite
def programs(draw: st.DrawFn) -> SwitchRows:
    """A few columns, switches and rows with small coefficients: ties, equal rows, fixed columns and
    equations are frequent, and every other program or so has no point at all.
    """
    columns = draw(st.integers(1, 5))
    coefficients = st.lists(
        st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 0.3]),
        min_size=columns,
        max_size=columns,
    )
    multiples = st.lists(
        st.sampled_from([0.0, 0.25, 0.9, 1.0, 1.5, 3.0]), min_size=columns, max_size=columns
    )
    scenarios = draw(st.lists(multiples, max_size=5))
    lower = draw(st.lists(st.sampled_from([0.0, 0.0, 0.1]), min_size=columns, max_size=columns))
    widths = draw(
        st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0]), min_size=columns, max_size=columns)
    )
    return switch_rows(
        lower=lower,
        upper=[low + width for low, width in zip(lower, widths, strict=True)],
        scenarios=scenarios,
        losses=[draw(st.sampled_from([0.25, 0.5, 1.0])) for _ in scenarios],
        rows=[
            _drawn_row(draw, coefficients, switches=len(scenarios))
            for _ in range(draw(st.integers(0, 4)))
        ],
    )


def _drawn_row(
    draw: st.DrawFn, coefficients: st.SearchStrategy[list[float]], *, switches: int
) -> Row:
    lower, width = draw(
        st.tuples(
            st.sampled_from([-1.0, 0.0, 0.2, 0.5, 1.0]),
            st.sampled_from([0.0, 0.5, 1.0, np.inf]),
        )
    )
    has_switch = switches > 0 and draw(st.booleans())
    sign = draw(st.sampled_from([1.0, -1.0]))
    low, high = sorted([sign * lower, sign * (lower + width)])
    return Row(
        draw(coefficients),
        lower=low,
        upper=high,
        switch=draw(st.integers(0, switches - 1)) if has_switch else NO_SWITCH,
        on_switch=draw(st.sampled_from([1.0, -0.5])) if has_switch else 0.0,
    )
