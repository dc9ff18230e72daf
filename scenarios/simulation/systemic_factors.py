"""The random numbers that deals share: the macro, sector, stage and bucket factors."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.macro_law import MacroLaw
from scenarios.simulation.normal_tables import factor_normals, uniforms
from scenarios.simulation.parameters import BucketParameters, FactorShares
from scenarios.simulation.random_words import RandomKey, Role, name_word, random_words
from scenarios.simulation.variance_presets import Loadings

MACRO_NAME = "macro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The scenarios [first, first + count) and the purpose number of each kind of draw.

    The three purposes are equal in every ordinary sample; measuring variance shares redraws one
    kind while it keeps another.
    """

    macro_purpose: int
    factor_purpose: int
    deal_purpose: int
    first_scenario: int
    count: int


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
        macro = self.loadings.macro * self._macro(stream)
        sectors = {
            name: self._normals(Role.SECTOR, name, stream)
            for name in {bucket.sector for bucket in buckets}
        }
        stages = {
            name: self._normals(Role.STAGE, name, stream)
            for name in {bucket.stage for bucket in buckets}
        }
        sector_weight = math.sqrt(self.factor_shares.sector)
        stage_weight = math.sqrt(self.factor_shares.stage)
        bucket_weight = math.sqrt(self.factor_shares.bucket)
        for bucket in buckets:
            own = self._normals(Role.BUCKET, bucket.key, stream)
            common = (
                sector_weight * sectors[bucket.sector]
                + stage_weight * stages[bucket.stage]
                + bucket_weight * own
            )
            yield macro + self.loadings.bucket * common

    def _macro(self, stream: Stream) -> FloatArray:
        words = random_words(
            key=self.key,
            purpose=stream.macro_purpose,
            role=Role.MACRO,
            name=name_word(role=Role.MACRO, name=MACRO_NAME),
            first_scenario=stream.first_scenario,
            count=stream.count,
        )
        return self.macro_law.factor(uniforms(words))

    def _normals(self, role: Role, name: str, stream: Stream) -> FloatArray:
        words = random_words(
            key=self.key,
            purpose=stream.factor_purpose,
            role=role,
            name=name_word(role=role, name=name),
            first_scenario=stream.first_scenario,
            count=stream.count,
        )
        return factor_normals(words)
