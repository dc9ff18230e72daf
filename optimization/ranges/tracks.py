"""What stands beside a limit on the request form: a track of what can be reached, and words. Pure.

Shares are rounded away from what can be reached, so that asking for the figure shown can be met.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

LOSS = "limits.max_loss_probability"
CVAR = "limits.cvar.max"
WINNERS = "limits.min_expected_winners"

# A linear optimum is known to 1e-8: a limit nearer to it than this is met.
TOLERANCE = 1e-7
# The track of a figure without a natural end goes on so far beyond what can be reached.
BEYOND = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Positions from 0 to 1. Between ``open`` and the nearer end of ``reached`` nothing is known
    either way; ``mark`` is the limit that was entered, None without one.
    """

    reached: tuple[float, float]
    open: tuple[float, float] | None = None
    mark: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """``verdict`` is about the limit entered: ``out`` of reach, not known (``open``), or nothing
    to say."""

    words: str
    track: Track
    verdict: Literal["", "open", "out"] = ""
    verdict_words: str = ""


def reaches(ranges: Mapping[str, Any], limits: Mapping[str, object]) -> dict[str, Reach]:
    """By the path of the limit: ``ranges`` as `AttainableRanges` gives them as JSON, ``limits``
    the values entered, by path; one that is no number is not looked at.
    """
    return {
        LOSS: _loss(ranges, _number(limits.get(LOSS))),
        CVAR: _cvar(ranges, _number(limits.get(CVAR))),
        WINNERS: _winners(ranges, _number(limits.get(WINNERS))),
    }


def _loss(ranges: Mapping[str, Any], limit: float | None) -> Reach:
    scenarios = ranges["scenarios"]
    found = round(ranges["loss_probability"]["found"] * scenarios)
    certified = round(ranges["loss_probability"]["certified"] * scenarios)
    of_all = f"of {scenarios:,} simulated scenarios"
    if found == certified:
        words = f"Lowest reachable {_percent_up(found / scenarios)} {of_all}"
    else:
        words = (
            f"Lowest known {_percent_up(found / scenarios)}, none below"
            f" {_percent_down(certified / scenarios)} {of_all}"
        )
    track = Track(
        reached=(found / scenarios, 1.0),
        open=(certified / scenarios, found / scenarios) if certified < found else None,
        mark=_within(limit),
    )
    if limit is None:
        return Reach(words=words, track=track)
    allowed = math.floor(limit * scenarios + 1e-9)
    if allowed < certified:
        verdict_words = f"No allocation can: every one loses in at least {certified:,} {of_all}."
        return Reach(words=words, track=track, verdict="out", verdict_words=verdict_words)
    if allowed < found:
        verdict_words = (
            f"No allocation is known that can, and none is ruled out: the best known loses in"
            f" {found:,} {of_all}."
        )
        return Reach(words=words, track=track, verdict="open", verdict_words=verdict_words)
    return Reach(words=words, track=track)


def _cvar(ranges: Mapping[str, Any], limit: float | None) -> Reach:
    least = ranges["cvar"]["least"]
    level = f"{100 * ranges['cvar']['confidence']:g}"
    words = (
        f"Lowest reachable CVaR {level} {_percent_up(least)} in {ranges['scenarios']:,} simulated"
        " scenarios"
    )
    track = Track(reached=(min(1.0, least), 1.0), mark=_within(limit))
    if limit is None or limit >= least - TOLERANCE:
        return Reach(words=words, track=track)
    verdict_words = (
        f"No allocation can: in the worst scenarios every one loses {_percent_down(least)} or more"
        " on average."
    )
    return Reach(words=words, track=track, verdict="out", verdict_words=verdict_words)


def _winners(ranges: Mapping[str, Any], limit: float | None) -> Reach:
    most = ranges["expected_winners"]["most"]
    words = f"Highest reachable {_down(most)}"
    scale = max(BEYOND * most, limit or 0.0) or 1.0
    track = Track(
        reached=(0.0, most / scale), mark=None if limit is None else max(0.0, limit) / scale
    )
    if limit is None or limit <= most * (1 + TOLERANCE):
        return Reach(words=words, track=track)
    verdict_words = f"No allocation can: none has more than {_up(most)} expected winners."
    return Reach(words=words, track=track, verdict="out", verdict_words=verdict_words)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _within(limit: float | None) -> float | None:
    return None if limit is None else min(1.0, max(0.0, limit))


# What the solver may be off is not worth another digit.
def _percent_up(fraction: float) -> str:
    return f"{math.ceil(1000 * fraction - 1e-4) / 10:.1f}%"


def _percent_down(fraction: float) -> str:
    return f"{math.floor(1000 * fraction + 1e-4) / 10:.1f}%"


def _up(figure: float) -> str:
    return f"{math.ceil(100 * figure - 1e-6) / 100:.2f}"


def _down(figure: float) -> str:
    return f"{math.floor(100 * figure + 1e-6) / 100:.2f}"
