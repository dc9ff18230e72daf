"""Grid lines are round, few, and hold zero and every value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.pages.chart_axis import MOST_STEPS, axis_around

AMOUNTS = st.floats(min_value=-1e12, max_value=1e12, allow_subnormal=False)


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ([-0.8, 2.0], [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]),
        ([0.0, 6.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ([0.0, 6.1], [0.0, 2.0, 4.0, 6.0, 8.0]),
        ([-50.0, 80.0], [-50.0, 0.0, 50.0, 100.0]),
        ([-0.003, -0.001], [-0.003, -0.0025, -0.002, -0.0015, -0.001, -0.0005, 0.0]),
    ],
)
def test_lines_are_those_one_would_draw_by_hand(values: list[float], lines: list[float]) -> None:
    assert axis_around(values).lines() == pytest.approx(lines, abs=1e-12)


def test_a_value_on_a_line_but_for_a_binary_fraction_needs_no_further_line() -> None:
    # 0.1 + 0.2 is 0.30000000000000004.
    assert axis_around([0.1 + 0.2]).high == pytest.approx(0.3, abs=1e-12)


@pytest.mark.parametrize(("value", "decimals"), [(0.3, 2), (3.0, 1), (30.0, 0), (3e6, 0)])
def test_labels_have_the_decimals_of_the_step(value: float, decimals: int) -> None:
    assert axis_around([value]).decimals == decimals


@given(st.lists(AMOUNTS, min_size=1, max_size=20))
def test_every_value_lies_between_few_lines(values: list[float]) -> None:
    spread = max(0.0, *values) - min(0.0, *values)
    if spread < 1e-9:
        return
    axis = axis_around(values)

    slack = axis.step * 1e-8
    assert axis.low - slack <= min(0.0, *values)
    assert axis.high + slack >= max(0.0, *values)
    assert 1 <= axis.last - axis.first <= MOST_STEPS
    # The digits of the step: 1, 2 or 5.
    assert round(axis.step / 10 ** math.floor(math.log10(axis.step * 1.0001))) in (1, 2, 5)


@pytest.mark.parametrize("values", [[0.0], [math.nan], [math.inf], [1.0, -math.inf]])
def test_values_that_no_axis_holds_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="no axis"):
        axis_around(values)
