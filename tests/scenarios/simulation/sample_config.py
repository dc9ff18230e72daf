"""A complete configuration for tests: four entry stages, three sectors, the published defaults."""

from typing import Any

from scenarios.simulation.configuration.config import ScenarioConfig, parse_config

ENTRY_STAGES = {"seed": 1.0, "series_a": 0.8, "series_b": 0.6, "series_c": 0.4}
SECTORS = ("saas", "fintech", "biotech")


def config_data(**changes: Any) -> dict[str, Any]:
    """The configuration as JSON values, with top-level fields replaced by ``changes``."""
    return {
        "schema": 1,
        "regimes": [
            {"name": "recession", "probability": 0.25, "shock_min": -1.0, "shock_max": -0.3},
            {"name": "base", "probability": 0.5, "shock_min": -0.3, "shock_max": 0.3},
            {"name": "boom", "probability": 0.25, "shock_min": 0.3, "shock_max": 1.0},
        ],
        "stages": {
            "seed": stage_data(0.09, 0.46, 0.37, 2.10, 13.5, 2.2, 2.1),
            "series_a": stage_data(0.15, 0.48, 0.25, 2.00, 10.0, 2.0, 2.2),
            "series_b": stage_data(0.22, 0.45, 0.22, 1.85, 7.5, 1.8, 2.2),
            "series_c": stage_data(0.41, 0.25, 0.24, 1.65, 5.5, 1.6, 2.2),
            "late": stage_data(0.60, 0.0, 0.20, None, None, None, 2.2),
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
        "seed": None,
        "buckets": [bucket_data(stage, sector) for stage in ENTRY_STAGES for sector in SECTORS],
        **changes,
    }


def stage_data(
    exit_probability: float,
    graduate: float,
    fail: float,
    median: float | None,
    p90: float | None,
    step_up: float | None,
    years: float,
) -> dict[str, Any]:
    return {
        "exit_probability": exit_probability,
        "graduate_probability": graduate,
        "fail_probability": fail,
        "exit_multiple_median": median,
        "exit_multiple_p90": p90,
        "step_up": step_up,
        "years_per_round": years,
    }


def bucket_data(stage: str = "seed", sector: str = "saas", **changes: Any) -> dict[str, Any]:
    return {
        "key": f"{stage}/{sector}",
        "stage": stage,
        "sector": sector,
        "reserve_ratio": ENTRY_STAGES[stage],
        "reference_deals": 10.0,
        "cheque_variation": 0.35,
        "risk_multiplier": 1.0,
        "return_multiplier": 1.0,
        **changes,
    }


def sample_config(**changes: Any) -> ScenarioConfig:
    return parse_config(config_data(**changes))
