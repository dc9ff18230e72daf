"""Variance shares in a configuration: which are taken, which are refused, how they are hashed."""

from typing import Any

import pytest

from scenarios.simulation.checked_input import Fault, InvalidInput
from scenarios.simulation.configuration.canonical_key import law_key, matrix_key
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.configuration.parameters import VarianceShares
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.variance.pilot_portfolio import PilotPortfolio
from tests.scenarios.simulation.sample_config import bucket_data, config_data

OWN = {"macro": 0.4, "bucket": 0.35, "idiosyncratic": 0.25}


def data_with(**dependence: Any) -> dict[str, Any]:
    return config_data(dependence={**config_data()["dependence"], **dependence})


def config_with(**dependence: Any) -> ScenarioConfig:
    return parse_config(data_with(**dependence))


def only_fault(data: dict[str, Any]) -> Fault:
    with pytest.raises(InvalidInput) as refused:
        parse_config(data)
    (fault,) = refused.value.faults
    return fault


def key(**dependence: Any) -> str:
    return matrix_key(config=config_with(**dependence), scenarios=400, sample=Sample.OPTIMIZATION)


def test_own_shares_are_read_with_their_level() -> None:
    dependence = config_with(variance_shares=OWN, share_level="entry").dependence
    assert dependence.variance_shares == VarianceShares(macro=0.4, bucket=0.35, idiosyncratic=0.25)
    assert dependence.share_level == "entry"


@pytest.mark.parametrize("level", [None, "reference_portfolio"])
def test_reference_portfolio_is_the_level_by_default(level: str | None) -> None:
    config = config_with(variance_shares=OWN, share_level=level)
    assert config.dependence.share_level == "reference_portfolio"
    assert "share_level" not in config.canonical_json()["dependence"]
    assert key(variance_shares=OWN, share_level=level) == key(variance_shares=OWN)


@pytest.mark.parametrize("level", ["reference_portfolio", "entry", "deal"])
def test_canonical_json_gives_the_same_config_again(level: str) -> None:
    config = config_with(variance_shares=OWN, share_level=level)
    assert parse_config(config.canonical_json()) == config


def test_shares_are_rounded_so_that_they_still_sum_to_one() -> None:
    third = 1 / 3
    shares = {"macro": third, "bucket": third, "idiosyncratic": third}
    found = config_with(variance_shares=shares).dependence.variance_shares
    assert found == VarianceShares(macro=0.333334, bucket=0.333333, idiosyncratic=0.333333)


def test_every_share_and_level_has_its_own_key() -> None:
    near = {"macro": 0.400001, "bucket": 0.349999, "idiosyncratic": 0.25}
    keys = {
        key(variance_shares="stress"),
        key(variance_shares="market"),
        key(variance_shares=OWN),
        key(variance_shares=near),
        key(variance_shares=OWN, share_level="entry"),
        key(variance_shares=OWN, share_level="deal"),
    }
    assert len(keys) == 6


def test_key_does_not_change_below_the_grid() -> None:
    near = {"macro": 0.4 + 1e-10, "bucket": 0.35 - 1e-10, "idiosyncratic": 0.25}
    assert key(variance_shares=near) == key(variance_shares=OWN)


def test_naming_the_key_of_own_shares_needs_no_calibration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PilotPortfolio, "shares", None)
    assert len(law_key(config_with(variance_shares=OWN))) == 64


def test_shares_that_do_not_sum_to_one_are_refused() -> None:
    fault = only_fault(data_with(variance_shares={**OWN, "bucket": 0.3}))
    assert fault.path == "dependence.variance_shares"
    assert fault.code == "SHARES_SUM"
    assert fault.message == "sum to 0.95, must sum to 1"


@pytest.mark.parametrize(
    ("shares", "path", "code"),
    [
        ({**OWN, "macro": -0.1}, "dependence.variance_shares.macro", "OUT_OF_RANGE"),
        ({**OWN, "macro": 1.1}, "dependence.variance_shares.macro", "OUT_OF_RANGE"),
        ({**OWN, "macro": float("nan")}, "dependence.variance_shares.macro", "NOT_FINITE"),
        ({**OWN, "macro": None}, "dependence.variance_shares.macro", "REQUIRED"),
        ({**OWN, "sector": 0.0}, "dependence.variance_shares.sector", "UNKNOWN_FIELD"),
    ],
)
def test_faulty_share_is_refused_by_field(shares: Any, path: str, code: str) -> None:
    fault = only_fault(data_with(variance_shares=shares))
    assert (fault.path, fault.code) == (path, code)


def test_unknown_level_is_refused() -> None:
    fault = only_fault(data_with(variance_shares=OWN, share_level="bucket"))
    assert (fault.path, fault.code) == ("dependence.share_level", "NOT_A_CHOICE")


def test_level_of_a_preset_is_refused() -> None:
    fault = only_fault(data_with(share_level="deal"))
    assert (fault.path, fault.code) == ("dependence.share_level", "SHARE_LEVEL")


def test_deals_must_keep_a_part_of_their_own() -> None:
    shares = {"macro": 0.6, "bucket": 0.395, "idiosyncratic": 0.005}
    fault = only_fault(data_with(variance_shares=shares, share_level="deal"))
    assert fault.path == "dependence.variance_shares.idiosyncratic"
    assert fault.code == "LOADS_INVALID"
    assert fault.message.startswith("is 0.005, must be at least 0.01 at share_level 'deal'")


def test_stress_is_refused_at_an_entry_stage_it_has_no_loadings_for() -> None:
    late = {"exit_multiple_median": 1.4, "exit_multiple_p90": 3.0}
    data = data_with(variance_shares="stress")
    data["stages"]["late"] |= late
    data["buckets"] = [
        bucket_data("seed"),
        {**bucket_data("series_c"), "stage": "late", "key": "late/saas"},
    ]
    fault = only_fault(data)
    assert (fault.path, fault.code) == ("dependence.variance_shares", "STRESS_STAGE")
    assert "entering at late" in fault.message
    data["dependence"]["variance_shares"] = "market"
    assert len(parse_config(data).buckets) == 2


def test_presets_need_nothing_more_than_before() -> None:
    assert config_with().canonical_json()["dependence"] == config_data()["dependence"]
