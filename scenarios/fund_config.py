"""Puts a calibration, a fund's bucket policy and what a request states into one scenario config."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from funds.shipped import benchmark_calibration, default_fund

BUCKET_FIELDS = (
    "reserve_ratio",
    "reference_deals",
    "cheque_variation",
    "risk_multiplier",
    "return_multiplier",
)

LAW_PATHS: Mapping[str, str] = MappingProxyType(
    {
        "exit_law": "exit_law",
        "variance_shares": "dependence.variance_shares",
        "share_level": "dependence.share_level",
        "copula": "dependence.copula",
        "factor_shares": "dependence.factor_shares",
        "bucket_correlation": "dependence.bucket_correlation",
        "value_path_coupling": "dependence.value_path_coupling",
        "failure_recovery": "failure_recovery",
        "unspent_reserves": "unspent_reserves",
        "recycling": "recycling",
        "sampling": "sampling",
    }
)
"""What a request may state of the law in place of its calibration, and where a config has it."""

# To state the first of two is to do without the calibration's second: a config takes only one of
# factor shares and correlation, and a level belongs to the shares it was stated with.
_REPLACED_TOO = (
    ("factor_shares", "bucket_correlation"),
    ("bucket_correlation", "factor_shares"),
    ("variance_shares", "share_level"),
)


def scenario_config(
    *,
    calibration: Mapping[str, Any],
    buckets: Sequence[Mapping[str, Any]],
    regimes: object = None,
    seed: str | None = None,
    scenario_law: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The config JSON of a fund; ``regimes`` and ``scenario_law`` replace the calibration's.

    Members of ``scenario_law`` are those of `LAW_PATHS`; one that is None is the calibration's.
    """
    law = {name: value for name, value in (scenario_law or {}).items() if value is not None}
    config = {
        **_with_law(calibration, law),
        "buckets": [_bucket(bucket) for bucket in buckets],
        "seed": seed,
    }
    if regimes is not None:
        config["regimes"] = regimes
    return config


def default_scenario_config() -> dict[str, Any]:
    """The config of the shipped default fund under the shipped benchmark calibration."""
    return scenario_config(
        calibration=benchmark_calibration()["parameters"], buckets=default_fund()["buckets"]
    )


def _with_law(calibration: Mapping[str, Any], law: Mapping[str, object]) -> dict[str, Any]:
    config = {**calibration, "dependence": {**calibration["dependence"]}}
    for stated, other in _REPLACED_TOO:
        if stated in law and other not in law:
            config["dependence"].pop(other, None)
    for name, value in law.items():
        *section, field = LAW_PATHS[name].split(".")
        (config[section[0]] if section else config)[field] = value
    return config


def _bucket(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": f"{policy['stage']}/{policy['sector']}",
        "stage": policy["stage"],
        "sector": policy["sector"],
        **{name: float(policy[name]) for name in BUCKET_FIELDS},
    }
