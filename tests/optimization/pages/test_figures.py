from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from django.template import Context, Template

from optimization.templatetags import figures

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (figures.percent(0.37), "37.0%"),
        (figures.percent(0.0004, 2), "0.04%"),
        (figures.share(1.0), "100.0"),
        (figures.percent_interval([0.355, 0.382]), "35.5 to 38.2%"),
        (figures.multiple(1.8249), "1.82x"),
        (figures.multiple_interval([1.784, 1.867]), "1.78 to 1.87x"),
        (figures.millions("17120000.00"), "17.12"),
        (figures.usd_millions(Decimal("999999999999999.99")), "$1,000,000,000.00M"),
        (figures.usd("100000000.00"), "$100,000,000.00"),
        (figures.number(1234.5), "1,234.50"),
        (figures.number(-0.8, 1), f"{MINUS}0.8"),
        (figures.number(-0.04, 1), "0.0"),
        (figures.number(400, 0), "400"),
        (figures.seconds(4.24), "4.2 s"),
        (figures.plain_share(0.95), "95"),
        (figures.plain_share(0.975), "97.5"),
        (figures.utc("2026-11-02T14:32:08.123456Z"), "2 Nov 2026, 14:32 UTC"),
        (figures.utc("2026-11-02T23:32:08-05:00"), "3 Nov 2026, 04:32 UTC"),
    ],
)
def test_figures_are_written_as_pages_show_them(written: str, expected: str) -> None:
    assert written == expected


def test_dollars_do_not_pass_through_binary_fractions() -> None:
    # 0.125 million is a tie that goes to the even cent; 15 digits stay exact.
    assert figures.millions("125000.00") == "0.12"
    assert figures.usd("999999999999999.99") == "$999,999,999,999,999.99"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("percent", None, TypeError),
        ("millions", "", InvalidOperation),
        ("utc", "", ValueError),
        ("multiple", None, TypeError),
    ],
)
def test_a_missing_figure_is_an_error_and_never_a_blank(
    name: str, value: Any, error: type[Exception]
) -> None:
    template = Template("{% load figures %}{{ value|" + name + " }}")

    with pytest.raises(error):
        template.render(Context({"value": value}))
