"""Loadings of a deal's latent score on its factors, by named variance shares.

A preset is constants, calibrated once to the reference portfolio or to its entries and never to
the user's portfolio, so equal laws stay equal.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType

from scenarios.simulation.configuration.parameters import VarianceShares, VarianceSharesName


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
    def own_squared(self) -> float:
        return 1.0 - self.macro_squared - self.bucket_squared

    @property
    def own(self) -> float:
        return math.sqrt(self.own_squared)


PRESET_SHARES: MappingProxyType[VarianceSharesName, VarianceShares] = MappingProxyType(
    {
        "market": VarianceShares(macro=0.50, bucket=0.25, idiosyncratic=0.25),
        "calm": VarianceShares(macro=0.40, bucket=0.30, idiosyncratic=0.30),
        "crisis_prone": VarianceShares(macro=0.60, bucket=0.20, idiosyncratic=0.20),
        "stress": VarianceShares(macro=0.50, bucket=0.25, idiosyncratic=0.25),
    }
)
"""Of the reference portfolio; under stress of every single entry of ten deals."""

LOADINGS: MappingProxyType[VarianceSharesName, Loadings] = MappingProxyType(
    {
        "market": Loadings(macro_squared=0.056238, bucket_squared=0.108551),
        "calm": Loadings(macro_squared=0.038208, bucket_squared=0.110625),
        "crisis_prone": Loadings(macro_squared=0.080328, bucket_squared=0.103096),
    }
)
"""One pair for all buckets."""

STRESS_LOADINGS: MappingProxyType[str, Loadings] = MappingProxyType(
    {
        "seed": Loadings(macro_squared=0.302636, bucket_squared=0.136610),
        "series_a": Loadings(macro_squared=0.262519, bucket_squared=0.127264),
        "series_b": Loadings(macro_squared=0.244752, bucket_squared=0.120643),
        "series_c": Loadings(macro_squared=0.235834, bucket_squared=0.116582),
    }
)
"""A pair for each entry stage of the reference law, from a pilot of 2^20 scenarios."""
