"""Which laws are taken with a warning."""

from typing import Any

import pytest

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.law_warnings import LawWarning, law_warnings
from tests.scenarios.simulation.sample_config import config_data


def warnings_with(*, stages: dict[str, Any] | None = None, **dependence: Any) -> list[LawWarning]:
    data = config_data(dependence={**config_data()["dependence"], **dependence})
    for name, changes in (stages or {}).items():
        data["stages"][name].update(changes)
    return list(law_warnings(parse_config(data)))


@pytest.mark.parametrize("preset", ["market", "calm", "crisis_prone", "stress"])
def test_presets_are_usual(preset: str) -> None:
    assert warnings_with(variance_shares=preset) == []


@pytest.mark.parametrize(
    "shares",
    [(0.4, 0.3, 0.3), (0.6, 0.2, 0.2), (0.5, 0.25, 0.25)],
)
def test_shares_on_the_edges_of_the_usual_are_usual(shares: tuple[float, float, float]) -> None:
    assert warnings_with(variance_shares=own(*shares)) == []


def test_every_unusual_share_is_named_with_its_usual_range() -> None:
    (warning,) = warnings_with(variance_shares=own(0.65, 0.25, 0.10))
    assert warning.code == "UNUSUAL_SHARES"
    assert "macro 0.65, usually 0.4 to 0.6" in warning.message
    assert "idiosyncratic 0.1, usually 0.2 to 0.3" in warning.message
    assert "bucket" not in warning.message


def test_squared_loadings_of_a_deal_are_no_shares_of_a_multiple() -> None:
    assert warnings_with(variance_shares=own(0.1, 0.1, 0.8), share_level="deal") == []


def test_warnings_of_different_kinds_stand_side_by_side() -> None:
    # A fifth of the valuation at entry: follow-ons are far too cheap.
    found = warnings_with(variance_shares=own(0.7, 0.2, 0.1), stages={"seed": {"step_up": 0.2}})
    assert {warning.code for warning in found} == {"FOLLOW_ON_PRICING", "UNUSUAL_SHARES"}


def own(macro: float, bucket: float, idiosyncratic: float) -> dict[str, float]:
    return {"macro": macro, "bucket": bucket, "idiosyncratic": idiosyncratic}
