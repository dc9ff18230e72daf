"""The reference portfolio, at which named variance shares hold: fixed numbers, not a setting.

Twelve buckets (four stages by three sectors) of ten deals each in equal weights, under the rates
and multiples of the industry benchmark of 2025. The loadings of presets rest on it, so it does not
follow a later benchmark.
"""

from functools import lru_cache
from typing import Any

from scenarios.simulation.configuration.config import ScenarioConfig, parse_config

SECTORS = ("first", "second", "third")

# exit, graduate, fail; median, P90; step-up; years per round; reserve ratio
_STAGES: dict[str, tuple[float, float, float, float | None, float | None, float | None, float]] = {
    "seed": (0.09, 0.46, 0.37, 2.10, 13.5, 2.2, 2.1),
    "series_a": (0.15, 0.48, 0.25, 2.00, 10.0, 2.0, 2.2),
    "series_b": (0.22, 0.45, 0.22, 1.85, 7.5, 1.8, 2.2),
    "series_c": (0.41, 0.25, 0.24, 1.65, 5.5, 1.6, 2.2),
    "late": (0.60, 0.00, 0.20, None, None, None, 2.2),
}
_STAGE_FIELDS = (
    "exit_probability",
    "graduate_probability",
    "fail_probability",
    "exit_multiple_median",
    "exit_multiple_p90",
    "step_up",
    "years_per_round",
)
_RESERVE_RATIOS = {"seed": 1.0, "series_a": 0.8, "series_b": 0.6, "series_c": 0.4}

ENTRY_STAGES = tuple(_RESERVE_RATIOS)


@lru_cache(maxsize=1)
def reference_config() -> ScenarioConfig:
    """Bucket keys are ``stage/sector`` for every one of ENTRY_STAGES and SECTORS."""
    return parse_config(
        {
            "schema": 1,
            "regimes": [
                _regime("recession", 0.25, -1.0, -0.3),
                _regime("base", 0.5, -0.3, 0.3),
                _regime("boom", 0.25, 0.3, 1.0),
            ],
            "stages": {
                name: dict(zip(_STAGE_FIELDS, values, strict=True))
                for name, values in _STAGES.items()
            },
            "financing": {
                "dilution_per_round": 0.20,
                "option_pool_refresh": 0.04,
                "pro_rata_participation": 0.70,
                "max_rounds": 8,
            },
            "exit_law": {"law": "lognormal_pareto", "tail_index": 1.5, "multiple_cap": 300},
            "failure_recovery": {"threshold": 0.55, "maximum": 0.80},
            "dependence": {
                "variance_shares": "market",
                "factor_shares": {"sector": 0.5, "stage": 0.2, "bucket": 0.3},
                "value_path_coupling": 0.25,
            },
            "unspent_reserves": "returned",
            "buckets": [_bucket(stage, sector) for stage in ENTRY_STAGES for sector in SECTORS],
        }
    )


def _regime(name: str, probability: float, shock_min: float, shock_max: float) -> dict[str, Any]:
    return {
        "name": name,
        "probability": probability,
        "shock_min": shock_min,
        "shock_max": shock_max,
    }


def _bucket(stage: str, sector: str) -> dict[str, Any]:
    return {
        "key": f"{stage}/{sector}",
        "stage": stage,
        "sector": sector,
        "reserve_ratio": _RESERVE_RATIOS[stage],
        "reference_deals": 10.0,
        "cheque_variation": 0.35,
        "risk_multiplier": 1.0,
        "return_multiplier": 1.0,
    }
