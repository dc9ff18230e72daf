"""Reads from the database what a request is checked against."""

from typing import Any

from django.db.models import Q

from funds.models import BucketPolicy, CalibrationSnapshot, Fund
from optimization.request.checked_request import FundFacts


def fund_facts(fund: Fund) -> FundFacts:
    """The fund's active buckets and usable calibrations as they are now."""
    policies = (
        BucketPolicy.objects.filter(fund=fund, is_active=True)
        .select_related("stage", "sector")
        .order_by("stage__position", "sector__label")
    )
    calibrations = CalibrationSnapshot.objects.filter(
        Q(kind=CalibrationSnapshot.Kind.BENCHMARK) | Q(fund=fund)
    )
    default = fund.default_calibration
    return FundFacts(
        size_usd=fund.size_usd,
        buckets=tuple(_bucket(policy) for policy in policies),
        calibrations={snapshot.version: snapshot.parameters for snapshot in calibrations},
        default_calibration=default.version if default else None,
    )


def _bucket(policy: BucketPolicy) -> dict[str, Any]:
    return {
        "key": policy.key,
        "stage": policy.stage.key,
        "stage_label": policy.stage.label,
        "sector": policy.sector.key,
        "sector_label": policy.sector.label,
        "initial_cheque_usd": str(policy.initial_cheque_usd),
        "all_in_cost_usd": str(policy.all_in_cost_usd),
        "reserve_ratio": float(policy.reserve_ratio),
        "reference_deals": float(policy.reference_deals),
        "cheque_variation": float(policy.cheque_variation),
        "risk_multiplier": float(policy.risk_multiplier),
        "return_multiplier": float(policy.return_multiplier),
    }
