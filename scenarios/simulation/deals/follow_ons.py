"""What a dollar of initial cheque holds and has spent after each priced round."""

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.simulation.configuration.parameters import Financing


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Per dollar of initial cheque; spent and left together are the reserve ratio."""

    shares: float
    reserves_spent: float
    reserves_left: float


def holdings(
    *, step_ups: Sequence[float], financing: Financing, reserve_ratio: float
) -> tuple[Holding, ...]:
    """The holding after 0, 1, ... priced rounds; element j is after j rounds.

    The share price starts at 1; a round multiplies it by step_up * (1 - option pool refresh).
    Keeping the whole ownership through a round that dilutes by d costs
    shares * d / (1 - d) * price; the fund pays its participation of that while reserves last.
    """
    keep_cost = financing.dilution_per_round / (1.0 - financing.dilution_per_round)
    price = 1.0
    held = Holding(shares=1.0, reserves_spent=0.0, reserves_left=reserve_ratio)
    after = [held]
    for step_up in step_ups:
        price = price * step_up * (1.0 - financing.option_pool_refresh)
        wanted = financing.pro_rata_participation * held.shares * keep_cost * price
        # left - left is exactly 0, so exhausted reserves never come out as -1e-17.
        follow_on = min(wanted, held.reserves_left)
        held = Holding(
            shares=held.shares + follow_on / price,
            reserves_spent=held.reserves_spent + follow_on,
            reserves_left=held.reserves_left - follow_on,
        )
        after.append(held)
    return tuple(after)
