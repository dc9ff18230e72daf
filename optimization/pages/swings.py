"""What moves a result's multiples, in words and rows: economy, stages and sectors, deals. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from optimization.templatetags.figures import percent

Shares = Mapping[str, float]

# Fractions that have a name, for sentences.
NAMED_FRACTIONS = (
    (1 / 10, "a tenth"),
    (1 / 5, "a fifth"),
    (1 / 4, "a quarter"),
    (1 / 3, "a third"),
    (1 / 2, "half"),
    (2 / 3, "two thirds"),
    (3 / 4, "three quarters"),
)
# A share this near to a fraction is called by its name, and this near "about" it.
SAME_WITHIN = 0.005
ABOUT_WITHIN = 0.02
PARTS = ("macro", "bucket", "idiosyncratic")


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPart:
    """A piece of a stacked bar, in percent of its length."""

    tone: str
    start: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SwingRow:
    label: str
    kind: str
    shares: Shares
    parts: Sequence[BarPart]


def swing_rows(result: Mapping[str, Any]) -> list[SwingRow]:
    """The allocation, equal weights, and each bucket by itself, as far as they were measured."""
    matrix = result["matrix"]
    rows = [
        ("This allocation", "total", matrix["allocation_variance_shares"]),
        ("Equal weights", "", matrix["variance_shares"]),
        *(
            (
                f"{bucket['stage_label']} / {bucket['sector_label']}",
                "part",
                bucket["variance_shares"],
            )
            for bucket in result["buckets"]
        ),
    ]
    return [
        SwingRow(label=label, kind=kind, shares=shares, parts=_parts(shares))
        for label, kind, shares in rows
        if shares is not None
    ]


def swings_sentence(result: Mapping[str, Any]) -> str:
    """How much of the swings comes from where, of the allocation or else of equal weights."""
    matrix = result["matrix"]
    own = matrix["allocation_variance_shares"]
    whose = "this allocation" if own is not None else "an equally weighted portfolio"
    shares = own if own is not None else matrix["variance_shares"]
    return (
        f"{_capitalised(share_in_words(shares['macro']))} of the swings of {whose} come from the"
        f" economy, {share_in_words(shares['bucket'])} from stages and sectors and"
        f" {share_in_words(shares['idiosyncratic'])} from single deals."
    )


def share_in_words(fraction: float) -> str:
    """0.5 as "half", 0.34 as "about a third", 0.4 as "40%"."""
    away, name = min((abs(fraction - value), name) for value, name in NAMED_FRACTIONS)
    if away <= SAME_WITHIN:
        return name
    return f"about {name}" if away <= ABOUT_WITHIN else percent(fraction, 0)


def _capitalised(words: str) -> str:
    return words[0].upper() + words[1:]


def _parts(shares: Shares) -> list[BarPart]:
    # A share estimated from scenarios can lie a little below zero; no bar can.
    drawn = [max(shares[name], 0.0) for name in PARTS]
    lengths = [100 * share / sum(drawn) for share in drawn]
    starts = [0.0, *accumulate(lengths[:-1])]
    return [
        BarPart(tone=tone, start=start, length=length)
        for tone, start, length in zip(PARTS, starts, lengths, strict=True)
    ]
