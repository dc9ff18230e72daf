"""The standard normal factor H of each bucket, from shared factors or from a correlation matrix."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.simulation.configuration.parameters import BucketParameters, Dependence, FactorShares
from scenarios.simulation.dependence.correlation_root import CorrelationRows, correlation_root
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.factor_draws import Factor, FactorDraws
from scenarios.simulation.randomness.random_words import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFactors:
    """H = sqrt(psi) weighted sector, stage and bucket normals: buckets of one sector or of one
    stage move together."""

    shares: FactorShares

    def factors(self, buckets: Sequence[BucketParameters]) -> tuple[Factor, ...]:
        """In the order of their dimensions, the most shared first."""
        sectors = sorted({bucket.sector for bucket in buckets})
        stages = sorted({bucket.stage for bucket in buckets})
        return (
            *((Role.SECTOR, name) for name in sectors),
            *((Role.STAGE, name) for name in stages),
            *((Role.BUCKET, bucket.key) for bucket in buckets),
        )

    def normals(
        self, buckets: Sequence[BucketParameters], draws: FactorDraws
    ) -> Iterator[FloatArray]:
        """(count,) float64 for each bucket."""
        sectors = {
            name: draws.normals(Role.SECTOR, name) for name in {bucket.sector for bucket in buckets}
        }
        stages = {
            name: draws.normals(Role.STAGE, name) for name in {bucket.stage for bucket in buckets}
        }
        sector_weight = math.sqrt(self.shares.sector)
        stage_weight = math.sqrt(self.shares.stage)
        bucket_weight = math.sqrt(self.shares.bucket)
        for bucket in buckets:
            own = draws.normals(Role.BUCKET, bucket.key)
            yield (
                sector_weight * sectors[bucket.sector]
                + stage_weight * stages[bucket.stage]
                + bucket_weight * own
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelatedFactors:
    """H = L N with independent bucket normals N; row i of L belongs to bucket i."""

    root: CorrelationRows

    def factors(self, buckets: Sequence[BucketParameters]) -> tuple[Factor, ...]:
        return tuple((Role.BUCKET, bucket.key) for bucket in buckets)

    def normals(
        self, buckets: Sequence[BucketParameters], draws: FactorDraws
    ) -> Iterator[FloatArray]:
        """(count,) float64 for each bucket; terms are added in order, one by one."""
        independent: list[FloatArray] = []
        for bucket, row in zip(buckets, self.root, strict=True):
            independent.append(draws.normals(Role.BUCKET, bucket.key))
            total = np.zeros_like(independent[-1])
            for weight, normal in zip(row, independent, strict=True):
                total += weight * normal
            yield total


BucketFactors = SharedFactors | CorrelatedFactors


def bucket_factors_of(dependence: Dependence) -> BucketFactors:
    """Exactly one of factor shares and correlation must be set."""
    if dependence.bucket_correlation is not None:
        return CorrelatedFactors(root=correlation_root(dependence.bucket_correlation.matrix))
    if dependence.factor_shares is None:
        raise ValueError("the dependence has neither factor shares nor a bucket correlation")
    return SharedFactors(shares=dependence.factor_shares)
