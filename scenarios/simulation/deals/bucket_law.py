"""What follows from the parameters of one bucket alone: its paths, holdings and deal law."""

from dataclasses import dataclass

from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.parameters import BucketParameters
from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.deals.exit_multiples import ExitMultiples
from scenarios.simulation.deals.follow_ons import Holding, holdings
from scenarios.simulation.deals.outcome_paths import chain_from, company_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketLaw:
    bucket: BucketParameters
    deal: DealLaw

    @property
    def reserve_call_fraction(self) -> float:
        """Expected called reserves per dollar reserved; 0 where nothing is reserved."""
        if self.bucket.reserve_ratio == 0.0:
            return 0.0
        called = 0.0
        for path in self.deal.paths.exits + self.deal.paths.failures:
            called += path.probability * self.deal.holdings[path.graduations].reserves_spent
        return called / self.bucket.reserve_ratio

    @property
    def mean_years(self) -> float:
        """Expected years from entry to exit or failure."""
        total = 0.0
        for path in self.deal.paths.exits + self.deal.paths.failures:
            total += path.probability * path.mean_years
        return total


def bucket_law(*, config: ScenarioConfig, bucket: BucketParameters) -> BucketLaw:
    entry = config.stages[bucket.stage]
    if entry.exit_multiple_median is None or entry.exit_multiple_p90 is None:
        raise ValueError(f"bucket {bucket.key} enters at a stage without exit multiples")
    deal = DealLaw(
        paths=company_paths(
            entry_stage=bucket.stage,
            stages=config.stages,
            risk_multiplier=bucket.risk_multiplier,
            max_rounds=config.financing.max_rounds,
        ),
        holdings=_holdings_of(config, bucket),
        exit_multiples=ExitMultiples(
            law=config.exit_law,
            median=entry.exit_multiple_median * bucket.return_multiplier,
            p90=entry.exit_multiple_p90 * bucket.return_multiplier,
        ),
        failure_recovery=config.failure_recovery,
        value_path_coupling=config.dependence.value_path_coupling,
        reserve_ratio=bucket.reserve_ratio,
        idle_reserves_returned=config.unspent_reserves == "returned",
    )
    return BucketLaw(bucket=bucket, deal=deal)


def _holdings_of(config: ScenarioConfig, bucket: BucketParameters) -> tuple[Holding, ...]:
    chain = chain_from(entry_stage=bucket.stage, stages=config.stages)
    step_ups = []
    for name in chain[:-1]:
        step_up = config.stages[name].step_up
        if step_up is None:
            raise ValueError(f"stage {name} is not the last and has no step-up")
        step_ups.append(step_up)
    return holdings(
        step_ups=step_ups, financing=config.financing, reserve_ratio=bucket.reserve_ratio
    )
