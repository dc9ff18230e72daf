"""What the request form holds before anything is typed: the fund's defaults."""

from typing import Any

from funds.models import Fund
from optimization.request.checked_request import (
    DEFAULT_MIP_GAP,
    DEFAULT_PRIMARY_LOCK_EPSILON,
    DEFAULT_TIME_LIMIT_SECONDS,
    DEFAULT_VALIDATION_SCENARIOS,
    FundFacts,
    default_optimization_scenarios,
)

STANDARD_CVAR_CONFIDENCE = 0.95


def starting_request(fund: Fund, facts: FundFacts) -> dict[str, Any]:
    """A request without a name, in the form that the API accepts."""
    limits = fund.default_limits
    calibration = facts.calibrations.get(facts.default_calibration or "", {})
    cvar = {"confidence": STANDARD_CVAR_CONFIDENCE, **limits.get("cvar", {})}
    return {
        "capital_usd": str(facts.size_usd),
        "calibration": facts.default_calibration,
        "optimization_scenarios": default_optimization_scenarios(
            sampling=calibration.get("sampling", "iid"), buckets=len(facts.buckets)
        ),
        "validation_scenarios": DEFAULT_VALIDATION_SCENARIOS,
        "limits": {**limits, "cvar": cvar},
        "relax": True,
        "primary_lock_epsilon": DEFAULT_PRIMARY_LOCK_EPSILON,
        "mip_gap": DEFAULT_MIP_GAP,
        "time_limit_seconds": DEFAULT_TIME_LIMIT_SECONDS,
    }
