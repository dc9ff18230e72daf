"""Rounding to the grid on which configurations are hashed and simulated."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.simulation.configuration.canonical_numbers import (
    UNITS,
    canonical,
    canonical_partial_shares,
    canonical_shares,
)


def shares(*, least: int = 1) -> st.SearchStrategy[list[float]]:
    parts = st.lists(st.floats(0, 1), min_size=least, max_size=8).filter(lambda p: sum(p) > 0.01)
    return parts.map(lambda p: [part / math.fsum(p) for part in p])


def units(values: tuple[float, ...]) -> list[int]:
    whole = [round(value * UNITS) for value in values]
    assert [unit / UNITS for unit in whole] == list(values)
    return whole


def test_sixth_decimal_is_kept_and_the_seventh_rounded() -> None:
    assert canonical(0.1234564) == 0.123456
    assert canonical(0.1234566) == 0.123457


def test_minus_zero_becomes_zero() -> None:
    assert math.copysign(1, canonical(-1e-9)) == 1.0


@given(value=st.floats(-1e6, 1e6))
def test_rounding_twice_changes_nothing(value: float) -> None:
    assert canonical(canonical(value)) == canonical(value)


def test_thirds_sum_to_one_after_rounding() -> None:
    assert canonical_shares([1 / 3, 1 / 3, 1 / 3]) == (0.333334, 0.333333, 0.333333)


def test_sixths_are_not_lifted_above_one() -> None:
    # .166667 + .166667 + .666667 would be 1.000001: the largest gives way.
    assert canonical_partial_shares([1 / 6, 1 / 6, 2 / 3]) == (0.166667, 0.166667, 0.666666)


def test_a_remainder_is_left_alone() -> None:
    assert canonical_partial_shares([0.25, 0.5]) == (0.25, 0.5)


@given(whole=shares())
def test_shares_of_a_whole_sum_to_one_exactly_on_the_grid(whole: list[float]) -> None:
    rounded = canonical_shares(whole)
    assert sum(units(rounded)) == UNITS
    # The largest absorbs at most half a unit for each of up to eight shares.
    assert all(abs(new - old) <= 4.5 / UNITS for new, old in zip(rounded, whole, strict=True))
    assert canonical_shares(rounded) == rounded


@given(whole=shares(least=2))
def test_parts_of_a_whole_never_exceed_it_on_the_grid(whole: list[float]) -> None:
    for parts in (whole, whole[:-1]):
        rounded = canonical_partial_shares(parts)
        assert sum(units(rounded)) <= UNITS
        assert all(
            new == pytest.approx(old, abs=4.5e-6) for new, old in zip(rounded, parts, strict=True)
        )
        assert canonical_partial_shares(rounded) == rounded
