"""The parameters of a scenario law, one frozen record per subject, already checked and rounded.

The meaning of each symbol and its formula are in docs/model.md, section "Scenario law".
Fractions and probabilities are 0..1; multiples are per dollar of the initial cheque.
"""

from dataclasses import dataclass
from typing import Literal

STAGES = ("pre_seed", "seed", "series_a", "series_b", "series_c", "late")
"""The stages in the order in which companies move through them."""

MAX_BUCKETS = 100

ExitLawName = Literal["lognormal_pareto", "lognormal", "pareto"]
VarianceSharesName = Literal["market", "calm", "crisis_prone", "stress"]
CopulaFamily = Literal["gaussian", "t"]
ShareLevel = Literal["reference_portfolio", "entry", "deal"]
SamplingName = Literal["iid", "antithetic", "sobol"]
UnspentReserves = Literal["returned", "idle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A state of the world for the whole life of the fund; its shock is uniform in the range."""

    name: str
    probability: float
    shock_min: float
    shock_max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageParameters:
    """What happens to a company in one financing round at this stage, and exits by entry stage.

    The three probabilities are per round; what is left of 1 stays at the stage. Median and P90
    are of the multiple of the initial cheque given exit, net of dilution, for a company entered
    at this stage; both None where no bucket may enter. ``step_up`` is the pre-money valuation of
    the next round over the post-money valuation of this one; None at the last stage.
    """

    exit_probability: float
    graduate_probability: float
    fail_probability: float
    exit_multiple_median: float | None
    exit_multiple_p90: float | None
    step_up: float | None
    years_per_round: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Financing:
    dilution_per_round: float
    option_pool_refresh: float
    pro_rata_participation: float
    max_rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitLaw:
    """``tail_index`` (a survival index) and ``multiple_cap`` are None under ``lognormal``; under
    ``pareto`` the index follows from median and P90 and is None here."""

    law: ExitLawName
    tail_index: float | None
    multiple_cap: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRecovery:
    """A failed company returns ``maximum`` per invested dollar at best, nothing below the rank
    ``threshold`` among failures, and linearly more in between."""

    threshold: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorShares:
    """How the variance of a bucket's common factor splits; the three sum to 1."""

    sector: float
    stage: float
    bucket: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketCorrelation:
    """Correlations of the buckets' common factors; rows and columns follow ``buckets``."""

    buckets: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceShares:
    """Which part of a variance comes from the macro factor, from bucket factors and from single
    deals; the three sum to 1."""

    macro: float
    bucket: float
    idiosyncratic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Copula:
    """``degrees_of_freedom`` of the t copula; None under the Gaussian one."""

    family: CopulaFamily
    degrees_of_freedom: int | None


GAUSSIAN = Copula(family="gaussian", degrees_of_freedom=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence:
    """Either ``factor_shares`` or ``bucket_correlation`` is set, the other is None.

    ``share_level`` says whose variance has own ``variance_shares``: that of the log multiple of
    the reference portfolio, of every bucket's matrix entry, or of the latent score of a deal.
    Presets have a level of their own.
    """

    variance_shares: VarianceSharesName | VarianceShares
    factor_shares: FactorShares | None
    value_path_coupling: float
    bucket_correlation: BucketCorrelation | None
    share_level: ShareLevel = "reference_portfolio"
    copula: Copula = GAUSSIAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycling:
    """What of early exits is invested again, once and in the same bucket.

    Of exits up to ``deadline_years`` after entry at most ``utilization_fraction``, at most
    ``cost_multiple`` per allocated dollar, and at most the cost of ``max_deals`` deals, goes into
    ``max_deals`` fresh deals. Factors of the two vintages are tied by ``vintage_correlation``.
    """

    utilization_fraction: float
    cost_multiple: float
    max_deals: int
    deadline_years: float
    vintage_correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketParameters:
    """A stage x sector cell in which the fund may buy deals.

    ``reserve_ratio`` is dollars reserved per dollar of initial cheque; ``reference_deals`` is the
    number of deals pooled in one matrix entry and ``cheque_variation`` the coefficient of
    variation of their cheques.
    """

    key: str
    stage: str
    sector: str
    reserve_ratio: float
    reference_deals: float
    cheque_variation: float
    risk_multiplier: float
    return_multiplier: float
