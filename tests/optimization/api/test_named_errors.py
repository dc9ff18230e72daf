"""Every named error of the scenario law: how it comes about, and what an analyst is told of it.

The API answers with them before a session exists. Two cannot come through it, because the database
keeps such policies out: there the command is shown.
"""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from funds.models import Fund
from funds.shipped import benchmark_calibration
from optimization.models import OptimizationSession
from scenarios.simulation.configuration.named_errors import NAMED_ERRORS
from tests.funds.calibrations import fund_calibration
from tests.scenarios.simulation.sample_config import bucket_data, config_data

BENCHMARK = benchmark_calibration()["parameters"]
KEYS = ["seed/fintech", "seed/saas", "series_a/fintech", "series_a/saas"]
RECYCLING = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1,
    "max_deals": 3,
    "deadline_years": 6,
}
Prepare = Callable[[Fund], dict[str, Any]]


def law(**members: Any) -> Prepare:
    return lambda fund: {"scenario_law": members}


def regimes(*shocks: tuple[float, float, float]) -> Prepare:
    return lambda fund: {
        "regimes": [
            {"name": str(number), "probability": share, "shock_min": low, "shock_max": high}
            for number, (share, low, high) in enumerate(shocks)
        ]
    }


def risky_policy(fund: Fund) -> dict[str, Any]:
    fund.bucket_policies.filter(stage__key="seed", sector__key="saas").update(
        risk_multiplier=Decimal("2.8")
    )
    return {}


def calibration_without_failures_or_exits(fund: Fund) -> dict[str, Any]:
    stuck = {**BENCHMARK["stages"]["seed"], "exit_probability": 0.0, "fail_probability": 0.0}
    parameters = {**BENCHMARK, "stages": {**BENCHMARK["stages"], "seed": stuck}}
    return {"calibration": fund_calibration(fund, parameters=parameters).version}


# Code and name, how a request of the small fund comes to it, where the fault is and what it says.
THROUGH_THE_API: list[tuple[str, str, Prepare, str, str]] = [
    (
        "REGIME_INVALID",
        "REGIME_INVALID",
        regimes((0.5, -1, 0), (0.4, 0, 1)),
        "/regimes",
        "regimes: have probabilities that sum to 0.9, must sum to 1",
    ),
    (
        "REGIME_DEGENERATE",
        "REGIME_DEGENERATE",
        regimes((1, 0.2, 0.2)),
        "/regimes",
        "regimes: all shocks are the same number, so there is no macro risk to simulate;",
    ),
    (
        "RATES_INVALID",
        "RATES_INVALID",
        calibration_without_failures_or_exits,
        "/fund",
        "fund.stages.seed: exit and fail probability are both 0, one must be above",
    ),
    (
        "RISK_MULT_TOO_LARGE",
        "RISK_MULT_TOO_LARGE",
        risky_policy,
        "/fund",
        # 2.8 x 0.37 for seed; 2.8 x 0.25 for series A is below 1.
        "risk_multiplier: is 2.8, which lifts the fail probability of seed to 1.036; it must stay",
    ),
    (
        "EXIT_PARAMS",
        "EXIT_PARAMS",
        law(exit_law={"law": "lognormal", "tail_index": 1.5}),
        "/scenario_law/exit_law/tail_index",
        "scenario_law.exit_law.tail_index: is 1.5, must be null: lognormal has no Pareto tail",
    ),
    (
        "EXIT_PARAMS_INFEASIBLE",
        "EXIT_PARAMS_INFEASIBLE",
        # Uniform in the logarithm from median 2.1 to cap 20: P90 (2.1 x 20^4)^(1/5) = 12.7 < 13.5.
        law(exit_law={"law": "pareto", "multiple_cap": 20}),
        "/scenario_law/exit_law",
        "stages.seed.exit_multiple_p90 is 13.5, must be at most 12",
    ),
    (
        "EXIT_CAP",
        "EXIT_CAP",
        law(exit_law={"law": "lognormal_pareto", "tail_index": 1.5, "multiple_cap": 12}),
        "/scenario_law/exit_law",
        "lifts the P90 of exits to 13.5; it must stay below exit_law.multiple_cap (12)",
    ),
    (
        "SHARES_SUM",
        "SHARES_SUM",
        law(factor_shares={"sector": 0.5, "stage": 0.2, "bucket": 0.2}),
        "/scenario_law/factor_shares",
        "scenario_law.factor_shares: sum to 0.9, must sum to 1",
    ),
    (
        "SHARES_UNATTAINABLE",
        "SHARES_UNATTAINABLE",
        # Nothing is left to the deals, yet how long each takes remains its own.
        law(variance_shares={"macro": 0.9, "bucket": 0.1, "idiosyncratic": 0}),
        "/scenario_law/variance_shares",
        "cannot hold in the reference portfolio: asked for 0.900 / 0.100 / 0.000, the closest is 0",
    ),
    (
        "LOADS_INVALID",
        "LOADS_INVALID",
        law(
            variance_shares={"macro": 0.75, "bucket": 0.25, "idiosyncratic": 0},
            share_level="deal",
        ),
        "/scenario_law/variance_shares/idiosyncratic",
        "idiosyncratic: is 0, must be at least 0.01 at share_level 'deal'",
    ),
    (
        "CORRELATION_NOT_PSD",
        "CORRELATION_NOT_PSD",
        # 1 - 3 x 0.5 is an eigenvalue of four ones with -0.5 beside them.
        law(
            bucket_correlation={
                "buckets": KEYS,
                "matrix": [[1 if row == column else -0.5 for column in KEYS] for row in KEYS],
            }
        ),
        "/scenario_law/bucket_correlation/matrix",
        "matrix: has the eigenvalue -0.5, must have none below 0",
    ),
    (
        "OUT_OF_RANGE",
        "S_RANGE",
        lambda fund: {"optimization_scenarios": 10},
        "/optimization_scenarios",
        "optimization_scenarios: is 10, must be at least 64 and at most 5000",
    ),
    (
        "OUT_OF_RANGE",
        "S_RANGE",
        lambda fund: {"validation_scenarios": 10_000_001},
        "/validation_scenarios",
        "validation_scenarios: is 10000001, must be at least 5000 and at most 10000000",
    ),
    (
        "NOT_FINITE",
        "NON_FINITE_INPUT",
        law(value_path_coupling=float("nan")),
        "/scenario_law/value_path_coupling",
        "scenario_law.value_path_coupling: is NaN, must be a finite number",
    ),
    (
        "RECYCLE_RANGE",
        "RECYCLE_RANGE",
        law(recycling={**RECYCLING, "utilization_fraction": 1.5}),
        "/scenario_law/recycling/utilization_fraction",
        "utilization_fraction: is 1.5, must be at least 0 and at most 1",
    ),
]
# Name, a config, and the line that the command prints about it.
THROUGH_THE_COMMAND: list[tuple[str, dict[str, Any], str]] = [
    (
        "BUCKET_DUPLICATE",
        config_data(buckets=[bucket_data(), bucket_data()]),
        "buckets[1].key: is 'seed/saas', which is used twice [BUCKET_DUPLICATE]",
    ),
    (
        "N_REF_INVALID",
        config_data(buckets=[bucket_data(reference_deals=0.5)]),
        "buckets[0].reference_deals: is 0.5, must be at least 1 and at most 1000 [N_REF_INVALID]",
    ),
]


@pytest.mark.parametrize(
    ("code", "name", "prepare", "pointer", "message"),
    THROUGH_THE_API,
    ids=[case[1] for case in THROUGH_THE_API],
)
def test_named_error_is_answered_with_code_name_place_and_words(
    analyst: Client, fund: Fund, code: str, name: str, prepare: Prepare, pointer: str, message: str
) -> None:
    body = json.dumps({"fund": str(fund.pk), "name": "Base case", **prepare(fund)})

    response = analyst.post("/api/v1/optimizations", data=body, content_type="application/json")

    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["pointer"], error["code"], error["name"]) == (pointer, code, name)
    assert message in error["detail"]
    assert not OptimizationSession.objects.exists()


@pytest.mark.parametrize(
    ("name", "config", "line"), THROUGH_THE_COMMAND, ids=[case[0] for case in THROUGH_THE_COMMAND]
)
def test_named_error_that_no_request_can_make_is_printed_by_the_command(
    tmp_path: Path, name: str, config: dict[str, Any], line: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    errors = io.StringIO()

    with pytest.raises(SystemExit) as stopped:
        call_command(
            "simulate_matrix",
            *(str(path), "--scenarios", "64", "--sample", "optimization", "--out", "m.npy"),
            stderr=errors,
        )

    assert stopped.value.code == 2
    assert errors.getvalue().splitlines() == [line]


def test_every_named_error_is_provoked_here() -> None:
    provoked = {case[1] for case in THROUGH_THE_API} | {case[0] for case in THROUGH_THE_COMMAND}
    assert provoked == set(NAMED_ERRORS)


def test_error_of_another_kind_has_no_name(analyst: Client, fund: Fund) -> None:
    body = {"fund": str(fund.pk), "name": "Base case", "mip_gap": 9}

    response = analyst.post("/api/v1/optimizations", data=body, content_type="application/json")

    (error,) = response.json()["errors"]
    assert error["code"] == "OUT_OF_RANGE"
    assert "name" not in error
