"""Loadings of a deal's latent score on its factors, by named variance shares.

The shares are those of the log multiple of a diversified reference portfolio: twelve buckets
(four stages by three sectors) of ten deals each, equal weights. A preset is a pair of constants,
not a calibration to the user's portfolio, so equal laws stay equal.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType

from scenarios.simulation.parameters import VarianceSharesName


@dataclass(frozen=True, slots=True, kw_only=True)
class Loadings:
    """Squared loadings of the score; the deal's own normal has what is left of 1."""

    macro_squared: float
    bucket_squared: float

    @property
    def macro(self) -> float:
        return math.sqrt(self.macro_squared)

    @property
    def bucket(self) -> float:
        return math.sqrt(self.bucket_squared)

    @property
    def own(self) -> float:
        return math.sqrt(1.0 - self.macro_squared - self.bucket_squared)


LOADINGS: MappingProxyType[VarianceSharesName, Loadings] = MappingProxyType(
    {
        # macro / bucket / own shares 50 / 25 / 25, 40 / 30 / 30 and 60 / 20 / 20 per cent.
        "market": Loadings(macro_squared=0.056238, bucket_squared=0.108551),
        "calm": Loadings(macro_squared=0.038208, bucket_squared=0.110625),
        "crisis_prone": Loadings(macro_squared=0.080328, bucket_squared=0.103096),
    }
)
