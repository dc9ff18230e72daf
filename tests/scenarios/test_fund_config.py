"""A calibration and a fund's policy become one scenario config, and the shipped ones fit."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from funds.shipped import benchmark_calibration, default_fund
from scenarios.fund_config import BUCKET_FIELDS, default_scenario_config, scenario_config
from scenarios.simulation.configuration.config import parse_config

CALIBRATION: dict[str, Any] = benchmark_calibration()["parameters"]
POLICY: dict[str, Any] = {
    "stage": "seed",
    "sector": "saas",
    "initial_cheque_usd": "800000.00",
    "reserve_ratio": 1.5,
    "reference_deals": 5,
    "cheque_variation": 0.35,
    "risk_multiplier": 0.95,
    "return_multiplier": 1.1,
}
REGIMES = [
    {"name": "bad", "probability": 0.5, "shock_min": -1.0, "shock_max": 0.0},
    {"name": "good", "probability": 0.5, "shock_min": 0.0, "shock_max": 1.0},
]


def test_bucket_is_named_by_its_stage_and_sector() -> None:
    (bucket,) = scenario_config(calibration=CALIBRATION, buckets=[POLICY])["buckets"]
    assert (bucket["key"], bucket["stage"], bucket["sector"]) == ("seed/saas", "seed", "saas")


@pytest.mark.parametrize("field", BUCKET_FIELDS)
def test_bucket_has_the_figures_of_the_policy(field: str) -> None:
    (bucket,) = scenario_config(calibration=CALIBRATION, buckets=[POLICY])["buckets"]
    assert bucket[field] == POLICY[field]


def test_money_is_no_part_of_the_law() -> None:
    (bucket,) = scenario_config(calibration=CALIBRATION, buckets=[POLICY])["buckets"]
    assert "initial_cheque_usd" not in bucket


def test_exact_policy_figures_become_floats() -> None:
    policy = {**POLICY, "reserve_ratio": Decimal("1.5"), "reference_deals": Decimal("5.000000")}
    (bucket,) = scenario_config(calibration=CALIBRATION, buckets=[policy])["buckets"]
    assert (bucket["reserve_ratio"], bucket["reference_deals"]) == (1.5, 5.0)
    assert isinstance(bucket["reserve_ratio"], float)


def test_policy_without_a_figure_is_no_policy() -> None:
    incomplete = {name: value for name, value in POLICY.items() if name != "risk_multiplier"}
    with pytest.raises(KeyError, match="risk_multiplier"):
        scenario_config(calibration=CALIBRATION, buckets=[incomplete])


def test_everything_else_is_the_calibration() -> None:
    config = scenario_config(calibration=CALIBRATION, buckets=[POLICY])
    rest = {name: value for name, value in config.items() if name not in ("buckets", "seed")}
    assert rest == CALIBRATION


def test_regimes_of_a_request_replace_those_of_the_calibration() -> None:
    config = scenario_config(calibration=CALIBRATION, buckets=[POLICY], regimes=REGIMES)
    assert config["regimes"] == REGIMES


def test_law_of_a_request_replaces_that_of_the_calibration() -> None:
    config = scenario_config(
        calibration=CALIBRATION,
        buckets=[POLICY],
        scenario_law={"sampling": "sobol", "value_path_coupling": 0.5, "exit_law": None},
    )
    assert config["sampling"] == "sobol"
    assert config["dependence"] == {**CALIBRATION["dependence"], "value_path_coupling": 0.5}
    assert config["exit_law"] == CALIBRATION["exit_law"]


def test_law_that_nobody_knows_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="tail"):
        scenario_config(calibration=CALIBRATION, buckets=[], scenario_law={"tail": 1})


def test_seed_is_passed_on() -> None:
    assert scenario_config(calibration=CALIBRATION, buckets=[], seed="2026")["seed"] == "2026"
    assert scenario_config(calibration=CALIBRATION, buckets=[])["seed"] is None


def test_neither_calibration_nor_policy_is_changed() -> None:
    calibration, policy = copy.deepcopy(CALIBRATION), copy.deepcopy(POLICY)
    law = {"factor_shares": {"sector": 1, "stage": 0, "bucket": 0}, "unspent_reserves": "idle"}
    scenario_config(
        calibration=calibration, buckets=[policy], regimes=REGIMES, seed="x", scenario_law=law
    )
    assert (calibration, policy) == (CALIBRATION, POLICY)


def test_shipped_fund_fits_the_shipped_calibration() -> None:
    config = parse_config(default_scenario_config())
    assert {bucket.key for bucket in config.buckets} == {
        f"{bucket['stage']}/{bucket['sector']}" for bucket in default_fund()["buckets"]
    }
