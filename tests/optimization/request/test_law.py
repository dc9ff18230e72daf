"""The scenario law of a request replaces the calibration's, and its faults point into it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.request.checked_request import FundFacts, default_optimization_scenarios
from scenarios.fund_config import LAW_PATHS
from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.randomness.sample import Sample
from tests.optimization.small_fund import (
    VERSION,
    asked,
    faults,
    found,
    small_facts,
    with_calibration,
    with_policy,
)

KEYS = [bucket["key"] for bucket in small_facts().buckets]
CORRELATION = {
    "buckets": KEYS,
    "matrix": [[1.0 if row == column else 0.4 for column in range(4)] for row in range(4)],
}
RECYCLING = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1.0,
    "max_deals": 3,
    "deadline_years": 6.0,
    "vintage_correlation": 0.5,
}
# Names of fields inside the members of a law, for laws that are nearly sound.
WORDS = {"law", "tail_index", "multiple_cap", "macro", "bucket", "idiosyncratic", "sector"} | {
    "stage", "family", "degrees_of_freedom", "buckets", "matrix", "threshold", "maximum",
    "utilization_fraction", "cost_multiple", "max_deals", "deadline_years",
}  # fmt: skip
FACTOR_SHARES = {"sector": 0.2, "stage": 0.2, "bucket": 0.6}


def config_json(fund: FundFacts | None = None, **law: Any) -> dict[str, Any]:
    return asked({"scenario_law": law}, fund=fund).config.canonical_json()


def key(data: dict[str, Any]) -> str:
    return matrix_key(config=asked(data).config, scenarios=400, sample=Sample.OPTIMIZATION)


@pytest.mark.parametrize(
    ("section", "member", "value"),
    [
        ("", "exit_law", {"law": "lognormal", "tail_index": None, "multiple_cap": None}),
        ("", "failure_recovery", {"threshold": 0.7, "maximum": 0.5}),
        ("", "unspent_reserves", "idle"),
        ("", "recycling", RECYCLING),
        ("", "sampling", "antithetic"),
        ("dependence", "variance_shares", "calm"),
        ("dependence", "variance_shares", "stress"),
        ("dependence", "factor_shares", FACTOR_SHARES),
        ("dependence", "value_path_coupling", 0.6),
        ("dependence", "bucket_correlation", CORRELATION),
    ],
)
def test_member_replaces_that_of_the_calibration_and_nothing_else(
    section: str, member: str, value: Any
) -> None:
    before, after = config_json(), config_json(**{member: value})

    assert (after[section] if section else after)[member] == value
    others = {"factor_shares", "bucket_correlation", member}
    for config in (before, after):
        for name in others:
            (config[section] if section else config).pop(name, None)
    assert after == before


def test_exit_law_replaces_the_whole_of_the_calibrations() -> None:
    # The calibration has a tail index, which a Pareto law does not take.
    assert config_json(exit_law={"law": "pareto", "multiple_cap": 500})["exit_law"] == {
        "law": "pareto",
        "tail_index": None,
        "multiple_cap": 500.0,
    }


def test_correlation_does_without_the_factor_shares_of_the_calibration() -> None:
    assert config_json(bucket_correlation=CORRELATION)["dependence"]["factor_shares"] is None


def test_factor_shares_do_without_the_correlation_of_the_calibration() -> None:
    dependence = {
        "variance_shares": "market",
        "value_path_coupling": 0.25,
        "bucket_correlation": CORRELATION,
    }
    after = config_json(with_calibration(dependence=dependence), factor_shares=FACTOR_SHARES)
    assert "bucket_correlation" not in after["dependence"]
    assert after["dependence"]["factor_shares"] == FACTOR_SHARES


OWN_SHARES = {"macro": 0.4, "bucket": 0.3, "idiosyncratic": 0.3}


def test_own_shares_may_say_what_they_hold_for() -> None:
    dependence = config_json(variance_shares=OWN_SHARES, share_level="deal")["dependence"]
    assert (dependence["variance_shares"], dependence["share_level"]) == (OWN_SHARES, "deal")


def test_copula_may_come_with_shares_that_bear_it() -> None:
    copula = {"family": "t", "degrees_of_freedom": 5}
    assert config_json(variance_shares="stress", copula=copula)["dependence"]["copula"] == copula


def test_copula_that_the_calibrated_shares_do_not_bear_is_a_fault_of_the_copula() -> None:
    # A common scale moves a diversified portfolio by more than the half that market leaves it.
    law = {"copula": {"family": "t", "degrees_of_freedom": 4}}
    (fault,) = faults({"scenario_law": law})
    assert (fault.path, fault.code) == ("scenario_law.copula", "SHARES_UNATTAINABLE")
    assert fault.message.startswith(
        "does not suit the variance shares of the calibration, which cannot hold in the reference"
        " portfolio: asked for 0.500 / 0.250 / 0.250, the closest is 0."
    )


def test_shares_of_the_calibration_out_of_reach_stay_a_fault_of_the_fund() -> None:
    shares = {"macro": 0.9, "bucket": 0.1, "idiosyncratic": 0.0}
    calibrated = {**small_facts().calibrations[VERSION]["dependence"], "variance_shares": shares}
    fund = with_calibration(dependence=calibrated)
    expected = [("fund.dependence.variance_shares", "SHARES_UNATTAINABLE")]
    assert found({}, fund=fund) == expected
    assert found({"scenario_law": {"sampling": "sobol"}}, fund=fund) == expected


def test_shares_do_without_the_level_of_the_calibrations() -> None:
    calibrated = {
        **small_facts().calibrations[VERSION]["dependence"],
        "variance_shares": OWN_SHARES,
        "share_level": "deal",
    }
    after = config_json(with_calibration(dependence=calibrated), variance_shares="calm")
    assert "share_level" not in after["dependence"]


def test_level_alone_replaces_that_of_the_calibration() -> None:
    calibrated = {
        **small_facts().calibrations[VERSION]["dependence"],
        "variance_shares": OWN_SHARES,
        "share_level": "entry",
    }
    after = config_json(with_calibration(dependence=calibrated), share_level="deal")
    assert after["dependence"]["share_level"] == "deal"


def test_shares_out_of_reach_are_refused_with_what_is_in_reach() -> None:
    # A bucket of one deal hangs on that deal, and on how long it takes, by far more than a quarter.
    one_deal = tuple({**bucket, "reference_deals": 1.0} for bucket in small_facts().buckets)
    law = {
        "variance_shares": {"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25},
        "share_level": "entry",
    }
    refused = faults({"scenario_law": law}, fund=small_facts(buckets=one_deal))
    assert {(fault.path, fault.code) for fault in refused} == {
        ("scenario_law.variance_shares", "SHARES_UNATTAINABLE")
    }
    assert refused[0].message.startswith(
        "cannot hold in seed/fintech, seed/saas: asked for 0.500 / 0.250 / 0.250, the closest is 0."
    )


def test_reach_of_shares_is_not_asked_of_a_request_with_other_faults() -> None:
    law = {"variance_shares": {"macro": 0.9, "bucket": 0.1, "idiosyncratic": 0}}
    assert found({"scenario_law": law}) == [("scenario_law.variance_shares", "SHARES_UNATTAINABLE")]
    assert found({"mip_gap": 9, "scenario_law": law}) == [("mip_gap", "OUT_OF_RANGE")]


@pytest.mark.parametrize(
    "law",
    [
        None,
        {},
        {"sampling": None, "exit_law": None, "recycling": None},
    ],
)
def test_request_that_states_nothing_needs_the_matrix_of_one_without_a_law(law: Any) -> None:
    assert key({"scenario_law": law}) == key({})
    assert asked({"scenario_law": law}).as_json()["scenario_law"] is None


def test_law_as_the_calibration_has_it_needs_the_same_matrix() -> None:
    calibration = small_facts().calibrations[VERSION]
    stated = {
        "exit_law": calibration["exit_law"],
        "failure_recovery": calibration["failure_recovery"],
        "unspent_reserves": calibration["unspent_reserves"],
        "sampling": "iid",
        **calibration["dependence"],
    }
    assert key({"scenario_law": stated}) == key({})


def test_stated_members_are_kept_with_the_request_as_they_were_stated() -> None:
    law = {"exit_law": {"law": "lognormal"}, "sampling": None, "value_path_coupling": 0}
    assert asked({"scenario_law": law}).as_json()["scenario_law"] == {
        "exit_law": {"law": "lognormal"},
        "value_path_coupling": 0,
    }


@pytest.mark.parametrize(
    ("law", "path", "code"),
    [
        ([], "scenario_law", "NOT_AN_OBJECT"),
        ({"tail": 1}, "scenario_law.tail", "UNKNOWN_FIELD"),
        ({"regimes": []}, "scenario_law.regimes", "UNKNOWN_FIELD"),
        ({"exit_law": {}}, "scenario_law.exit_law.law", "REQUIRED"),
        ({"exit_law": {"law": "weibull"}}, "scenario_law.exit_law.law", "NOT_A_CHOICE"),
        (
            {"exit_law": {"law": "lognormal", "multiple_cap": 9}},
            "scenario_law.exit_law.multiple_cap",
            "EXIT_PARAMS",
        ),
        ({"variance_shares": "wild"}, "scenario_law.variance_shares", "NOT_A_CHOICE"),
        (
            {"factor_shares": {**FACTOR_SHARES, "bucket": 0.5}},
            "scenario_law.factor_shares",
            "SHARES_SUM",
        ),
        (
            {"factor_shares": FACTOR_SHARES, "bucket_correlation": CORRELATION},
            "scenario_law.factor_shares",
            "CORRELATION_INVALID",
        ),
        (
            {"bucket_correlation": {"buckets": KEYS[:1], "matrix": [[1]]}},
            "scenario_law.bucket_correlation.buckets",
            "CORRELATION_INVALID",
        ),
        (
            {"bucket_correlation": {"buckets": ["a", "b"], "matrix": [[1, 0.5], [0.4, 1]]}},
            "scenario_law.bucket_correlation.matrix[0][1]",
            "CORRELATION_INVALID",
        ),
        ({"value_path_coupling": 0.96}, "scenario_law.value_path_coupling", "OUT_OF_RANGE"),
        (
            {"copula": {"family": "t", "degrees_of_freedom": 2}},
            "scenario_law.copula.degrees_of_freedom",
            "OUT_OF_RANGE",
        ),
        ({"copula": {"family": "t"}}, "scenario_law.copula.degrees_of_freedom", "COPULA"),
        (
            {"failure_recovery": {"threshold": 0.5}},
            "scenario_law.failure_recovery.maximum",
            "REQUIRED",
        ),
        (
            {"recycling": {**RECYCLING, "max_deals": 101}},
            "scenario_law.recycling.max_deals",
            "RECYCLE_RANGE",
        ),
        ({"unspent_reserves": "kept"}, "scenario_law.unspent_reserves", "NOT_A_CHOICE"),
        ({"sampling": 7}, "scenario_law.sampling", "NOT_A_CHOICE"),
    ],
)
def test_fault_of_the_law_stands_in_the_law(law: Any, path: str, code: str) -> None:
    assert found({"scenario_law": law}) == [(path, code)]


def test_faults_of_the_law_are_found_although_the_calibration_is_unknown() -> None:
    assert found(
        {
            "calibration": "v1999",
            "regimes": [],
            "scenario_law": {"sampling": "halton", "exit_law": {"law": "lognormal"}},
        },
        # Its own spread is too wide for a lognormal law, but that is not the calibration asked for.
        fund=with_wide_seed(),
    ) == [
        ("calibration", "NOT_A_CHOICE"),
        ("regimes", "REGIME_INVALID"),
        ("scenario_law.sampling", "NOT_A_CHOICE"),
    ]


def with_wide_seed() -> FundFacts:
    """The P90 of seed exits is 20 times their median, which only heavy tails can have."""
    stages = small_facts().calibrations[VERSION]["stages"]
    wide = {**stages["seed"], "exit_multiple_median": 1.0, "exit_multiple_p90": 20.0}
    return with_calibration(stages={**stages, "seed": wide})


def test_law_that_does_not_suit_a_stage_is_a_fault_of_the_law() -> None:
    (fault,) = faults({"scenario_law": {"exit_law": {"law": "lognormal"}}}, fund=with_wide_seed())
    assert (fault.path, fault.code) == ("scenario_law.exit_law", "EXIT_PARAMS")
    assert fault.message == (
        "does not suit the fund: stages.seed.exit_multiple_p90 is 20, must be at most 15 times the"
        " median (1) under lognormal"
    )


def test_law_that_suits_no_bucket_is_one_fault_that_names_a_bucket() -> None:
    # The P90 of seed exits is 13.5, of series A exits 10: both above a cap of 8.
    law = {"exit_law": {"law": "lognormal_pareto", "tail_index": 1.5, "multiple_cap": 8}}
    (fault,) = faults({"scenario_law": law})
    assert (fault.path, fault.code) == ("scenario_law.exit_law", "EXIT_CAP")
    assert fault.message == (
        "does not suit the fund: return_multiplier of seed/fintech is 1, which lifts the P90 of"
        " exits to 13.5; it must stay below exit_law.multiple_cap (8);"
        " buckets with the same fault: 3 more"
    )


def test_fault_of_the_policy_stays_one_of_the_fund_beside_a_law() -> None:
    fund = with_policy(risk_multiplier=3.0)
    (path,) = {path for path, _ in found({}, fund=fund)}
    assert path == "fund.buckets[0].risk_multiplier"
    assert found({"scenario_law": {"sampling": "sobol"}}, fund=fund) == found({}, fund=fund)


@pytest.mark.parametrize(
    ("calibrated", "stated", "scenarios"),
    [
        (None, None, 1000),
        (None, "antithetic", 1000),
        (None, "sobol", 1024),
        ("sobol", None, 1024),
        ("sobol", "iid", 1000),
    ],
)
def test_default_number_of_scenarios_follows_the_sampling(
    calibrated: str | None, stated: str | None, scenarios: int
) -> None:
    fund = small_facts() if calibrated is None else with_calibration(sampling=calibrated)
    request = asked({"scenario_law": {"sampling": stated}}, fund=fund)
    assert request.optimization_scenarios == scenarios


@pytest.mark.parametrize(
    ("sampling", "buckets", "scenarios"),
    [("iid", 25, 1000), ("iid", 26, 400), ("sobol", 25, 1024), ("sobol", 26, 512)],
)
def test_many_buckets_start_with_fewer_scenarios(
    sampling: str, buckets: int, scenarios: int
) -> None:
    assert default_optimization_scenarios(sampling=sampling, buckets=buckets) == scenarios


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(st.sampled_from(sorted(WORDS)) | st.text(max_size=5), inside, max_size=5)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(law=st.dictionaries(st.sampled_from([*LAW_PATHS, "?"]), json_values) | json_values)
def test_whatever_a_law_holds_is_read_or_refused_in_its_own_place(law: Any) -> None:
    """Nothing of the fund is at fault here, so no fault may stand there."""
    for fault in faults({"scenario_law": law}):
        assert fault.path.startswith("scenario_law")
