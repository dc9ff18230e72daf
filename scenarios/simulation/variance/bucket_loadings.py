"""The loadings of every bucket: constants of a preset, or calibrated to the shares asked for."""

from collections.abc import Mapping
from dataclasses import replace

from scenarios.simulation.checked_input import Fault, InvalidInput
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.parameters import (
    GAUSSIAN,
    BucketParameters,
    Copula,
    FactorShares,
    VarianceShares,
)
from scenarios.simulation.deals.bucket_law import bucket_law
from scenarios.simulation.deals.reference_deals import effective_deals
from scenarios.simulation.dependence.bucket_factors import SharedFactors, bucket_factors_of
from scenarios.simulation.dependence.macro_law import macro_law
from scenarios.simulation.dependence.variance_presets import (
    LOADINGS,
    PRESET_SHARES,
    STRESS_LOADINGS,
    Loadings,
)
from scenarios.simulation.variance.pilot_portfolio import PilotPortfolio
from scenarios.simulation.variance.reference_law import SECTORS, reference_config
from scenarios.simulation.variance.share_calibration import (
    LARGEST_MISS,
    CalibratedLoadings,
    NoVariation,
    calibrated_loadings,
)

OWN_FACTOR_ALONE = SharedFactors(shares=FactorShares(sector=0.0, stage=0.0, bucket=1.0))

COMMON_SCALE = (
    "; what all deals of a scenario share under the t copula counts as macro, and weighs more the "
    "fewer degrees_of_freedom and the more diversified the portfolio. Own shares at share_level "
    "'deal' are squared loadings and need no calibration"
)


MOST_UNLIKE_ENTRIES = 24
"""Each takes about a fifth of a second to calibrate, for which a request waits."""


def check_attainable(config: ScenarioConfig) -> None:
    """Calibration takes some seconds at most where it is needed, and is remembered.

    :raises InvalidInput: if no loadings give the shares asked for (``SHARES_UNATTAINABLE``), or
        more than 24 unlike buckets would each have to be calibrated (``SHARE_LEVEL``)
    """
    if config.dependence.share_level == "entry":
        unlike = {
            (_nameless(bucket), bucket_law(config=config, bucket=bucket).deal)
            for bucket in config.buckets
        }
        if len(unlike) > MOST_UNLIKE_ENTRIES:
            message = (
                f"is 'entry', for which each of {len(unlike)} unlike buckets would be calibrated,"
                f" at most {MOST_UNLIKE_ENTRIES} can be: use 'reference_portfolio'"
            )
            raise InvalidInput([Fault("dependence.share_level", "SHARE_LEVEL", message)])
    loadings_of(config)


def loadings_of(config: ScenarioConfig) -> tuple[Loadings, ...]:
    """For each bucket of the configuration, in order.

    :raises InvalidInput: if no loadings give the shares asked for (``SHARES_UNATTAINABLE``)
    """
    dependence = config.dependence
    shares = dependence.variance_shares
    if isinstance(shares, VarianceShares):
        return _own_loadings(config, shares)
    if shares == "stress":
        pairs = {
            stage: _stress_pair(stage, dependence.copula)
            for stage in {bucket.stage for bucket in config.buckets}
        }
        return tuple(pairs[bucket.stage] for bucket in config.buckets)
    if dependence.copula == GAUSSIAN:
        return (LOADINGS[shares],) * len(config.buckets)
    return (_reference_pair(PRESET_SHARES[shares], dependence.copula),) * len(config.buckets)


def reference_loadings(shares: VarianceShares, copula: Copula) -> CalibratedLoadings:
    """One pair that gives the reference portfolio these shares, or comes closest."""
    config = reference_config()
    portfolio = PilotPortfolio(
        macro=macro_law(config.regimes),
        copula=copula,
        bucket_factors=bucket_factors_of(config.dependence),
        buckets=config.buckets,
        deals=tuple(bucket_law(config=config, bucket=bucket).deal for bucket in config.buckets),
    )
    # The market preset's loadings, stretched as the shares are.
    start = _in_proportion(
        macro=shares.macro * LOADINGS["market"].macro_squared / 0.5,
        bucket=shares.bucket * LOADINGS["market"].bucket_squared / 0.25,
        own=shares.idiosyncratic * LOADINGS["market"].own_squared / 0.25,
    )
    return calibrated_loadings(portfolio=portfolio, wanted=shares, start=start)


def stress_loadings(stage: str, copula: Copula) -> CalibratedLoadings:
    """The pair that gives an entry of ten deals at this stage of the reference law the shares of
    the stress preset, or comes closest."""
    reference = reference_config()
    config = replace(reference, dependence=replace(reference.dependence, copula=copula))
    key = f"{stage}/{SECTORS[0]}"
    bucket = next(bucket for bucket in config.buckets if bucket.key == key)
    return entry_loadings(config, bucket, PRESET_SHARES["stress"])


def entry_loadings(
    config: ScenarioConfig, bucket: BucketParameters, shares: VarianceShares
) -> CalibratedLoadings:
    """The pair that gives one entry of the bucket these shares, or comes closest."""
    effective = effective_deals(
        reference_deals=bucket.reference_deals, cheque_variation=bucket.cheque_variation
    )
    # The fewer deals an entry has, the more of its variance is their own: a quarter of the
    # effective deals and one is close to what calibration finds.
    start = _in_proportion(
        macro=shares.macro,
        bucket=shares.bucket,
        own=shares.idiosyncratic * (1.0 + 0.25 * effective),
    )
    portfolio = PilotPortfolio(
        macro=macro_law(config.regimes),
        copula=config.dependence.copula,
        bucket_factors=OWN_FACTOR_ALONE,
        buckets=(_nameless(bucket),),
        deals=(bucket_law(config=config, bucket=bucket).deal,),
    )
    try:
        return calibrated_loadings(portfolio=portfolio, wanted=shares, start=start)
    except NoVariation as error:
        fault = _fault(f"cannot hold in {bucket.key}, whose multiple is always the same")
        raise InvalidInput([fault]) from error


def _own_loadings(config: ScenarioConfig, shares: VarianceShares) -> tuple[Loadings, ...]:
    dependence = config.dependence
    if dependence.share_level == "deal":
        pair = Loadings(macro_squared=shares.macro, bucket_squared=shares.bucket)
        return (pair,) * len(config.buckets)
    if dependence.share_level == "reference_portfolio":
        return (_reference_pair(shares, dependence.copula),) * len(config.buckets)
    entries = {bucket.key: entry_loadings(config, bucket, shares) for bucket in config.buckets}
    _refuse_misses(entries, shares, dependence.copula)
    return tuple(found.loadings for found in entries.values())


def _reference_pair(shares: VarianceShares, copula: Copula) -> Loadings:
    found = reference_loadings(shares, copula)
    _refuse_misses({"the reference portfolio": found}, shares, copula)
    return found.loadings


def _stress_pair(stage: str, copula: Copula) -> Loadings:
    if copula == GAUSSIAN:
        return STRESS_LOADINGS[stage]
    found = stress_loadings(stage, copula)
    entry = f"an entry of ten deals at {stage}"
    _refuse_misses({entry: found}, PRESET_SHARES["stress"], copula)
    return found.loadings


def _nameless(bucket: BucketParameters) -> BucketParameters:
    """Buckets alike in what calibration uses are equal: they share their random numbers and are
    calibrated once."""
    return replace(
        bucket,
        key="entry",
        stage="entry",
        sector="entry",
        reserve_ratio=0.0,
        risk_multiplier=1.0,
        return_multiplier=1.0,
    )


def _in_proportion(*, macro: float, bucket: float, own: float) -> Loadings:
    # Even where no part is left to the deals the search must start inside.
    own = max(own, 0.01 * (macro + bucket))
    total = macro + bucket + own
    return Loadings(macro_squared=macro / total, bucket_squared=bucket / total)


def _refuse_misses(
    found: Mapping[str, CalibratedLoadings], wanted: VarianceShares, copula: Copula
) -> None:
    """One fault for all buckets that come equally close."""
    hint = "" if copula == GAUSSIAN else COMMON_SCALE
    missed: dict[CalibratedLoadings, list[str]] = {}
    for name, calibrated in found.items():
        if calibrated.miss(wanted) > LARGEST_MISS:
            missed.setdefault(calibrated, []).append(name)
    if missed:
        raise InvalidInput(
            [
                _fault(
                    f"cannot hold in {', '.join(names)}: asked for {_shown(wanted)}, the closest "
                    f"is {_shown(calibrated.reached)}{hint}"
                )
                for calibrated, names in missed.items()
            ]
        )


def _fault(message: str) -> Fault:
    return Fault("dependence.variance_shares", "SHARES_UNATTAINABLE", message)


def _shown(shares: VarianceShares) -> str:
    return f"{shares.macro:.3f} / {shares.bucket:.3f} / {shares.idiosyncratic:.3f}"
