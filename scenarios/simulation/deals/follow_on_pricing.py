"""Whether follow-ons are priced like the first cheques of the next stage.

A follow-on in the first round after entry pays the price that new investors of the next stage pay,
for a company that has just reached it. Both dollars should therefore earn about the same. If they
do not, step-ups and exit multiples of the stages contradict each other, and reserves look too good
or too bad.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.config_rules import SMALLEST_EXIT_PROBABILITY
from scenarios.simulation.configuration.parameters import BucketParameters, StageParameters
from scenarios.simulation.deals.bucket_law import bucket_law
from scenarios.simulation.deals.deal_expectations import expected_proceeds
from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.deals.truncated_pareto import largest_p90

LOWEST_RATIO, HIGHEST_RATIO = 0.5, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowOnPrice:
    """Expected value per dollar: of follow-ons in the first round after entry at ``stage``, given
    that the company gets there, and of first cheques at ``next_stage``."""

    stage: str
    next_stage: str
    follow_on_multiple: float
    initial_multiple: float

    @property
    def ratio(self) -> float:
        return self.follow_on_multiple / self.initial_multiple


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingWarning:
    """Multiples are expected values per dollar; ``ratio`` is the first over the second."""

    code: Literal["FOLLOW_ON_PRICING"]
    stage: str
    next_stage: str
    follow_on_multiple: float
    initial_multiple: float
    ratio: float
    message: str


def pricing_warnings(config: ScenarioConfig) -> tuple[PricingWarning, ...]:
    """One for each stage whose follow-ons earn less than half or more than one and a half times
    what first cheques of the next stage do. Only stages where buckets with reserves enter count."""
    return tuple(
        _warning(price)
        for price in follow_on_prices(config)
        if not LOWEST_RATIO <= price.ratio <= HIGHEST_RATIO
    )


def follow_on_prices(config: ScenarioConfig) -> tuple[FollowOnPrice, ...]:
    """For each stage where reserves are spent, in the order in which companies move.

    Risk and return multipliers of buckets are left out: they apply to both sides. Stages that
    could not be entered without them are not compared.
    """
    spending = {bucket.stage for bucket in config.buckets if bucket.reserve_ratio > 0.0}
    if config.financing.pro_rata_participation == 0.0:
        return ()
    prices = []
    for stage, next_stage in pairwise(config.stages):
        here, there = _first_cheque(config, stage), _first_cheque(config, next_stage)
        if stage not in spending or here is None or there is None:
            continue
        follow_on = _follow_on_multiple(config, stage, here)
        if follow_on is not None:
            initial = expected_proceeds(there)
            prices.append(
                FollowOnPrice(
                    stage=stage,
                    next_stage=next_stage,
                    follow_on_multiple=follow_on,
                    initial_multiple=sum(initial.exits) + sum(initial.failures),
                )
            )
    return tuple(prices)


def _first_cheque(config: ScenarioConfig, stage: str) -> DealLaw | None:
    """The law of a deal without reserves, so that all it returns is earned by its cheque."""
    if not _has_exit_law(config, config.stages[stage]):
        return None
    law = bucket_law(
        config=config,
        bucket=BucketParameters(
            key=stage,
            stage=stage,
            sector="",
            reserve_ratio=0.0,
            reference_deals=1.0,
            cheque_variation=0.0,
            risk_multiplier=1.0,
            return_multiplier=1.0,
        ),
    ).deal
    return law if law.paths.exit_probability >= SMALLEST_EXIT_PROBABILITY else None


def _has_exit_law(config: ScenarioConfig, stage: StageParameters) -> bool:
    median, p90 = stage.exit_multiple_median, stage.exit_multiple_p90
    cap = config.exit_law.multiple_cap
    if median is None or p90 is None:
        return False
    if cap is None:
        return True
    is_possible = config.exit_law.law != "pareto" or p90 <= largest_p90(median=median, cap=cap)
    return p90 < cap and is_possible


def _follow_on_multiple(config: ScenarioConfig, stage: str, law: DealLaw) -> float | None:
    """What a dollar at the first round's share price returns; None if no company gets there."""
    step_up = config.stages[stage].step_up
    if step_up is None:
        return None
    price = step_up * (1.0 - config.financing.option_pool_refresh)
    proceeds = expected_proceeds(law)
    value, reached = 0.0, 0.0
    for paths, values, dollars_per_value in (
        (law.paths.exits, proceeds.exits, 1.0 / price),
        (law.paths.failures, proceeds.failures, 1.0),
    ):
        for path, expected in zip(paths, values, strict=True):
            if path.graduations > 0:
                value += expected * dollars_per_value
                reached += path.probability
    return value / reached if reached > 0.0 else None


def _warning(price: FollowOnPrice) -> PricingWarning:
    return PricingWarning(
        code="FOLLOW_ON_PRICING",
        stage=price.stage,
        next_stage=price.next_stage,
        follow_on_multiple=price.follow_on_multiple,
        initial_multiple=price.initial_multiple,
        ratio=price.ratio,
        message=(
            f"Follow-ons of {price.stage} return {price.follow_on_multiple:.2f} per dollar, first "
            f"cheques of {price.next_stage} {price.initial_multiple:.2f}. The ratio "
            f"{price.ratio:.2f} is outside {LOWEST_RATIO:g} to {HIGHEST_RATIO:g}: check the "
            f"step-up of {price.stage} and the exit multiples of both stages."
        ),
    )
