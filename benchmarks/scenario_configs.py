"""Configurations to measure: the shipped benchmark calibration with any number of buckets."""

from typing import Any

from funds.shipped import benchmark_calibration
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config

RESERVE_RATIOS = {"seed": 1.0, "series_a": 0.8, "series_b": 0.6, "series_c": 0.4}
DEALS = 10


def benchmark_config(
    *,
    buckets: int,
    stages: int = 4,
    variation: int = 0,
    dependence: dict[str, Any] | None = None,
    **changes: Any,
) -> ScenarioConfig:
    """Buckets of exactly ten deals, over the first ``stages`` stages and as many sectors as needed.

    Buckets of one stage share a table. Each ``variation`` is another law, by some millionths, so
    that nothing worked out for one serves another. ``dependence`` adds to the calibration's,
    ``changes`` replace whole sections.
    """
    parameters = benchmark_calibration()["parameters"]
    names = list(RESERVE_RATIOS)[:stages]
    return parse_config(
        {
            **parameters,
            "stages": {
                **parameters["stages"],
                "late": _varied(parameters["stages"]["late"], variation),
            },
            "dependence": {**parameters["dependence"], **(dependence or {})},
            "seed": None,
            "buckets": [
                _bucket(names[i % stages], f"sector_{i // stages}") for i in range(buckets)
            ],
            **changes,
        }
    )


def _varied(stage: dict[str, Any], variation: int) -> dict[str, Any]:
    return {**stage, "exit_probability": stage["exit_probability"] - 1e-6 * variation}


def _bucket(stage: str, sector: str) -> dict[str, Any]:
    return {
        "key": f"{stage}/{sector}",
        "stage": stage,
        "sector": sector,
        "reserve_ratio": RESERVE_RATIOS[stage],
        "reference_deals": float(DEALS),
        "cheque_variation": 0.0,
        "risk_multiplier": 1.0,
        "return_multiplier": 1.0,
    }
