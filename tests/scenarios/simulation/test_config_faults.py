"""Every rule of a scenario configuration is refused by its name, at its field, with its value."""

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest

from scenarios.simulation.checked_input import Fault, InvalidInput
from scenarios.simulation.configuration.config import parse_config
from tests.scenarios.simulation.sample_config import bucket_data, config_data, stage_data

Change = Callable[[dict[str, Any]], Any]


def faults(data: object) -> tuple[Fault, ...]:
    with pytest.raises(InvalidInput) as refused:
        parse_config(data)
    return refused.value.faults


def faults_after(change: Change) -> list[tuple[str, str]]:
    """(path, code) of the faults of the default configuration after the change."""
    data = copy.deepcopy(config_data())
    change(data)
    return [(fault.path, fault.code) for fault in faults(data)]


def setter(*path: Any, value: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        holder: Any = data
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = value

    return change


SINGLE_FIELDS = [
    (("regimes", 0, "probability"), 1.5, "regimes[0].probability", "REGIME_INVALID"),
    (("regimes", 0, "probability"), -0.1, "regimes[0].probability", "REGIME_INVALID"),
    (("regimes", 0, "shock_min"), -11, "regimes[0].shock_min", "REGIME_INVALID"),
    (("regimes", 0, "shock_min"), -0.2, "regimes[0].shock_min", "REGIME_INVALID"),
    (("regimes", 1, "shock_max"), -0.31, "regimes[1].shock_min", "REGIME_INVALID"),
    (("regimes", 1, "name"), "recession", "regimes[1].name", "REGIME_INVALID"),
    (("regimes",), [], "regimes", "REGIME_INVALID"),
    (("regimes",), "boom", "regimes", "NOT_A_LIST"),
    (("regimes", 0, "probability"), math.nan, "regimes[0].probability", "NOT_FINITE"),
    (("regimes", 0, "shock_min"), -math.inf, "regimes[0].shock_min", "NOT_FINITE"),
    (
        ("stages", "seed", "exit_probability"),
        -0.01,
        "stages.seed.exit_probability",
        "RATES_INVALID",
    ),
    (("stages", "seed", "exit_probability"), 1.01, "stages.seed.exit_probability", "RATES_INVALID"),
    (("stages", "seed", "exit_probability"), 0.171, "stages.seed", "RATES_INVALID"),
    (
        ("stages", "series_b", "fail_probability"),
        10**400,
        "stages.series_b.fail_probability",
        "NOT_FINITE",
    ),
    (
        ("stages", "late", "graduate_probability"),
        0.1,
        "stages.late.graduate_probability",
        "RATES_INVALID",
    ),
    (("stages", "seed", "exit_multiple_p90"), 2.1, "stages.seed.exit_multiple_p90", "EXIT_PARAMS"),
    (
        ("stages", "seed", "exit_multiple_p90"),
        2.1000004,
        "stages.seed.exit_multiple_p90",
        "EXIT_PARAMS",
    ),
    (
        ("stages", "seed", "exit_multiple_p90"),
        None,
        "stages.seed.exit_multiple_median",
        "EXIT_PARAMS",
    ),
    (
        ("stages", "seed", "exit_multiple_median"),
        0,
        "stages.seed.exit_multiple_median",
        "OUT_OF_RANGE",
    ),
    (("stages", "seed", "step_up"), None, "stages.seed.step_up", "STEP_UP"),
    (("stages", "late", "step_up"), 1.5, "stages.late.step_up", "STEP_UP"),
    (("stages", "seed", "step_up"), 0.1, "stages.seed.step_up", "OUT_OF_RANGE"),
    (("stages", "seed", "years_per_round"), 0, "stages.seed.years_per_round", "OUT_OF_RANGE"),
    (("stages", "seed", "vintage"), 2020, "stages.seed.vintage", "UNKNOWN_FIELD"),
    (("stages", "series_z"), {}, "stages.series_z", "UNKNOWN_FIELD"),
    (("financing", "dilution_per_round"), 0.7, "financing.dilution_per_round", "OUT_OF_RANGE"),
    (("financing", "max_rounds"), 2.5, "financing.max_rounds", "NOT_AN_INTEGER"),
    (("financing", "max_rounds"), 0, "financing.max_rounds", "OUT_OF_RANGE"),
    (("exit_law", "law"), "weibull", "exit_law.law", "NOT_A_CHOICE"),
    (("exit_law", "tail_index"), None, "exit_law.tail_index", "EXIT_PARAMS"),
    (("exit_law", "tail_index"), 0, "exit_law.tail_index", "OUT_OF_RANGE"),
    (("failure_recovery", "threshold"), 1, "failure_recovery.threshold", "OUT_OF_RANGE"),
    (("failure_recovery", "maximum"), 1.2, "failure_recovery.maximum", "OUT_OF_RANGE"),
    (("dependence", "variance_shares"), "wild", "dependence.variance_shares", "NOT_A_CHOICE"),
    (("dependence", "variance_shares"), 0.5, "dependence.variance_shares", "NOT_A_CHOICE"),
    (("dependence", "variance_shares"), None, "dependence.variance_shares", "REQUIRED"),
    (("dependence", "share_level"), "entry", "dependence.share_level", "SHARE_LEVEL"),
    (("dependence", "value_path_coupling"), 0.96, "dependence.value_path_coupling", "OUT_OF_RANGE"),
    (("dependence", "factor_shares", "stage"), 0.3, "dependence.factor_shares", "SHARES_SUM"),
    (
        ("dependence", "factor_shares", "fund"),
        0.3,
        "dependence.factor_shares.fund",
        "UNKNOWN_FIELD",
    ),
    (("unspent_reserves",), "recycled", "unspent_reserves", "NOT_A_CHOICE"),
    (("sampling",), "halton", "sampling", "NOT_A_CHOICE"),
    (("seed",), -1, "seed", "OUT_OF_RANGE"),
    (("seed",), " ", "seed", "BLANK"),
    (("random_numbers_of",), "market", "random_numbers_of", "LAW_KEY"),
    (("random_numbers_of",), "A" * 64, "random_numbers_of", "LAW_KEY"),
    (("schema",), 2, "schema", "OUT_OF_RANGE"),
    (("carried_interest",), 0.2, "carried_interest", "UNKNOWN_FIELD"),
    (("buckets",), [], "buckets", "REQUIRED"),
    (("buckets", 0, "key"), "seed/fintech", "buckets[0].key", "BUCKET_KEY"),
    (("buckets", 1), bucket_data("seed"), "buckets[1].key", "BUCKET_DUPLICATE"),
    (("buckets", 0, "stage"), "angel", "buckets[0].stage", "NOT_A_CHOICE"),
    (("buckets", 0, "reserve_ratio"), 5.1, "buckets[0].reserve_ratio", "OUT_OF_RANGE"),
    (("buckets", 0, "reserve_ratio"), "1", "buckets[0].reserve_ratio", "NOT_A_NUMBER"),
    (("buckets", 0, "reserve_ratio"), math.inf, "buckets[0].reserve_ratio", "NOT_FINITE"),
    (("buckets", 2, "reference_deals"), 0.9, "buckets[2].reference_deals", "N_REF_INVALID"),
    (("buckets", 2, "reference_deals"), 1001, "buckets[2].reference_deals", "N_REF_INVALID"),
    (("buckets", 0, "cheque_variation"), -0.1, "buckets[0].cheque_variation", "OUT_OF_RANGE"),
    (("buckets", 0, "risk_multiplier"), 2.8, "buckets[0].risk_multiplier", "RISK_MULT_TOO_LARGE"),
    (("buckets", 0, "return_multiplier"), 0, "buckets[0].return_multiplier", "OUT_OF_RANGE"),
    (("buckets", 0, "return_multiplier"), 21, "buckets[0].return_multiplier", "OUT_OF_RANGE"),
    (("buckets", 0, "colour"), "red", "buckets[0].colour", "UNKNOWN_FIELD"),
]


@pytest.mark.parametrize(
    ("path", "value", "fault_path", "code"),
    SINGLE_FIELDS,
    ids=[f"{case[2]}={case[1]!r}"[:60] for case in SINGLE_FIELDS],
)
def test_a_wrong_field_is_the_only_fault(
    path: tuple[Any, ...], value: object, fault_path: str, code: str
) -> None:
    assert faults_after(setter(*path, value=value)) == [(fault_path, code)]


def test_message_names_field_value_and_rule() -> None:
    data = config_data()
    data["buckets"][3]["reference_deals"] = 0.5
    (fault,) = faults(data)
    assert str(fault) == "buckets[3].reference_deals: is 0.5, must be at least 1 and at most 1000"


def test_probabilities_of_regimes_must_sum_to_one() -> None:
    data = config_data()
    data["regimes"][0]["probability"] = 0.3
    (fault,) = faults(data)
    assert (fault.path, fault.code) == ("regimes", "REGIME_INVALID")
    assert fault.message == "have probabilities that sum to 1.05, must sum to 1"


def test_sum_of_probabilities_is_checked_before_rounding() -> None:
    # Off by 2e-9, which rounding to 1e-6 would hide.
    data = config_data()
    data["regimes"][0]["probability"] = 0.25 + 2e-9
    assert [fault.code for fault in faults(data)] == ["REGIME_INVALID"]
    data["regimes"][0]["probability"] = 0.25 + 5e-10
    assert parse_config(data).regimes[0].probability == 0.25


def test_shock_without_variance_is_degenerate() -> None:
    data = config_data(
        regimes=[{"name": "only", "probability": 1.0, "shock_min": 0.2, "shock_max": 0.2}]
    )
    assert [(f.path, f.code) for f in faults(data)] == [("regimes", "REGIME_DEGENERATE")]


def test_regimes_may_be_fixed_shocks() -> None:
    fixed = [
        {"name": "bad", "probability": 0.5, "shock_min": -1.0, "shock_max": -1.0},
        {"name": "good", "probability": 0.5, "shock_min": 1.0, "shock_max": 1.0},
    ]
    assert len(parse_config(config_data(regimes=fixed)).regimes) == 2


def test_regimes_listed_from_best_to_worst_are_refused_with_the_names() -> None:
    data = config_data()
    data["regimes"].reverse()
    assert {(f.path, f.code) for f in faults(data)} == {
        (f"regimes[{index}].{field}", "REGIME_INVALID")
        for index in (1, 2)
        for field in ("shock_min", "shock_max")
    }
    assert "from worst to best" in faults(data)[0].message


def test_rare_regime_is_refused_with_the_smallest_probability() -> None:
    data = config_data()
    data["regimes"][0]["probability"] = 0.00004
    data["regimes"][1]["probability"] = 0.74996
    (fault,) = faults(data)
    assert fault.message == "is 4e-05, must be 0 or at least 0.0001"


def test_rates_that_sum_to_one_with_rounding_errors_are_taken() -> None:
    data = config_data(buckets=[bucket_data("series_b")])
    data["stages"]["series_b"] |= {
        "exit_probability": 0.1,
        "graduate_probability": 0.2,
        "fail_probability": 0.7,  # .1 + .2 + .7 is 0.9999999999999999
    }
    assert parse_config(data).stages["series_b"].fail_probability == 0.7


@pytest.mark.parametrize(
    ("rates", "path"),
    [((0.0, 0.5, 0.0), "stages.seed"), ((0.0, 0.0, 1.0), "stages.seed.fail_probability")],
)
def test_stage_must_lead_somewhere(rates: tuple[float, float, float], path: str) -> None:
    data = config_data(buckets=[bucket_data("series_a")])
    data["stages"]["seed"] |= dict(
        zip(("exit_probability", "graduate_probability", "fail_probability"), rates, strict=True)
    )
    assert [(f.path, f.code) for f in faults(data)] == [(path, "RATES_INVALID")]


def test_bucket_that_hardly_ever_exits_is_refused() -> None:
    data = config_data(
        stages={"seed": stage_data(0.00009, 0.0, 0.99991, 2.0, 9.0, None, 2.0)},
        buckets=[bucket_data("seed")],
    )
    assert [(f.path, f.code) for f in faults(data)] == [("buckets[0]", "RATES_INVALID")]


def test_risk_multiplier_is_checked_at_later_stages_too() -> None:
    data = config_data(buckets=[bucket_data("series_a", risk_multiplier=3.0)])
    data["stages"]["series_c"] |= {"fail_probability": 0.34}
    (fault,) = faults(data)
    assert (fault.path, fault.code) == ("buckets[0].risk_multiplier", "RISK_MULT_TOO_LARGE")
    assert "series_c to 1.02" in fault.message


def test_return_multiplier_must_keep_p90_below_the_cap() -> None:
    # 13.5 * 20 = 270 is below the cap of 300 but not below one of 250.
    data = config_data(buckets=[bucket_data("seed", return_multiplier=20)])
    assert parse_config(data).buckets[0].return_multiplier == 20
    data["exit_law"]["multiple_cap"] = 250
    (fault,) = faults(data)
    assert (fault.path, fault.code) == ("buckets[0].return_multiplier", "EXIT_CAP")
    assert "270" in fault.message
    assert "250" in fault.message


def test_no_bucket_may_enter_where_exits_have_no_multiple() -> None:
    data = config_data(buckets=[{**bucket_data("seed"), "key": "late/saas", "stage": "late"}])
    assert [(f.path, f.code) for f in faults(data)] == [("buckets[0].stage", "EXIT_PARAMS")]


def test_no_bucket_may_enter_at_a_stage_that_is_not_configured() -> None:
    data = config_data(buckets=[{**bucket_data(), "key": "pre_seed/saas", "stage": "pre_seed"}])
    assert [(f.path, f.code) for f in faults(data)] == [("buckets[0].stage", "NOT_A_CHOICE")]


def test_lognormal_takes_no_tail_parameters() -> None:
    data = config_data(exit_law={"law": "lognormal", "tail_index": 1.5, "multiple_cap": 300})
    assert [(f.path, f.code) for f in faults(data)] == [
        ("exit_law.tail_index", "EXIT_PARAMS"),
        ("exit_law.multiple_cap", "EXIT_PARAMS"),
    ]


def test_lognormal_refuses_a_spread_whose_mean_no_sample_reaches() -> None:
    data = config_data(exit_law={"law": "lognormal"})
    data["stages"]["seed"]["exit_multiple_p90"] = 2.1 * 15.01
    assert [(f.path, f.code) for f in faults(data)] == [
        ("stages.seed.exit_multiple_p90", "EXIT_PARAMS")
    ]


def test_pareto_finds_its_own_tail_index() -> None:
    data = config_data(exit_law={"law": "pareto", "tail_index": 1.5, "multiple_cap": None})
    assert [(f.path, f.code) for f in faults(data)] == [
        ("exit_law.tail_index", "EXIT_PARAMS"),
        ("exit_law.multiple_cap", "EXIT_PARAMS"),
    ]


def test_pareto_that_would_have_to_rise_with_the_multiple_is_refused() -> None:
    # With cap 32 and median 1 a law uniform in the logarithm has P90 32^(4/5) = 16, and no Pareto
    # law has more. The flattest one that is told from it has 15.8.
    data = config_data(
        exit_law={"law": "pareto", "multiple_cap": 32}, buckets=[bucket_data("series_a")]
    )
    data["stages"]["seed"] |= {"exit_multiple_median": 1.0, "exit_multiple_p90": 15.7}
    assert parse_config(data).exit_law.law == "pareto"
    data["stages"]["seed"]["exit_multiple_p90"] = 16.0
    (fault,) = faults(data)
    assert (fault.path, fault.code) == ("stages.seed.exit_multiple_p90", "EXIT_PARAMS_INFEASIBLE")
    assert "is 16, must be at most 15.8" in fault.message
    assert "a median of 1" in fault.message


def test_return_multiplier_may_not_push_a_pareto_law_against_its_cap() -> None:
    # Median 2.1 and P90 13.5 times 8: a law uniform in the logarithm from median 16.8 to a cap
    # of 150 has P90 (16.8 * 150^4)^(1/5) = 96.8, below 108.
    data = config_data(
        exit_law={"law": "pareto", "multiple_cap": 150},
        buckets=[bucket_data("seed", return_multiplier=8)],
    )
    (fault,) = faults(data)
    assert (fault.path, fault.code) == ("buckets[0].return_multiplier", "EXIT_PARAMS_INFEASIBLE")
    assert "lifts the P90 of exits to 108" in fault.message
    data["buckets"][0]["return_multiplier"] = 4
    assert parse_config(data).buckets[0].return_multiplier == 4


def test_pareto_with_p90_above_its_cap_is_only_a_fault_of_the_cap() -> None:
    data = config_data(
        stages={"seed": stage_data(0.5, 0.0, 0.4, 2.1, 13.5, None, 2.0)},
        exit_law={"law": "pareto", "multiple_cap": 10},
        buckets=[bucket_data("seed")],
    )
    assert [(f.path, f.code) for f in faults(data)] == [
        ("buckets[0].return_multiplier", "EXIT_CAP")
    ]


def test_at_most_a_hundred_buckets() -> None:
    many = [bucket_data("seed", f"sector {number}") for number in range(101)]
    assert [(f.path, f.code) for f in faults(config_data(buckets=many))] == [
        ("buckets", "TOO_LONG")
    ]
    assert len(parse_config(config_data(buckets=many[:100])).buckets) == 100


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_config_must_be_an_object(data: object) -> None:
    assert faults(data)[0].code == "NOT_AN_OBJECT"


def test_every_missing_section_is_named() -> None:
    missing = {fault.path.split(".")[0] for fault in faults({}) if fault.code == "REQUIRED"}
    assert missing == set(config_data()) - {"seed"}


def test_all_faults_are_reported_at_once() -> None:
    data = config_data()
    data["regimes"][0]["probability"] = 0.3
    data["stages"]["seed"]["years_per_round"] = -1
    data["buckets"][5]["reference_deals"] = 0
    assert [fault.path for fault in faults(data)] == [
        "regimes",
        "stages.seed.years_per_round",
        "buckets[5].reference_deals",
    ]
