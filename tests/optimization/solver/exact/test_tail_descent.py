"""Descents end at the optimum that a program with every scenario has, though they prove nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from optimization.solver.exact import tail_descent
from optimization.solver.exact.incremental_lp import StatedProgram
from optimization.solver.exact.tail_descent import TailDescent
from optimization.solver.exact.tail_optimum import tail_optimum
from optimization.solver.measures.risk import cvar
from tests.optimization.solver.exact.test_tail_optimum import (
    every_scenario,
    weights_summing_to_one,
)
from tests.optimization.solver.problems import market_multiples

Floats = NDArray[np.float64]

# The descent keeps slopes to a millionth of a scenario's, programs rows to 1e-9.
TOLERANCE = 1e-6
BUCKETS = 8
MULTIPLES = market_multiples(seed=6, buckets=BUCKETS, scenarios=480)
COSTS = -MULTIPLES.mean(axis=1)
WEIGHTS = np.arange(BUCKETS, dtype=np.int32)


def program(*, costs: Floats = COSTS) -> StatedProgram:
    return weights_summing_to_one(BUCKETS, highest=0.4, costs=costs)[0].stated()


def least_cvar() -> float:
    found = every_scenario(MULTIPLES, confidence=0.95, maximum=None, highest=0.4, costs=None)
    assert found is not None
    return found


def descent(*, maximum: float | None) -> TailDescent:
    costs = COSTS if maximum is not None else np.zeros(BUCKETS)
    return TailDescent(program(costs=costs), weights=WEIGHTS, confidence=0.95, maximum=maximum)


# Some 33 of 480 scenarios are looked at, a tail of 24 is at stake.
@pytest.mark.parametrize("steps", [(1,), (4, 1), (16, 4, 1)])
def test_optimum_within_the_maximum_is_come_to(
    steps: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_descent, "CLOSE_TO_THE_EDGE", 0.5)
    maximum = least_cvar() + 0.01
    down = descent(maximum=maximum)

    for step in steps:
        down.go_down(np.ascontiguousarray(MULTIPLES[:, ::step]), step=step)

    assert cvar(down.weights @ MULTIPLES, confidence=0.95) == pytest.approx(maximum, abs=TOLERANCE)
    assert COSTS @ down.weights == pytest.approx(
        every_scenario(MULTIPLES, confidence=0.95, maximum=maximum, highest=0.4, costs=COSTS),
        abs=TOLERANCE,
    )


@pytest.mark.parametrize("steps", [(1,), (4, 1)])
def test_least_cvar_is_come_to_without_a_maximum(steps: tuple[int, ...]) -> None:
    down = descent(maximum=None)

    for step in steps:
        down.go_down(np.ascontiguousarray(MULTIPLES[:, ::step]), step=step)

    reached = cvar(down.weights @ MULTIPLES, confidence=0.95)
    assert reached == pytest.approx(least_cvar(), abs=TOLERANCE)


def test_maximum_out_of_reach_leads_to_the_least_cvar() -> None:
    down = descent(maximum=least_cvar() - 0.01)

    down.go_down(MULTIPLES, step=1)

    reached = cvar(down.weights @ MULTIPLES, confidence=0.95)
    assert reached == pytest.approx(least_cvar(), abs=TOLERANCE)


def test_descent_leaves_little_to_be_done() -> None:
    lp, weights = weights_summing_to_one(BUCKETS, highest=0.4, costs=COSTS)
    maximum = least_cvar() + 0.01
    before = lp.programs

    found = tail_optimum(lp, weights=weights, multiples=MULTIPLES, confidence=0.95, maximum=maximum)

    assert found is not None
    # The one that proves it.
    assert lp.programs == before + 1


def test_equal_descents_end_at_equal_bytes() -> None:
    ends = []
    for _ in range(2):
        down = descent(maximum=least_cvar() + 0.01)
        for step in (4, 1):
            down.go_down(np.ascontiguousarray(MULTIPLES[:, ::step]), step=step)
        ends.append(down.weights.tobytes())

    assert ends[0] == ends[1]
