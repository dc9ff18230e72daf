"""The shared scores of deals that are bought later with recycled money.

Each factor of the later vintage is tied to that of the first by an autoregression on its normal
score: N' = phi N + sqrt(1 - phi^2) N_new. Bucket factors are normal themselves; the macro factor
is G' = Q(Phi(N')) with its own quantile function Q, at N = Phi^-1 of the uniform it came from. So
the law of a vintage is the same, whatever phi.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scenarios.simulation.configuration.parameters import BucketParameters
from scenarios.simulation.dependence.systemic_factors import SystemicFactors
from scenarios.simulation.randomness.elementary import (
    FloatArray,
    normal_quantile,
    normal_upper_tail,
)
from scenarios.simulation.randomness.factor_draws import MACRO_NAME
from scenarios.simulation.randomness.random_words import Role
from scenarios.simulation.randomness.stream import Stream

LATER_PURPOSES = 64
"""Added to the purposes of a stream: random words of the later vintage, used by no other stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterVintage:
    """``correlation`` is phi, 0 for vintages that share nothing and 1 for one and the same state
    of the world."""

    systemic: SystemicFactors
    correlation: float

    def scores(
        self, *, buckets: Sequence[BucketParameters], stream: Stream
    ) -> Iterator[FloatArray]:
        """For each bucket the shared part of the scores of later deals, (count,) float64.

        ``stream`` is that of the first deals.
        """
        factors = self.systemic.bucket_factors
        first = self.systemic.draws(buckets=buckets, stream=stream)
        new = self.systemic.draws(buckets=buckets, stream=later_stream(stream))
        macro_normal = self._tied(
            normal_quantile(first.macro_uniforms()), new.normals(Role.MACRO, MACRO_NAME)
        )
        pairs = zip(factors.normals(buckets, first), factors.normals(buckets, new), strict=True)
        return self.systemic.weighted(
            macro=self.systemic.macro_law.factor(normal_upper_tail(-macro_normal)),
            common=(self._tied(before, fresh) for before, fresh in pairs),
        )

    def _tied(self, first: FloatArray, new: FloatArray) -> FloatArray:
        phi = self.correlation
        return phi * first + math.sqrt(1.0 - phi * phi) * new


def later_stream(stream: Stream) -> Stream:
    """Where the later vintage's own words are; a Sobol' sequence leaves them independent."""
    return replace(
        stream,
        macro_purpose=stream.macro_purpose + LATER_PURPOSES,
        factor_purpose=stream.factor_purpose + LATER_PURPOSES,
        deal_purpose=stream.deal_purpose + LATER_PURPOSES,
        sampling="iid" if stream.sampling == "sobol" else stream.sampling,
    )
