from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.solver.rounding import (
    NotAnAllocation,
    dollars_by_largest_remainder,
    exact_weights,
    units_by_largest_remainder,
)

shares = st.lists(st.fractions(0, 10), min_size=1, max_size=8).filter(any)


def test_left_over_cents_go_to_the_largest_remainders() -> None:
    # A dollar in shares 1/7, 2/7, 4/7 is 14.29, 28.57 and 57.14 cents; rounded down 14 + 28 + 57
    # = 99, and the cent left over goes to .57.
    amounts = dollars_by_largest_remainder(weights=[1 / 7, 2 / 7, 4 / 7], capital_usd=Decimal(1))

    assert amounts == (Decimal("0.14"), Decimal("0.29"), Decimal("0.57"))


def test_equal_remainders_favour_the_earlier() -> None:
    amounts = dollars_by_largest_remainder(weights=[0.25] * 4, capital_usd=Decimal("0.02"))

    assert amounts == (Decimal("0.01"), Decimal("0.01"), Decimal("0.00"), Decimal("0.00"))


@given(shares, st.integers(0, 10**14))
def test_units_sum_exactly_and_stay_within_one_of_their_share(
    drawn: list[Fraction], total: int
) -> None:
    units = units_by_largest_remainder(shares=drawn, total=total)

    assert sum(units) == total
    for unit, share in zip(units, drawn, strict=True):
        assert abs(unit - share / sum(drawn) * total) < 1


@given(shares, st.integers(0, 10**6))
def test_a_larger_share_never_gets_fewer_units(drawn: list[Fraction], total: int) -> None:
    units = units_by_largest_remainder(shares=drawn, total=total)

    by_share = sorted(zip(drawn, units, strict=True))
    for (smaller, fewer), (larger, more) in pairwise(by_share):
        assert smaller == larger or fewer <= more


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12).filter(lambda ws: sum(ws) > 0.1),
    st.integers(1, 10**15),
)
def test_dollars_sum_to_the_capital_in_whole_cents(weights: list[float], cents: int) -> None:
    capital_usd = Decimal(cents) / 100

    amounts = dollars_by_largest_remainder(weights=weights, capital_usd=capital_usd)

    assert sum(amounts) == capital_usd
    assert all(amount == amount.quantize(Decimal("0.01")) for amount in amounts)


def test_capital_with_fractions_of_a_cent_is_refused() -> None:
    with pytest.raises(ValueError, match="cents"):
        dollars_by_largest_remainder(weights=[1.0], capital_usd=Decimal("1.005"))


@pytest.mark.parametrize("faulty", [[], [Fraction(0)], [Fraction(-1), Fraction(2)]])
def test_shares_must_be_proportions(faulty: list[Fraction]) -> None:
    with pytest.raises(ValueError, match="shares"):
        units_by_largest_remainder(shares=faulty, total=10)


def test_weights_become_whole_units_that_sum_to_one() -> None:
    # Noise below the solver's tolerance is zero; the rest is scaled to sum to 1.
    weights = exact_weights([0.3 + 1e-13, 0.7 - 2e-13, 3e-10, -2e-10])

    assert weights == (0.3, 0.7, 0.0, 0.0)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=100))
def test_exact_weights_move_by_no_more_than_a_unit(values: list[float]) -> None:
    raw = [value / sum(values) for value in values]

    weights = exact_weights(raw)

    assert sum(round(weight * 10**12) for weight in weights) == 10**12
    # One unit of 1e-12, and the binary rounding of the sum.
    assert max(abs(a - b) for a, b in zip(weights, raw, strict=True)) < 1.1e-12


@pytest.mark.parametrize("values", [[0.5, 0.4], [1.1, -0.1], [0.5, float("nan")]])
def test_values_that_are_no_allocation_are_refused(values: list[float]) -> None:
    with pytest.raises(NotAnAllocation):
        exact_weights(values)
