"""Puts a calibration and a fund's bucket policy together into one scenario config."""

from collections.abc import Mapping, Sequence
from typing import Any

from funds.shipped import benchmark_calibration, default_fund

BUCKET_FIELDS = (
    "reserve_ratio",
    "reference_deals",
    "cheque_variation",
    "risk_multiplier",
    "return_multiplier",
)


def scenario_config(
    *,
    calibration: Mapping[str, Any],
    buckets: Sequence[Mapping[str, Any]],
    regimes: object = None,
    seed: str | None = None,
) -> dict[str, Any]:
    """The config JSON of a fund; ``regimes`` replaces those of the calibration."""
    config = {**calibration, "buckets": [_bucket(bucket) for bucket in buckets], "seed": seed}
    if regimes is not None:
        config["regimes"] = regimes
    return config


def default_scenario_config() -> dict[str, Any]:
    """The config of the shipped default fund under the shipped benchmark calibration."""
    return scenario_config(
        calibration=benchmark_calibration()["parameters"], buckets=default_fund()["buckets"]
    )


def _bucket(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": f"{policy['stage']}/{policy['sector']}",
        "stage": policy["stage"],
        "sector": policy["sector"],
        **{name: float(policy[name]) for name in BUCKET_FIELDS},
    }
