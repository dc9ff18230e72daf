"""Reads variance shares of a scenario configuration: a preset, or own shares and their level."""

from collections.abc import Mapping, Sequence
from typing import get_args

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.canonical_numbers import canonical_shares, sums_to_one
from scenarios.simulation.configuration.parameters import (
    BucketParameters,
    Dependence,
    ShareLevel,
    VarianceShares,
    VarianceSharesName,
)
from scenarios.simulation.dependence.variance_presets import STRESS_LOADINGS

SMALLEST_OWN_SHARE = 0.01
"""Of the variance of a deal's score. Deals that share all the rest are copies of each other."""


def read_shares(
    section: FieldReader,
) -> tuple[VarianceSharesName | VarianceShares | None, ShareLevel]:
    """Shares and their level; None for the shares after recording at least one fault."""
    if not isinstance(section.raw("variance_shares"), Mapping):
        if section.has("share_level"):
            section.fault(
                "share_level", "SHARE_LEVEL", "is set, which only own variance_shares may have"
            )
        name = section.choice("variance_shares", get_args(VarianceSharesName), default=None)
        return name, "reference_portfolio"
    level = section.choice("share_level", get_args(ShareLevel), default="reference_portfolio")
    return _read_own_shares(section.object("variance_shares"), level), level


def check_preset_stages(
    dependence: Dependence, buckets: Sequence[BucketParameters], reader: FieldReader
) -> None:
    """The stress preset knows the entry stages of the reference law and no other."""
    if dependence.variance_shares != "stress":
        return
    unknown = sorted({bucket.stage for bucket in buckets} - set(STRESS_LOADINGS))
    if unknown:
        reader.fault(
            "dependence.variance_shares",
            "STRESS_STAGE",
            f"is 'stress', which has no loadings for companies entering at {', '.join(unknown)}, "
            f"only at {', '.join(STRESS_LOADINGS)}; own shares at share_level 'entry' can be met "
            "at any stage",
        )


def _read_own_shares(section: FieldReader, level: ShareLevel | None) -> VarianceShares | None:
    before = len(section.faults)
    fields = ("macro", "bucket", "idiosyncratic")
    shares = [section.number(field, minimum=0, maximum=1) for field in fields]
    section.refuse_unknown_fields()
    if len(section.faults) > before:
        return None
    if not sums_to_one(shares):
        section.fault("", "SHARES_SUM", f"sum to {sum(shares):.10g}, must sum to 1")
        return None
    macro, bucket, idiosyncratic = canonical_shares(shares)
    if level == "deal" and idiosyncratic < SMALLEST_OWN_SHARE:
        section.fault(
            "idiosyncratic",
            "LOADS_INVALID",
            f"is {idiosyncratic:g}, must be at least {SMALLEST_OWN_SHARE:g} at share_level 'deal': "
            "deals need a part of their own",
        )
        return None
    return VarianceShares(macro=macro, bucket=bucket, idiosyncratic=idiosyncratic)
