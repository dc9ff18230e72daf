"""What a configuration may say about recycling."""

from typing import Any

import pytest

from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.config import parse_config
from tests.scenarios.simulation.sample_config import config_data

RECYCLING = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1.0,
    "max_deals": 3,
    "deadline_years": 6,
}


def faults(**changes: Any) -> list[tuple[str, str]]:
    """(path, code) of the faults after changes of the recycling."""
    with pytest.raises(InvalidInput) as refused:
        parse_config(config_data(recycling={**RECYCLING, **changes}))
    return [(fault.path, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("utilization_fraction", 1.01),
        ("utilization_fraction", -0.1),
        ("cost_multiple", 10.5),
        ("cost_multiple", -1),
        ("max_deals", 101),
        ("max_deals", -1),
        ("deadline_years", 16.5),
        ("deadline_years", -6),
        ("vintage_correlation", 1.5),
        ("vintage_correlation", -0.5),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(field: str, value: float) -> None:
    assert faults(**{field: value}) == [(f"recycling.{field}", "RECYCLE_RANGE")]


def test_other_faults_have_their_usual_names() -> None:
    assert faults(max_deals=2.5) == [("recycling.max_deals", "NOT_AN_INTEGER")]
    assert faults(deadline_years=None) == [("recycling.deadline_years", "REQUIRED")]
    assert faults(cost_multiple=float("nan")) == [("recycling.cost_multiple", "NOT_FINITE")]
    assert faults(across_buckets=True) == [("recycling.across_buckets", "UNKNOWN_FIELD")]


def test_vintages_are_half_correlated_unless_said_otherwise() -> None:
    recycling = parse_config(config_data(recycling=RECYCLING)).recycling
    assert recycling is not None
    assert recycling.vintage_correlation == 0.5


def test_null_is_no_recycling() -> None:
    assert parse_config(config_data(recycling=None)) == parse_config(config_data())


def test_amounts_that_round_to_nothing_are_no_recycling() -> None:
    almost = {**RECYCLING, "utilization_fraction": 4e-7}
    assert parse_config(config_data(recycling=almost)) == parse_config(config_data())
