"""What one step more of a limit is worth, in words. Pure."""

from collections.abc import Mapping
from typing import Any

from optimization.templatetags.figures import number, share

Result = Mapping[str, Any]
LimitValue = Mapping[str, Any]

NOT_KNOWN = "not known"
# Of the proved gap: found and proved are then two figures for the same thing.
CLOSED_GAPS = 2.0
# Two solves of one optimum may differ by it.
NOTHING = 1e-6
SMALLEST_SHOWN = 0.001


def limit_values(result: Result) -> dict[str, LimitValue]:
    """By the ids of limits; empty for allocations of earlier releases, which were not explained."""
    explanation = result["allocation"]["explanation"]
    if explanation is None:
        return {}
    return {value["constraint"]: value for value in explanation["limit_values"]}


def gain_in_words(value: LimitValue, *, open_gap: float) -> str:
    """ "+0.021x", or with how much it might be: "+0.004x, at most +0.011x"; "nothing" if proved.

    ``open_gap`` is how far a search may end below its bound, in multiples.
    """
    gain, most = value["multiple_gain"], value["gain_at_most"]
    if gain is None:
        return NOT_KNOWN
    if most <= NOTHING:
        return "nothing"
    if most - gain <= CLOSED_GAPS * open_gap:
        return _gain(gain) if gain >= SMALLEST_SHOWN / 2 else f"under {SMALLEST_SHOWN}x"
    return f"{_gain(gain)}, at most {_gain(most)}"


def is_known(value: LimitValue) -> bool:
    return value["multiple_gain"] is not None


def step_in_words(value: LimitValue, *, is_deals: bool) -> str:
    """What is added to a maximum or taken off a minimum: "1.0 pt", "0.10"."""
    return number(value["step"], 2) if is_deals else f"{share(value['step'])} pt"


def open_gap(result: Result) -> float:
    allocation = result["allocation"]
    gap: float = result["request"]["mip_gap"] * allocation["first_pass_expected_multiple"]
    return gap


def costliest_limit(result: Result) -> LimitValue | None:
    """The limit whose next step is worth most; None when none is known to be worth anything."""
    known = filter(is_known, limit_values(result).values())
    best = max(known, key=lambda value: float(value["multiple_gain"]), default=None)
    return best if best and best["multiple_gain"] >= SMALLEST_SHOWN / 2 else None


def _gain(multiple: float) -> str:
    return f"+{number(multiple, 3)}x"
