"""All buckets of a law under which early exits are invested again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.configuration.parameters import BucketParameters, Recycling
from scenarios.simulation.deals.bucket_law import BucketLaw
from scenarios.simulation.deals.deal_outcomes import deal_outcomes
from scenarios.simulation.deals.pooled_deals import PooledDeals
from scenarios.simulation.deals.reference_deals import deal_weights
from scenarios.simulation.dependence.systemic_factors import SystemicFactors
from scenarios.simulation.pacing.pooled_cash_flows import PooledCashFlows, YearlyAmounts
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.stream import Stream
from scenarios.simulation.recycling.later_vintage import LaterVintage
from scenarios.simulation.recycling.recycled_cash_flows import RecycledCashFlows
from scenarios.simulation.recycling.recycled_deals import (
    RecycledDeals,
    RecycledParts,
    RecyclingRule,
    early_proceeds_table,
)
from scenarios.simulation.recycling.recycling_gain import EstimatedGains, estimated_gains


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycledBuckets:
    """Entries and cash flows in the order of ``buckets``."""

    buckets: tuple[BucketParameters, ...]
    vintage: LaterVintage
    entries: tuple[RecycledDeals, ...]
    flows: tuple[RecycledCashFlows, ...]
    _gains: list[EstimatedGains] = field(default_factory=list)

    def parts(self, stream: Stream) -> Iterator[RecycledParts]:
        for entry, (shared, later) in zip(self.entries, self._scores(stream), strict=True):
            yield entry.parts(shared_scores=shared, later_scores=later, stream=stream)

    def cash_flows(
        self, stream: Stream, *, wanted: NDArray[np.bool_]
    ) -> Iterator[tuple[YearlyAmounts, YearlyAmounts]]:
        """Calls and distributions of the wanted buckets."""
        scores = self._scores(stream)
        for flows, (shared, later), is_wanted in zip(self.flows, scores, wanted, strict=True):
            if is_wanted:
                yield flows.flows(shared_scores=shared, later_scores=later, stream=stream)

    def gains(self, control_chunks: Iterable[Stream]) -> EstimatedGains:
        """What recycling adds to the expected multiples; estimated when first asked for."""
        if not self._gains:
            rows = ([parts.gain() for parts in self.parts(chunk)] for chunk in control_chunks)
            self._gains.append(estimated_gains(rows))
        return self._gains[0]

    def _scores(self, stream: Stream) -> Iterator[tuple[FloatArray, FloatArray]]:
        return zip(
            self.vintage.systemic.scores(buckets=self.buckets, stream=stream),
            self.vintage.scores(buckets=self.buckets, stream=stream),
            strict=True,
        )


def recycled_buckets(
    recycling: Recycling,
    *,
    laws: Sequence[BucketLaw],
    systemic: SystemicFactors,
    pooled: Sequence[PooledDeals],
    pooled_flows: Sequence[PooledCashFlows],
) -> RecycledBuckets:
    """The first deals of each bucket, and fresh ones bought with what those return early."""
    new_weights = deal_weights(effective=float(recycling.max_deals))
    early = {
        (flows.law, flows.latent): early_proceeds_table(
            outcomes=deal_outcomes(law=flows.law, latent=flows.latent),
            reserve_ratio=flows.law.reserve_ratio,
            deadline_years=recycling.deadline_years,
        )
        for flows in {(flows.law, flows.latent): flows for flows in pooled_flows}.values()
    }
    entries, cash_flows = [], []
    for law, deals, flows in zip(laws, pooled, pooled_flows, strict=True):
        rule = RecyclingRule(recycling=recycling, reference_deals=law.bucket.reference_deals)
        table = early[flows.law, flows.latent]
        new_deals = replace(deals, weights=new_weights)
        entries.append(RecycledDeals(first=deals, new=new_deals, early_proceeds=table, rule=rule))
        new_flows = replace(flows, weights=new_weights)
        cash_flows.append(
            RecycledCashFlows(first=flows, new=new_flows, early_proceeds=table, rule=rule)
        )
    return RecycledBuckets(
        buckets=tuple(law.bucket for law in laws),
        vintage=LaterVintage(systemic=systemic, correlation=recycling.vintage_correlation),
        entries=tuple(entries),
        flows=tuple(cash_flows),
    )
