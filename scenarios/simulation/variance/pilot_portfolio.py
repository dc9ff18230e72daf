"""Measures the variance shares of a portfolio under trial loadings, with the same bits everywhere.

Calibration turns what is measured here into loadings, which decide the bytes of matrices: sums are
of integers, so no order of addition, library or processor can change them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.configuration.parameters import BucketParameters, Copula, VarianceShares
from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.deals.deal_places import bucket_places
from scenarios.simulation.deals.deal_table import deal_table
from scenarios.simulation.deals.pooled_deals import PooledDeals
from scenarios.simulation.deals.reference_deals import deal_weights, effective_deals
from scenarios.simulation.dependence.bucket_factors import BucketFactors
from scenarios.simulation.dependence.macro_law import MacroLaw
from scenarios.simulation.dependence.score_law import score_law
from scenarios.simulation.dependence.systemic_factors import SystemicFactors
from scenarios.simulation.dependence.variance_presets import Loadings
from scenarios.simulation.randomness.elementary import FloatArray, log
from scenarios.simulation.randomness.random_words import random_key
from scenarios.simulation.randomness.stream import Stream

SCENARIOS = 65_536
"""A share then has a standard error of .004, a fifth of what a result may miss its target by."""

SCENARIOS_AT_ONCE = 16_384

PILOT_KEY = random_key("keel share calibration")
BASE_PURPOSE, REDRAWN_FACTORS_PURPOSE, REDRAWN_DEALS_PURPOSE = 11, 12, 13
"""Streams that no sample and no measurement of a finished model uses."""

SMALLEST_MULTIPLE = 0.01
"""Multiples are raised to this before the logarithm is taken."""

FIXED_POINT_BITS = 16
"""Logarithms of multiples in [0.01, 1e6] are below 14: the sum of 65,536 products of two such
numbers stays below 2^57."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotPortfolio:
    """Equal weights of ``buckets``; entry i pools deals that follow ``deals[i]``.

    Of a bucket only its names, reference deals and cheque variation count.
    """

    macro: MacroLaw
    copula: Copula
    bucket_factors: BucketFactors
    buckets: tuple[BucketParameters, ...]
    deals: tuple[DealLaw, ...]

    def shares(self, loadings: Loadings) -> VarianceShares | None:
        """Of the log multiple if all buckets had these loadings; None if it does not vary.

        Pick-freeze as in ``variance_shares``; both redrawn samples share the macro factor with
        each other too, which halves the noise of the macro share.
        """
        base, new_factors, new_deals = self._fixed_point_logarithms(loadings)
        variance = sum(
            covariance_times_square(draw, draw) for draw in (base, new_factors, new_deals)
        )
        if variance == 0:
            return None
        macro = 3 * (
            covariance_times_square(base, new_factors)
            + covariance_times_square(new_deals, new_factors)
        )
        macro_and_bucket = 3 * covariance_times_square(base, new_deals)
        # Quotients of integers are rounded once, to the nearest float.
        return VarianceShares(
            macro=macro / (2 * variance),
            bucket=(2 * macro_and_bucket - macro) / (2 * variance),
            idiosyncratic=(variance - macro_and_bucket) / variance,
        )

    def _fixed_point_logarithms(self, loadings: Loadings) -> list[NDArray[np.int64]]:
        systemic = SystemicFactors(
            key=PILOT_KEY,
            macro_law=self.macro,
            loadings=(loadings,) * len(self.buckets),
            bucket_factors=self.bucket_factors,
        )
        pooled = self._pooled(loadings)
        purposes = (
            (BASE_PURPOSE, BASE_PURPOSE),
            (REDRAWN_FACTORS_PURPOSE, REDRAWN_FACTORS_PURPOSE),
            (BASE_PURPOSE, REDRAWN_DEALS_PURPOSE),
        )
        draws = []
        for factors, deals in purposes:
            chunks = [
                self._log_multiples(systemic, pooled, _stream(factors, deals, first))
                for first in range(0, SCENARIOS, SCENARIOS_AT_ONCE)
            ]
            scaled = np.rint(np.concatenate(chunks) * 2.0**FIXED_POINT_BITS)
            draws.append(scaled.astype(np.int64))
        return draws

    def _pooled(self, loadings: Loadings) -> list[PooledDeals]:
        scores = score_law(macro=self.macro, macro_loading=loadings.macro, copula=self.copula)
        tables = {law: deal_table(law=law, latent=scores) for law in set(self.deals)}
        return [
            PooledDeals(
                places=bucket_places(
                    key=PILOT_KEY,
                    bucket=bucket.key,
                    lattice=tables[law].lattice,
                    law=scores,
                    own_loading=loadings.own,
                ),
                table=tables[law],
                weights=deal_weights(
                    effective=effective_deals(
                        reference_deals=bucket.reference_deals,
                        cheque_variation=bucket.cheque_variation,
                    )
                ),
            )
            for bucket, law in zip(self.buckets, self.deals, strict=True)
        ]

    def _log_multiples(
        self, systemic: SystemicFactors, pooled: list[PooledDeals], stream: Stream
    ) -> FloatArray:
        total = np.zeros(stream.count)
        scores = systemic.scores(buckets=self.buckets, stream=stream)
        for deals, shared in zip(pooled, scores, strict=True):
            total += deals.multiples(shared_scores=shared, stream=stream)
        return log(np.maximum(total / len(pooled), SMALLEST_MULTIPLE))


def _stream(factor_purpose: int, deal_purpose: int, first_scenario: int) -> Stream:
    return Stream(
        macro_purpose=BASE_PURPOSE,
        factor_purpose=factor_purpose,
        deal_purpose=deal_purpose,
        first_scenario=first_scenario,
        count=SCENARIOS_AT_ONCE,
    )


def covariance_times_square(one: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """The covariance times the square of the number of values: an exact integer."""
    products = int((one * other).sum())
    return len(one) * products - int(one.sum()) * int(other.sum())
