"""What deals share: the macro factor and the factor of their bucket, weighted by their loadings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scenarios.simulation.bucket_factors import BucketFactors
from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.factor_draws import MACRO, FactorDraws
from scenarios.simulation.macro_law import MacroLaw
from scenarios.simulation.parameters import BucketParameters
from scenarios.simulation.random_words import RandomKey
from scenarios.simulation.stream import Stream
from scenarios.simulation.variance_presets import Loadings


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemicFactors:
    key: RandomKey
    macro_law: MacroLaw
    loadings: Loadings
    bucket_factors: BucketFactors

    def scores(
        self, *, buckets: Sequence[BucketParameters], stream: Stream
    ) -> Iterator[FloatArray]:
        """For each bucket the shared part a_m G + a_b H of its deals' scores, (count,) float64."""
        draws = FactorDraws(
            key=self.key, stream=stream, factors=(MACRO, *self.bucket_factors.factors(buckets))
        )
        macro = self.loadings.macro * self.macro_law.factor(draws.macro_uniforms())
        for common in self.bucket_factors.normals(buckets, draws):
            yield macro + self.loadings.bucket * common
