"""When one deal calls and returns money, as tables over the lattice of latent scores.

Round j of J on a path comes at j / (J + 1) of its time and calls what the follow-on costs. The end
of the path returns the proceeds. Reserves that no round uses are neither called nor returned;
where reserves stay idle, all of them are called at entry. Either way a deal's distributions less
its calls are its multiple less 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.deals.deal_outcomes import PlaceOutcomes, deal_outcomes
from scenarios.simulation.dependence.score_law import ScoreLaw
from scenarios.simulation.pacing.cash_flow_years import YEARS, booked_years
from scenarios.simulation.pacing.deal_times import outcome_years
from scenarios.simulation.randomness.elementary import FloatArray

NOT_CALLED = YEARS
"""The year of a follow-on that the deal's path does not reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowOnCalls:
    """A follow-on round: what it calls per allocated dollar, and the year in uint8 lattice order
    (``NOT_CALLED`` where the path ends before)."""

    call: float
    year: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlowTable:
    """All per allocated dollar; arrays are (cells * SLOTS,) in lattice order.

    ``entry_call`` is called in year 0; ``proceeds`` float32 come in the years ``final_year`` uint8.
    """

    entry_call: float
    follow_ons: tuple[FollowOnCalls, ...]
    proceeds: NDArray[np.float32]
    final_year: NDArray[np.uint8]


def cash_flow_table(*, law: DealLaw, latent: ScoreLaw) -> CashFlowTable:
    """The table of one deal law under the law of its score."""
    all_in = 1.0 + law.reserve_ratio
    outcomes = deal_outcomes(law=law, latent=latent)
    parts = outcomes.by_cell()
    years = outcome_years(outcomes)
    proceeds = np.concatenate([part.proceeds / all_in for part in parts])
    proceeds = proceeds.astype(np.float32).ravel()
    proceeds.flags.writeable = False
    return CashFlowTable(
        entry_call=1.0 / all_in if law.idle_reserves_returned else 1.0,
        follow_ons=_follow_ons(law, parts, years) if law.idle_reserves_returned else (),
        proceeds=proceeds,
        final_year=_read_only([booked_years(part) for part in years]),
    )


def _follow_ons(
    law: DealLaw, parts: Sequence[PlaceOutcomes], years: Sequence[FloatArray]
) -> tuple[FollowOnCalls, ...]:
    """The rounds that cost something; the same round costs the same on every path."""
    found = []
    for number, (before, after) in enumerate(pairwise(law.holdings), start=1):
        cost = after.reserves_spent - before.reserves_spent
        if cost > 0.0:
            called = [
                _call_years(part, number, time) for part, time in zip(parts, years, strict=True)
            ]
            found.append(
                FollowOnCalls(call=cost / (1.0 + law.reserve_ratio), year=_read_only(called))
            )
    return tuple(found)


def _call_years(part: PlaceOutcomes, number: int, years: FloatArray) -> NDArray[np.uint8]:
    """The year of round ``number`` of J at number / (J + 1) of the time, where J reaches it."""
    graduations = np.array([path.graduations for path in part.paths])
    fraction = (number / (graduations + 1.0))[part.path]
    is_reached = (graduations >= number)[part.path]
    booked = booked_years(fraction * years)
    return np.where(is_reached, booked, np.uint8(NOT_CALLED))


def _read_only(values: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The parts in lattice order."""
    table = np.concatenate(values).ravel()
    table.flags.writeable = False
    return table
