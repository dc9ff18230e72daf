"""Scenario matrices of one configuration, with exact means and win probabilities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.configuration.canonical_key import random_key_of
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.parameters import BucketParameters, SamplingName
from scenarios.simulation.deals.bucket_law import BucketLaw, bucket_law
from scenarios.simulation.deals.deal_expectations import deal_expectations
from scenarios.simulation.deals.deal_places import bucket_places
from scenarios.simulation.deals.deal_table import deal_table
from scenarios.simulation.deals.pooled_deals import PooledDeals
from scenarios.simulation.deals.reference_deals import DealWeights, deal_weights, effective_deals
from scenarios.simulation.dependence.bucket_factors import bucket_factors_of
from scenarios.simulation.dependence.macro_law import macro_law
from scenarios.simulation.dependence.score_law import ScoreLaw, score_law
from scenarios.simulation.dependence.systemic_factors import SystemicFactors
from scenarios.simulation.dependence.variance_presets import Loadings
from scenarios.simulation.pacing.cash_flow_years import YEARS, late_value_fraction
from scenarios.simulation.pacing.cash_flows import CashFlows, PortfolioCashFlows, check_weights
from scenarios.simulation.pacing.pooled_cash_flows import (
    CashFlowTables,
    PooledCashFlows,
    YearlyAmounts,
)
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.random_words import PURPOSES, RandomKey
from scenarios.simulation.randomness.sample import Sample, sampling_of
from scenarios.simulation.randomness.stream import Stream
from scenarios.simulation.recycling.recycled_buckets import RecycledBuckets, recycled_buckets
from scenarios.simulation.recycling.recycling_gain import CONTROL_STREAM, EstimatedGains
from scenarios.simulation.variance.bucket_loadings import loadings_of

SCENARIOS_AT_ONCE = 16_384
"""Drawn together: small enough for the processor's cache, and without effect on the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioModel:
    """The joint law of the multiples of all buckets; rows follow ``bucket_keys``.

    A multiple is value returned per allocated dollar: initial cheque and reserves.
    Arrays of expected values are float64 of shape (B,), worked out when they are asked for.
    ``sampling`` is how the optimization sample is drawn; every other one is independent.
    """

    buckets: tuple[BucketParameters, ...]
    laws: tuple[BucketLaw, ...]
    systemic: SystemicFactors
    pooled: tuple[PooledDeals, ...]
    pooled_flows: tuple[PooledCashFlows, ...]
    recycled: RecycledBuckets | None
    sampling: SamplingName

    @property
    def exact_multiples(self) -> FloatArray:
        """(B,) exact means of the law without recycling."""
        return np.array([deal_expectations(law.deal).multiple for law in self.laws])

    @property
    def deal_win_probabilities(self) -> FloatArray:
        """(B,) exact probability that one of the first deals returns at least 10 times its
        all-in cost."""
        return np.array([deal_expectations(law.deal).win_probability for law in self.laws])

    @property
    def expected_reserve_call_fractions(self) -> FloatArray:
        """(B,) expected part of the reserves that is called, 0 where nothing is reserved."""
        return np.array([law.reserve_call_fraction for law in self.laws])

    @property
    def expected_years(self) -> FloatArray:
        """(B,) mean years from entry to the end of a first deal."""
        return np.array([law.mean_years for law in self.laws])

    @property
    def expected_multiples(self) -> FloatArray:
        """(B,) exact means of the law; what recycling adds is estimated on control scenarios."""
        gains = self._recycling_gains()
        return self.exact_multiples if gains is None else self.exact_multiples + gains.means

    @property
    def expected_multiple_standard_errors(self) -> FloatArray:
        """(B,) standard errors of ``expected_multiples``, 0 where they are exact."""
        gains = self._recycling_gains()
        return np.zeros(len(self.buckets)) if gains is None else gains.standard_errors

    @property
    def loadings(self) -> tuple[Loadings, ...]:
        """What ties the deals of each bucket together, as used; in the order of the buckets."""
        return self.systemic.loadings

    @property
    def bucket_keys(self) -> tuple[str, ...]:
        return tuple(bucket.key for bucket in self.buckets)

    @property
    def late_value_fractions(self) -> FloatArray:
        """(B,) exact part of the expected proceeds of first deals that comes 16 years or more after
        entry; cash flows book it in year 15, so IRR takes it as somewhat earlier than it is."""
        fractions = {law: late_value_fraction(law) for law in {f.law for f in self.pooled_flows}}
        return np.array([fractions[flows.law] for flows in self.pooled_flows])

    def multiples(self, *, sample: Sample, first_scenario: int, count: int) -> NDArray[np.float32]:
        """(B, count) float32, C-contiguous, finite, at least 0.

        Column i is scenario ``first_scenario + i`` of the sample: the same numbers whatever the
        count, the chunk it is part of and the processor.
        """
        return self.draw(self._stream(sample, first_scenario, count))

    def draw(self, stream: Stream) -> NDArray[np.float32]:
        """The matrix of a stream; ``multiples`` is the ordinary case."""
        chunks = _chunks(stream)
        matrix = np.empty((len(self.buckets), stream.count), dtype=np.float32)
        for columns, chunk in chunks:
            for row, multiples in enumerate(self._multiples_by_bucket(chunk)):
                matrix[row, columns] = multiples
        return matrix

    def cash_flows(self, *, sample: Sample, first_scenario: int, count: int) -> CashFlows:
        """When the same scenarios as in ``multiples`` call and return money, by bucket.

        Over the years distributions less calls sum to the multiple less 1. Stored in float32, the
        sum is exact to a millionth of the money that moves.
        """
        chunks = _chunks(self._stream(sample, first_scenario, count))
        every = np.full(len(self.buckets), True)
        shape = (YEARS, len(self.buckets), count)
        calls, distributions = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for columns, chunk in chunks:
            for row, flows in enumerate(self._cash_flows_by_bucket(chunk, wanted=every)):
                calls[:, row, columns], distributions[:, row, columns] = flows
        return CashFlows(calls=calls, distributions=distributions)

    def portfolio_cash_flows(
        self, *, weights: FloatArray, sample: Sample, first_scenario: int, count: int
    ) -> PortfolioCashFlows:
        """The cash flows of all buckets together, each times its weight (B,), in float64.

        Buckets are added in order, one by one; memory does not depend on how many there are.

        :raises ValueError: if the weights are not one finite number of at least 0 for each bucket
        """
        check_weights(weights, buckets=len(self.buckets))
        chunks = _chunks(self._stream(sample, first_scenario, count))
        calls, distributions = np.zeros((YEARS, count)), np.zeros((YEARS, count))
        for columns, chunk in chunks:
            by_bucket = self._cash_flows_by_bucket(chunk, wanted=weights > 0.0)
            for weight, (called, distributed) in zip(
                weights[weights > 0.0], by_bucket, strict=True
            ):
                calls[:, columns] += weight * called
                distributions[:, columns] += weight * distributed
        return PortfolioCashFlows(calls=calls, distributions=distributions)

    def _multiples_by_bucket(self, stream: Stream) -> Iterator[NDArray[np.float32]]:
        if self.recycled is not None:
            for parts in self.recycled.parts(stream):
                yield parts.with_recycling()
            return
        scores = self.systemic.scores(buckets=self.buckets, stream=stream)
        for pooled, shared in zip(self.pooled, scores, strict=True):
            yield pooled.multiples(shared_scores=shared, stream=stream)

    def _cash_flows_by_bucket(
        self, stream: Stream, *, wanted: NDArray[np.bool_]
    ) -> Iterator[tuple[YearlyAmounts, YearlyAmounts]]:
        if self.recycled is not None:
            yield from self.recycled.cash_flows(stream, wanted=wanted)
            return
        scores = self.systemic.scores(buckets=self.buckets, stream=stream)
        for pooled, shared, is_wanted in zip(self.pooled_flows, scores, wanted, strict=True):
            if is_wanted:
                yield pooled.flows(shared_scores=shared, stream=stream)

    def _recycling_gains(self) -> EstimatedGains | None:
        if self.recycled is None:
            return None
        return self.recycled.gains(chunk for _, chunk in _chunks(CONTROL_STREAM))

    def _stream(self, sample: Sample, first_scenario: int, count: int) -> Stream:
        purpose = PURPOSES[sample]
        return Stream(
            macro_purpose=purpose,
            factor_purpose=purpose,
            deal_purpose=purpose,
            first_scenario=first_scenario,
            count=count,
            sampling=sampling_of(sample, configured=self.sampling),
        )


def build_model(
    config: ScenarioConfig, *, loadings: tuple[Loadings, ...] | None = None
) -> ScenarioModel:
    """The model with its tables, some 5 ms for each distinct one.

    :param loadings: of each bucket in order, where they come from another configuration
    :raises InvalidInput: if no loadings give the variance shares asked for
    """
    key = random_key_of(config)
    if loadings is None:
        loadings = loadings_of(config)
    macro = macro_law(config.regimes)
    laws = tuple(bucket_law(config=config, bucket=bucket) for bucket in config.buckets)
    copula = config.dependence.copula
    latents = {
        pair: score_law(
            macro=macro,
            macro_loading=pair.macro,
            copula=copula,
            failure_probabilities={law.deal.paths.failure_probability for law in laws},
        )
        for pair in set(loadings)
    }
    pooled = _pooled_deals(key, laws, loadings, latents)
    pooled_flows = _pooled_flows(laws, loadings, latents, pooled)
    systemic = SystemicFactors(
        key=key,
        macro_law=macro,
        loadings=loadings,
        bucket_factors=bucket_factors_of(config.dependence),
    )
    return ScenarioModel(
        buckets=config.buckets,
        laws=laws,
        systemic=systemic,
        pooled=pooled,
        pooled_flows=pooled_flows,
        recycled=None
        if config.recycling is None
        else recycled_buckets(
            config.recycling,
            laws=laws,
            systemic=systemic,
            pooled=pooled,
            pooled_flows=pooled_flows,
        ),
        sampling=config.sampling,
    )


def _pooled_deals(
    key: RandomKey,
    laws: Sequence[BucketLaw],
    loadings: Sequence[Loadings],
    latents: Mapping[Loadings, ScoreLaw],
) -> tuple[PooledDeals, ...]:
    # Buckets that differ in name alone share one table.
    tables = {
        (deal, pair): deal_table(law=deal, latent=latents[pair])
        for deal, pair in {(law.deal, pair) for law, pair in zip(laws, loadings, strict=True)}
    }
    return tuple(
        PooledDeals(
            places=bucket_places(
                key=key,
                bucket=law.bucket.key,
                lattice=table.lattice,
                law=latents[pair],
                own_loading=pair.own,
            ),
            table=table,
            weights=_deal_weights(law.bucket),
        )
        for law, pair in zip(laws, loadings, strict=True)
        for table in [tables[law.deal, pair]]
    )


def _pooled_flows(
    laws: Sequence[BucketLaw],
    loadings: Sequence[Loadings],
    latents: Mapping[Loadings, ScoreLaw],
    pooled: Sequence[PooledDeals],
) -> tuple[PooledCashFlows, ...]:
    tables = CashFlowTables()
    return tuple(
        PooledCashFlows(
            places=deals.places,
            weights=deals.weights,
            law=law.deal,
            latent=latents[pair],
            tables=tables,
        )
        for law, pair, deals in zip(laws, loadings, pooled, strict=True)
    )


def _chunks(stream: Stream) -> list[tuple[slice, Stream]]:
    """The stream in parts of at most SCENARIOS_AT_ONCE, each with its columns in the whole."""
    if stream.first_scenario < 0 or stream.count < 1:
        raise ValueError(
            f"scenarios from {stream.first_scenario}, {stream.count} of them: the first must "
            "be at least 0 and the count at least 1"
        )
    ends = [*range(SCENARIOS_AT_ONCE, stream.count, SCENARIOS_AT_ONCE), stream.count]
    return [
        (
            slice(start, end),
            replace(stream, first_scenario=stream.first_scenario + start, count=end - start),
        )
        for start, end in pairwise([0, *ends])
    ]


def _deal_weights(bucket: BucketParameters) -> DealWeights:
    return deal_weights(
        effective=effective_deals(
            reference_deals=bucket.reference_deals, cheque_variation=bucket.cheque_variation
        )
    )
