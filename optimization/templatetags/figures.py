"""How figures are written on pages: percent, dollars in millions, multiples, times in UTC.

Every filter takes what the results hold (fractions, decimal strings, ISO times) and refuses
anything else, so that a missing figure is an error and never a blank or a zero.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django import template

register = template.Library()

MINUS = "\N{MINUS SIGN}"
USD_PER_MILLION = Decimal(1_000_000)


@register.filter
def number(value: float | Decimal, decimals: int = 2) -> str:
    """1234.5 as "1,234.50"; what rounds to zero has no sign."""
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        unsigned = text[1:]
        return unsigned if not unsigned.strip("0.,") else MINUS + unsigned
    return text


@register.filter
def share(fraction: float, decimals: int = 1) -> str:
    """0.37 as "37.0", for cells whose column head names the percent."""
    return number(100 * fraction, decimals)


@register.filter
def percent(fraction: float, decimals: int = 1) -> str:
    return f"{share(fraction, decimals)}%"


@register.filter
def plain_share(fraction: float) -> str:
    """0.95 as "95" and 0.975 as "97.5": for levels that are names, like CVaR 95."""
    return f"{100 * fraction:g}"


@register.filter
def percent_interval(interval: Sequence[float]) -> str:
    low, high = interval
    return f"{share(low)} to {percent(high)}"


@register.filter
def multiple(value: float) -> str:
    return f"{number(value, 2)}x"


@register.filter
def multiple_interval(interval: Sequence[float]) -> str:
    low, high = interval
    return f"{number(low, 2)} to {multiple(high)}"


@register.filter
def millions(amount_usd: str | Decimal) -> str:
    """Dollars as millions with two decimals: "17120000.00" as "17.12"."""
    amount = (Decimal(amount_usd) / USD_PER_MILLION).quantize(
        Decimal("0.01"), rounding=ROUND_HALF_EVEN
    )
    return number(amount, 2)


@register.filter
def usd_millions(amount_usd: str | Decimal) -> str:
    return f"${millions(amount_usd)}M"


@register.filter
def usd(amount_usd: str | Decimal) -> str:
    """Dollars to the cent: "17120000.00" as "$17,120,000.00"."""
    return f"${number(Decimal(amount_usd), 2)}"


@register.filter
def seconds(duration: float) -> str:
    return f"{number(duration, 1)} s"


@register.filter
def moment(iso: str) -> datetime:
    """The time that a result gives as ISO text."""
    return datetime.fromisoformat(iso).astimezone(UTC)


@register.filter
def utc(iso: str) -> str:
    at = moment(iso)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"
