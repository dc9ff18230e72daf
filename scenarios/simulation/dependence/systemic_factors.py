"""What deals share: the macro factor and the factor of their bucket, weighted by their loadings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scenarios.simulation.configuration.parameters import BucketParameters
from scenarios.simulation.dependence.bucket_factors import BucketFactors
from scenarios.simulation.dependence.macro_law import MacroLaw
from scenarios.simulation.dependence.variance_presets import Loadings
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.factor_draws import MACRO, FactorDraws
from scenarios.simulation.randomness.random_words import RandomKey
from scenarios.simulation.randomness.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemicFactors:
    """``loadings`` has one entry for each bucket, in the order of the buckets."""

    key: RandomKey
    macro_law: MacroLaw
    loadings: tuple[Loadings, ...]
    bucket_factors: BucketFactors

    def scores(
        self, *, buckets: Sequence[BucketParameters], stream: Stream
    ) -> Iterator[FloatArray]:
        """For each bucket the shared part a_m G + a_b H of its deals' scores, (count,) float64."""
        draws = self.draws(buckets=buckets, stream=stream)
        return self.weighted(
            macro=self.macro_law.factor(draws.macro_uniforms()),
            common=self.bucket_factors.normals(buckets, draws),
        )

    def draws(self, *, buckets: Sequence[BucketParameters], stream: Stream) -> FactorDraws:
        return FactorDraws(
            key=self.key, stream=stream, factors=(MACRO, *self.bucket_factors.factors(buckets))
        )

    def weighted(self, *, macro: FloatArray, common: Iterable[FloatArray]) -> Iterator[FloatArray]:
        """a_m G + a_b H for each bucket from the factors themselves."""
        weighted = {
            loadings.macro_squared: loadings.macro * macro for loadings in set(self.loadings)
        }
        for loadings, of_bucket in zip(self.loadings, common, strict=True):
            yield weighted[loadings.macro_squared] + loadings.bucket * of_bucket
