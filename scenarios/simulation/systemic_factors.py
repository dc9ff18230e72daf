"""What deals share: the macro, sector, stage and bucket factors, weighted by their loadings."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.factor_draws import FactorDraws, factors_of
from scenarios.simulation.macro_law import MacroLaw
from scenarios.simulation.parameters import BucketParameters, FactorShares
from scenarios.simulation.random_words import RandomKey, Role
from scenarios.simulation.stream import Stream
from scenarios.simulation.variance_presets import Loadings


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemicFactors:
    key: RandomKey
    macro_law: MacroLaw
    loadings: Loadings
    factor_shares: FactorShares

    def scores(
        self, *, buckets: Sequence[BucketParameters], stream: Stream
    ) -> Iterator[FloatArray]:
        """For each bucket the shared part a_m G + a_b H of its deals' scores, (count,) float64.

        H = sqrt(psi) weighted sector, stage and bucket normals, so buckets of one sector or of
        one stage move together.
        """
        draws = FactorDraws(key=self.key, stream=stream, factors=factors_of(buckets))
        macro = self.loadings.macro * self.macro_law.factor(draws.macro_uniforms())
        sectors = {
            name: draws.normals(Role.SECTOR, name) for name in {bucket.sector for bucket in buckets}
        }
        stages = {
            name: draws.normals(Role.STAGE, name) for name in {bucket.stage for bucket in buckets}
        }
        sector_weight = math.sqrt(self.factor_shares.sector)
        stage_weight = math.sqrt(self.factor_shares.stage)
        bucket_weight = math.sqrt(self.factor_shares.bucket)
        for bucket in buckets:
            own = draws.normals(Role.BUCKET, bucket.key)
            common = (
                sector_weight * sectors[bucket.sector]
                + stage_weight * stages[bucket.stage]
                + bucket_weight * own
            )
            yield macro + self.loadings.bucket * common
