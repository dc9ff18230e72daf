"""What an analyst may ask for: the ranges, the words of the fund, and what is filled in."""

import math
from decimal import Decimal
from typing import Any

import pytest

from optimization.solver.stated.limits import CvarLimit, WeightRange
from tests.optimization.small_fund import VERSION, asked, faults, found, nested, small_facts

CVAR = {"confidence": 0.95, "max": 0.4}
# Each number of a request: where it stands, its range, and values just inside and just outside.
# None marks an end that is open.
RANGES: dict[str, tuple[list[Any], list[Any]]] = {
    "capital_usd": (["0.01", "100000000.00"], ["0", "-1", "100000000.01"]),
    "optimization_scenarios": ([64, 5000], [63, 5001]),
    "validation_scenarios": ([5000, 10_000_000], [4999, 10_000_001]),
    "primary_lock_epsilon": ([0, 0.1], [-0.001, 0.101]),
    "mip_gap": ([1e-6, 0.1], [9e-7, 0.101]),
    "time_limit_seconds": ([1, 240], [0.9, 240.1]),
    "limits.max_loss_probability": ([0, 1], [-0.01, 1.01]),
    "limits.cvar.confidence": ([0.001, 0.999], [0, 1]),
    "limits.cvar.max": ([0, 1], [-0.01, 1.01]),
    "limits.min_expected_winners": ([0, 10_000], [-0.1, 10_001]),
    "limits.max_bucket_weight": ([0.25, 1], [0, 1.01]),
    "limits.sectors.saas.min": ([0, 1], [-0.01, 1.01]),
    "limits.sectors.saas.max": ([0, 1], [-0.01, 1.01]),
    "limits.stages.seed.min": ([0, 1], [-0.01, 1.01]),
    "limits.stages.seed.max": ([0, 1], [-0.01, 1.01]),
}
INSIDE = [(path, value) for path, (inside, _) in RANGES.items() for value in inside]
OUTSIDE = [(path, value) for path, (_, outside) in RANGES.items() for value in outside]


def asking_for(path: str, value: object) -> dict[str, Any]:
    """A request that is sound but for what ``value`` does at ``path``."""
    if path.startswith("limits.cvar"):
        return {"limits": {"cvar": CVAR | {path.split(".")[-1]: value}}}
    return nested(path, value)


@pytest.mark.parametrize(("path", "value"), INSIDE)
def test_number_at_the_end_of_its_range_is_accepted(path: str, value: object) -> None:
    assert found(asking_for(path, value)) == []


@pytest.mark.parametrize(("path", "value"), OUTSIDE)
def test_number_beyond_its_range_is_refused(path: str, value: object) -> None:
    assert found(asking_for(path, value)) == [(path, "OUT_OF_RANGE")]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("path", RANGES)
def test_number_that_is_not_finite_is_refused(path: str, number: float) -> None:
    assert found(asking_for(path, number)) == [(path, "NOT_FINITE")]


@pytest.mark.parametrize("value", [True, [], {}, "many"])
@pytest.mark.parametrize("path", RANGES)
def test_what_is_no_number_is_refused(path: str, value: object) -> None:
    assert found(asking_for(path, value)) == [(path, "NOT_A_NUMBER")]


def test_integer_beyond_every_float_is_refused() -> None:
    assert found({"mip_gap": 10**400}) == [("mip_gap", "NOT_FINITE")]


@pytest.mark.parametrize("path", ["optimization_scenarios", "validation_scenarios"])
def test_part_of_a_scenario_is_refused(path: str) -> None:
    # 5000 is inside both ranges.
    assert found({path: 5000.0}) == []
    assert found({path: 4999.5 if path.startswith("opt") else 5000.5}) == [(path, "NOT_AN_INTEGER")]


def test_part_of_a_cent_is_refused() -> None:
    assert found({"capital_usd": "10.001"}) == [("capital_usd", "TOO_PRECISE")]


def test_capital_is_kept_to_the_cent_from_a_string_or_a_number() -> None:
    for capital in ("12345678.90", 12345678.9):
        assert asked({"capital_usd": capital}).capital_usd == Decimal("12345678.90")


@pytest.mark.parametrize(
    "path", ["limit", "limits.cvar.maximum", "limits.sectors.saas.least", "limits.loss"]
)
def test_unknown_field_is_refused(path: str) -> None:
    assert found(asking_for(path, 0.5)) == [(path, "UNKNOWN_FIELD")]


def test_misspelt_limit_is_answered_with_the_limits_there_are() -> None:
    (fault,) = faults({"limits": {"max_bucket_wieght": 0.5}})
    assert "max_bucket_weight" in fault.message


@pytest.mark.parametrize("data", [None, [], "name", 7])
def test_request_that_is_no_object_is_refused(data: object) -> None:
    assert ("(top level)", "NOT_AN_OBJECT") in found(data)


@pytest.mark.parametrize("path", ["limits", "limits.cvar", "limits.sectors", "limits.stages.seed"])
def test_group_of_limits_that_is_no_object_is_refused(path: str) -> None:
    assert (path, "NOT_AN_OBJECT") in found(nested(path, [0.5]))


@pytest.mark.parametrize("missing", ["confidence", "max"])
def test_half_a_cvar_limit_is_refused(missing: str) -> None:
    cvar = {name: value for name, value in CVAR.items() if name != missing}
    assert found({"limits": {"cvar": cvar}}) == [(f"limits.cvar.{missing}", "REQUIRED")]


def test_request_without_a_name_is_refused() -> None:
    assert found({"name": None}) == [("name", "REQUIRED")]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (" ", "BLANK"),
        ("x" * 201, "TOO_LONG"),
        ("a\nb", "CONTROL_CHARACTER"),
        ("a\x00b", "CONTROL_CHARACTER"),
        (7, "NOT_TEXT"),
    ],
)
def test_name_that_cannot_be_shown_is_refused(name: object, code: str) -> None:
    assert found({"name": name}) == [("name", code)]


@pytest.mark.parametrize(("seed", "code"), [("x" * 65, "TOO_LONG"), ("", "BLANK"), (7, "NOT_TEXT")])
def test_seed_that_is_no_short_text_is_refused(seed: object, code: str) -> None:
    assert found({"seed": seed}) == [("seed", code)]


@pytest.mark.parametrize("group", ["sectors", "stages"])
def test_limit_on_what_the_fund_has_not_is_refused(group: str) -> None:
    path = f"limits.{group}.health"
    (fault,) = faults(nested(path, {"max": 0.5}))
    assert (fault.path, fault.code) == (path, "NOT_IN_FUND")


def test_refused_sector_is_answered_with_the_sectors_of_the_fund() -> None:
    (fault,) = faults({"limits": {"sectors": {"health": {"max": 0.5}}}})
    assert "fintech, saas" in fault.message


def test_calibration_that_the_fund_may_not_use_is_refused() -> None:
    assert found({"calibration": "v1999"}) == [("calibration", "NOT_A_CHOICE")]


def test_calibration_must_be_named_where_the_fund_has_no_default() -> None:
    fund = small_facts(default_calibration=None)
    assert found({}, fund=fund) == [("calibration", "REQUIRED")]
    assert asked({"calibration": VERSION}, fund=fund).calibration_version == VERSION


def test_loss_probability_finer_than_one_scenario_is_refused() -> None:
    # One of 100 scenarios is 0.01.
    request = {"optimization_scenarios": 100, "limits": {"max_loss_probability": 0.009}}
    assert found(request) == [("limits.max_loss_probability", "FINER_THAN_ONE_SCENARIO")]


def test_request_that_only_has_a_name_is_filled_in() -> None:
    assert asked({}).as_json() == {
        "name": "Base case",
        "capital_usd": "100000000.00",
        "calibration": VERSION,
        "optimization_scenarios": 1000,
        "validation_scenarios": 100_000,
        "seed": None,
        "regimes": None,
        "scenario_law": None,
        "limits": {},
        "frontier": None,
        "relax": True,
        "primary_lock_epsilon": 1e-3,
        "mip_gap": 1e-4,
        "time_limit_seconds": 120.0,
    }


def test_limits_are_read_as_asked() -> None:
    limits = asked(
        {
            "limits": {
                "max_loss_probability": 0.25,
                "cvar": CVAR,
                "min_expected_winners": 0.7,
                "max_bucket_weight": 0.5,
                "sectors": {"saas": {"min": 0.2, "max": 0.6}},
                "stages": {"seed": {"max": 0.45}},
            }
        }
    ).limits
    assert limits.max_loss_probability == 0.25
    assert limits.cvar == CvarLimit(confidence=0.95, maximum=0.4)
    assert limits.min_expected_winners == 0.7
    assert limits.max_bucket_weight == 0.5
    assert limits.sectors == {"saas": WeightRange(minimum=0.2, maximum=0.6)}
    assert limits.stages == {"seed": WeightRange(minimum=None, maximum=0.45)}


def test_config_of_a_request_has_its_seed_and_the_buckets_of_the_fund() -> None:
    config = asked({"seed": "2026"}).config
    assert config.seed == "2026"
    assert [bucket.key for bucket in config.buckets] == [
        "seed/fintech",
        "seed/saas",
        "series_a/fintech",
        "series_a/saas",
    ]
