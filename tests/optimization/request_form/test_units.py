from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.request_form.units import Unit, json_value, typed_text

NUMERIC = [Unit.COUNT, Unit.DEALS, Unit.SECONDS, Unit.PERCENT, Unit.USD_MILLIONS]


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("37", Unit.PERCENT, 0.37),
        # 36.6 / 100 in binary floating point is 0.36599999999999994.
        ("36.6", Unit.PERCENT, 0.366),
        (" 37.5 % ", Unit.PERCENT, 0.375),
        ("0", Unit.PERCENT, 0.0),
        ("\N{MINUS SIGN}3", Unit.PERCENT, -0.03),
        ("100", Unit.USD_MILLIONS, "100000000"),
        ("$62.5M", Unit.USD_MILLIONS, "62500000"),
        ("1,250.75", Unit.USD_MILLIONS, "1250750000"),
        ("100,000", Unit.COUNT, 100000.0),
        (".7", Unit.DEALS, 0.7),
        ("1e3", Unit.COUNT, 1000.0),
        ("  Base case ", Unit.TEXT, "Base case"),
        ("0042", Unit.TEXT, "0042"),
    ],
)
def test_typed_text_becomes_the_value_of_the_request(typed: str, unit: Unit, value: object) -> None:
    assert json_value(typed, unit) == value


@pytest.mark.parametrize("unit", [unit for unit in Unit if unit is not Unit.FLAG])
@pytest.mark.parametrize("typed", ["", "   ", "\t", "\N{NO-BREAK SPACE}"])
def test_a_blank_field_asks_for_nothing(typed: str, unit: Unit) -> None:
    assert json_value(typed, unit) is None


@pytest.mark.parametrize(("value", "typed"), [(True, "on"), (False, "")])
def test_a_box_that_is_not_ticked_says_no(value: bool, typed: str) -> None:
    assert json_value(typed, Unit.FLAG) is value
    assert typed_text(value, Unit.FLAG) == typed


@pytest.mark.parametrize("unit", NUMERIC)
@pytest.mark.parametrize(
    "typed", ["abc", "NaN", "inf", "-Infinity", "1,5", "1_000", "٣", "0x10", "1e9999999", "\x00"]
)
def test_what_is_not_a_number_is_passed_on_as_text_for_the_rules_to_refuse(
    typed: str, unit: Unit
) -> None:
    assert json_value(typed, unit) == typed


@pytest.mark.parametrize("typed", ["1e999999", "-1e999999", "1e-999999"])
@pytest.mark.parametrize("unit", NUMERIC)
def test_absurd_exponents_are_read_without_an_error(typed: str, unit: Unit) -> None:
    assert isinstance(json_value(typed, unit), float | str)


@given(st.text(max_size=300), st.sampled_from(list(Unit)))
def test_no_text_is_an_error(typed: str, unit: Unit) -> None:
    json_value(typed, unit)


@given(st.integers(0, 10**8))
def test_a_percent_shown_and_read_again_is_the_same_fraction(millionths: int) -> None:
    # Limits are stored as decimal fractions; a hundred millionths is finer than any of them.
    fraction = float(Decimal(millionths).scaleb(-8))

    assert json_value(typed_text(fraction, Unit.PERCENT), Unit.PERCENT) == fraction


@given(st.decimals("0.01", "999999999999999.99", places=2))
def test_dollars_shown_in_millions_and_read_again_are_the_same_cents(amount: Decimal) -> None:
    read = json_value(typed_text(str(amount), Unit.USD_MILLIONS), Unit.USD_MILLIONS)

    assert Decimal(str(read)) == amount


@pytest.mark.parametrize(
    ("value", "unit", "typed"),
    [
        (0.3, Unit.PERCENT, "30"),
        (1e-4, Unit.PERCENT, "0.01"),
        (0.975, Unit.PERCENT, "97.5"),
        ("100000000.00", Unit.USD_MILLIONS, "100"),
        ("62500000.00", Unit.USD_MILLIONS, "62.5"),
        (100_000, Unit.COUNT, "100000"),
        (120.0, Unit.SECONDS, "120"),
        (0.7, Unit.DEALS, "0.7"),
        (None, Unit.PERCENT, ""),
        ("Base", Unit.TEXT, "Base"),
    ],
)
def test_a_value_is_shown_in_the_unit_of_its_field(value: object, unit: Unit, typed: str) -> None:
    assert typed_text(value, unit) == typed
