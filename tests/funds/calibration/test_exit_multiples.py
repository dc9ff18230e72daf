"""Weights for censoring and weighted quantiles of exit multiples."""

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.calibration.aalen_johansen import OPEN
from funds.calibration.exit_multiples import (
    censoring_weights,
    exit_multiples,
    weighted_quantile,
)
from funds.calibration.first_cheques import FirstCheque
from funds.calibration.spells import Outcome
from tests.funds.calibration.durations import CAUSES, estimated, observations
from tests.funds.calibration.oracles import Observation
from tests.funds.calibration.worked_example import SEED_CAUSES, SEED_YEARS

ROUNDING = 1e-12


def cheque(multiple: float | None, *, years: float = 3.0) -> FirstCheque:
    """An exit at ``multiple``; open without one."""
    paid_on = date(2000, 1, 1)
    return FirstCheque(
        stage="seed",
        paid_on=paid_on,
        ended_on=paid_on + timedelta(days=round(years * 365.25)),
        outcome=Outcome.OPEN if multiple is None else Outcome.EXIT,
        multiple=multiple,
    )


def test_weights_of_the_worked_example() -> None:
    """Censored at 1.0 (10 at risk), 1.5 (7 after the two events there), 2.0 (5 after the one).

    K falls to 9/10, then x 6/7, then x 4/5. An event is weighted by K before its own time:
    1.5: 10/9; 2.0: 10/9 x 7/6 = 35/27; 2.5 and later: 35/27 x 5/4 = 175/108.
    """
    weights = censoring_weights(
        durations_years=np.array(SEED_YEARS), is_open=np.array(SEED_CAUSES) == OPEN
    )

    np.testing.assert_allclose(
        weights,
        [10 / 9, 35 / 27, *[175 / 108] * 4, 10 / 9, 0, 0, 0],
        rtol=0,
        atol=ROUNDING,
    )


@settings(max_examples=60, deadline=None)
@given(observations)
def test_weights_of_a_cause_sum_to_its_incidence(found: list[Observation]) -> None:
    """Weighting for censoring and the Aalen-Johansen estimator are two ways to one number."""
    causes = np.array([cause for _, cause, _ in found])
    weights = censoring_weights(
        durations_years=np.array([float(end) for end, _, _ in found]), is_open=causes == OPEN
    )

    np.testing.assert_allclose(
        [weights[causes == cause].sum() / len(found) for cause in range(CAUSES)],
        estimated(found).incidence_at(1e9),
        rtol=0,
        atol=ROUNDING,
    )


@pytest.mark.parametrize(
    ("share", "value"), [(0.05, 1.0), (0.1, 1.0), (0.11, 2.0), (0.5, 5.0), (0.9, 9.0), (1.0, 10.0)]
)
def test_quantile_is_the_smallest_value_that_the_share_does_not_exceed(
    share: float, value: float
) -> None:
    values = np.array([3.0, 1.0, 2.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0])

    assert weighted_quantile(values=values, weights=np.full(10, 0.1), share=share) == value


def test_heavier_values_move_the_quantile() -> None:
    # 1 weighs 1/6, 2 weighs 2/6, 3 weighs 3/6: half is reached with 2, more than half with 3.
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])

    assert weighted_quantile(values=values, weights=weights, share=0.5) == 2.0
    assert weighted_quantile(values=values, weights=weights, share=0.51) == 3.0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(min_value=0, max_value=9), st.integers(min_value=1, max_value=4)),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)]),
)
def test_integer_weights_are_repetitions(drawn: list[tuple[int, int]], share: Fraction) -> None:
    repeated = sorted(value for value, weight in drawn for _ in range(weight))
    # The position of the quantile counted from 1: the smallest k with k >= share x n.
    position = -(-share.numerator * len(repeated) // share.denominator)

    assert (
        weighted_quantile(
            values=np.array([float(value) for value, _ in drawn]),
            weights=np.array([float(weight) for _, weight in drawn]),
            share=float(share),
        )
        == repeated[position - 1]
    )


def test_ten_uncensored_exits_have_plain_quantiles() -> None:
    found = exit_multiples([cheque(float(n)) for n in range(1, 11)], multiple_cap=300.0)

    assert (found.exits, found.median, found.p90, found.unknown_because) == (10, 5.0, 9.0, None)


def test_late_exits_stand_for_the_censored() -> None:
    """Five exits at 1x after 1 year; ten open after 2 years; five exits at 9x after 3 years.

    At 2 years 15 are at risk and 10 are cut off: each late exit weighs 15/5 = 3. So 1x has a
    weight of 5 and 9x of 15; the plain median would be 1x.
    """
    early = [cheque(1.0 + n / 100, years=1.0) for n in range(5)]
    late = [cheque(9.0 + n / 100, years=3.0) for n in range(5)]
    found = exit_multiples([*early, *late, *[cheque(None, years=2.0)] * 10], multiple_cap=300.0)

    # Half of the weight of 20 is 10 = 5 + 3 + 2 of the next 3; 18 = 5 + 4 x 3 + 1 of the last.
    assert (found.median, found.p90) == (9.01, 9.04)


def test_nine_exits_are_too_few() -> None:
    found = exit_multiples([cheque(2.0)] * 9 + [cheque(None)] * 50, multiple_cap=300.0)

    assert (found.exits, found.median, found.p90) == (9, None, None)
    assert found.unknown_because == "9 exits are too few, 10 are needed"


@pytest.mark.parametrize(
    "multiples",
    [[2.0] * 10, [0.0] * 6 + [5.0] * 4, [1.0] * 8 + [300.0] * 2],
    ids=["no spread", "worthless median", "P90 at the cap"],
)
def test_quantiles_that_cannot_be_simulated_are_unknown(multiples: list[float]) -> None:
    found = exit_multiples([cheque(multiple) for multiple in multiples], multiple_cap=300.0)

    assert (found.median, found.p90) == (None, None)
    assert found.unknown_because is not None
    assert found.unknown_because.startswith("exits cannot be simulated with median")


def test_without_a_cap_the_p90_has_the_range_of_a_configuration() -> None:
    cheques = [cheque(1.0)] * 8 + [cheque(300.0)] * 2

    assert exit_multiples(cheques, multiple_cap=None).p90 == 300.0
