"""The form's section on the scenario law says what the API says; faults stand beside fields."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimization.request.checked_request import parse_request
from optimization.request_form.law_fields import LAW
from scenarios.fund_config import LAW_PATHS
from tests.optimization.pages.law_forms import FACTS, KEYS, law_form, law_of, words_at
from tests.optimization.pages.requests import VERSION, request_form, typed_request

RECYCLING = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1.25,
    "max_deals": 3,
    "deadline_years": 6.5,
}
SHARES = {"macro": 0.4, "bucket": 0.3, "idiosyncratic": 0.3}


def test_section_left_alone_states_nothing() -> None:
    form = request_form(typed_request() | {field.name: "" for field in LAW})
    assert law_of(form) is None
    assert form.stated_law_count == 0


def test_filled_section_is_the_law_that_the_api_accepts() -> None:
    form = law_form(
        exit_law__law="lognormal_pareto",
        exit_law__tail_index="1.2",
        exit_law__multiple_cap="250x",
        value_path_coupling="0.5",
        failure_recovery__threshold="60",
        failure_recovery__maximum="75.5 %",
        variance_shares="stress",
        copula__family="t",
        copula__degrees_of_freedom="4",
        factor_shares__sector="20",
        factor_shares__stage="20",
        factor_shares__bucket="60",
        unspent_reserves="idle",
        recycling__utilization_fraction="50",
        recycling__cost_multiple="1.25x",
        recycling__max_deals="3",
        recycling__deadline_years="6.5",
        sampling="sobol",
    )
    assert law_of(form) == {
        "exit_law": {"law": "lognormal_pareto", "tail_index": 1.2, "multiple_cap": 250.0},
        "value_path_coupling": 0.5,
        "failure_recovery": {"threshold": 0.6, "maximum": 0.755},
        "variance_shares": "stress",
        "copula": {"family": "t", "degrees_of_freedom": 4},
        "factor_shares": {"sector": 0.2, "stage": 0.2, "bucket": 0.6},
        "unspent_reserves": "idle",
        "recycling": RECYCLING,
        "sampling": "sobol",
    }
    assert form.parsed.optimization_scenarios == 1024


def test_whole_numbers_stay_whole_in_the_request() -> None:
    form = law_form(
        recycling__utilization_fraction="50",
        recycling__cost_multiple="1",
        recycling__max_deals="3",
        recycling__deadline_years="6.5",
    )
    stated = {name: repr(number) for name, number in law_of(form)["recycling"].items()}
    assert stated == {
        "utilization_fraction": "0.5",
        "cost_multiple": "1",
        "max_deals": "3",
        "deadline_years": "6.5",
    }


def test_section_says_how_much_of_it_is_filled_in() -> None:
    form = law_form(exit_law__law="lognormal", sampling="sobol", unspent_reserves="")
    assert form.is_valid()
    assert form.stated_law_count == 2


def test_own_shares_are_three_numbers_and_what_they_hold_for() -> None:
    form = law_form(
        variance_shares="own",
        variance_shares__macro="40",
        variance_shares__bucket="30",
        variance_shares__idiosyncratic="30",
        share_level="deal",
    )
    assert law_of(form) == {"variance_shares": SHARES, "share_level": "deal"}


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        (
            {"exit_law__tail_index": "1.2"},
            "exit_law-law",
            "Choose one: it is needed for what is filled in below.",
        ),
        (
            {"exit_law__law": "lognormal", "exit_law__multiple_cap": "300"},
            "exit_law-multiple_cap",
            "Leave this blank: lognormal has no Pareto tail.",
        ),
        (
            {"exit_law__law": "pareto"},
            "exit_law-multiple_cap",
            "Fill this in: what is chosen above needs it.",
        ),
        (
            {"copula__family": "t"},
            "copula-degrees_of_freedom",
            "Fill this in: what is chosen above needs it.",
        ),
        (
            {"copula__family": "gaussian", "copula__degrees_of_freedom": "4"},
            "copula-degrees_of_freedom",
            "Leave this blank: the Gaussian copula has none.",
        ),
        (
            {"copula__family": "t", "copula__degrees_of_freedom": "2"},
            "copula-degrees_of_freedom",
            "Must be at least 3 and at most 100; you entered 2.",
        ),
        (
            {"copula__degrees_of_freedom": "4"},
            "copula-family",
            "Choose one: it is needed for what is filled in below.",
        ),
        (
            {"exit_law__law": "pareto", "exit_law__multiple_cap": "none"},
            "exit_law-multiple_cap",
            "Must be a number; you entered none.",
        ),
        (
            {"failure_recovery__threshold": "120", "failure_recovery__maximum": "50"},
            "failure_recovery-threshold",
            "Must be at least 0% and at most 99.9%; you entered 120.",
        ),
        (
            {
                "recycling__utilization_fraction": "150",
                "recycling__cost_multiple": "1",
                "recycling__max_deals": "3",
                "recycling__deadline_years": "6",
            },
            "recycling-utilization_fraction",
            "Must be at least 0% and at most 100%; you entered 150.",
        ),
        (
            {
                "recycling__utilization_fraction": "50",
                "recycling__cost_multiple": "11x",
                "recycling__max_deals": "3",
                "recycling__deadline_years": "6",
            },
            "recycling-cost_multiple",
            "Must be at least 0 and at most 10; you entered 11x.",
        ),
        (
            {
                "recycling__utilization_fraction": "50",
                "recycling__cost_multiple": "1",
                "recycling__deadline_years": "6",
            },
            "recycling-max_deals",
            "Fill this in.",
        ),
        ({"failure_recovery__threshold": "20"}, "failure_recovery-maximum", "Fill this in."),
        (
            {"value_path_coupling": "1"},
            "value_path_coupling",
            "Must be at least 0 and at most 0.95; you entered 1.",
        ),
        (
            {"sampling": "halton"},
            "sampling",
            "Must be one of iid, antithetic, sobol; you entered halton.",
        ),
        (
            {
                "factor_shares__sector": "50",
                "factor_shares__stage": "20",
                "factor_shares__bucket": "20",
            },
            "factor_shares-sector",
            "The three shares sum to 90%, must sum to 100%.",
        ),
        ({"variance_shares": "own"}, "variance_shares-macro", "Fill this in."),
        (
            {
                "variance_shares": "own",
                "variance_shares__macro": "40",
                "variance_shares__bucket": "40",
                "variance_shares__idiosyncratic": "30",
            },
            "variance_shares",
            "The shares sum to 110%, must sum to 100%.",
        ),
        (
            {"variance_shares": "calm", "variance_shares__macro": "40"},
            "variance_shares-macro",
            "Choose own shares as sources of variance, or leave this blank.",
        ),
        (
            {"share_level": "deal"},
            "share_level",
            "Only own shares have a level: choose them as sources of variance, or leave this.",
        ),
    ],
)
def test_fault_stands_beside_its_field_in_the_words_of_the_page(
    typed: dict[str, str], name: str, words: str
) -> None:
    form = law_form(**typed)
    assert words_at(form, name) == [words]
    assert form.has_law_faults
    assert words in [shown.words for shown in form.shown_faults]


def test_law_that_does_not_suit_the_fund_stands_beside_the_choice_of_the_law() -> None:
    form = law_form(
        exit_law__law="lognormal_pareto", exit_law__tail_index="1.5", exit_law__multiple_cap="12"
    )
    (words,) = words_at(form, "exit_law-law")
    assert words.startswith("This law does not suit the fund: return_multiplier of seed/")
    assert "it must stay below exit_law.multiple_cap (12)" in words


def test_shares_out_of_reach_are_said_beside_the_choice() -> None:
    form = law_form(
        variance_shares="own",
        variance_shares__macro="90",
        variance_shares__bucket="10",
        variance_shares__idiosyncratic="0",
    )
    (words,) = words_at(form, "variance_shares")
    assert words.startswith(
        "The shares cannot hold in the reference portfolio: asked for 90% / 10% / 0%, the closest"
    )


def test_copula_that_the_calibrated_shares_do_not_bear_is_said_beside_it() -> None:
    form = law_form(copula__family="t", copula__degrees_of_freedom="4")
    (words,) = words_at(form, "copula-family")
    assert words.startswith(
        "This copula does not suit the variance shares of the calibration, which cannot hold in"
        " the reference portfolio: asked for 50% / 25% / 25%, the closest is "
    )


def test_nothing_typed_is_lost_after_a_fault() -> None:
    typed = {field.name: f" {index}? " for index, field in enumerate(LAW)}
    form = request_form(typed_request() | typed)
    assert not form.is_valid()
    assert {name: form[name].value() for name in typed} == typed


def test_inputs_say_what_the_calibration_has() -> None:
    form = request_form(None, calibration=VERSION)
    inputs: dict[str, Any] = {
        row.name.removeprefix("scenario_law-"): row.field
        for part in form.law_rows
        for row in part.rows
    }

    assert inputs["exit_law-tail_index"].hint == "Calibrated: 1.5"
    assert inputs["exit_law-multiple_cap"].hint == "Calibrated: 300x"
    assert inputs["failure_recovery-threshold"].hint == "Calibrated: 55%"
    law_words = "As calibrated: lognormal with a Pareto tail"
    assert inputs["exit_law-law"].widget.choices[0] == ("", law_words)
    assert inputs["sampling"].widget.choices[0] == ("", "As calibrated: independent")


def test_every_member_of_the_law_has_a_field() -> None:
    members = {field.path.split(".")[1] for field in LAW}
    assert members == set(LAW_PATHS)


laws = st.fixed_dictionaries(
    {},
    optional={
        "exit_law": st.sampled_from(
            [
                {"law": "lognormal"},
                {"law": "lognormal_pareto", "tail_index": 1.25, "multiple_cap": 400},
                {"law": "pareto", "multiple_cap": 1000.5},
            ]
        ),
        "variance_shares": st.sampled_from(["calm", "stress"]),
        "copula": st.just({"family": "gaussian"}),
        "value_path_coupling": st.integers(0, 95).map(lambda percent: percent / 100),
        "failure_recovery": st.just({"threshold": 0.123, "maximum": 1}),
        "unspent_reserves": st.sampled_from(["returned", "idle"]),
        "recycling": st.sampled_from([RECYCLING, {**RECYCLING, "vintage_correlation": 0}]),
        "sampling": st.sampled_from(["iid", "antithetic", "sobol"]),
    },
) | st.just(
    {
        "variance_shares": SHARES,
        "share_level": "deal",
        "copula": {"family": "t", "degrees_of_freedom": 4},
        "bucket_correlation": {
            "buckets": KEYS,
            "matrix": [[1.0 if row == column else 0.1 for column in KEYS] for row in KEYS],
        },
    }
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(laws)
def test_law_of_a_copied_request_is_stated_again_by_sending_the_form(law: dict[str, Any]) -> None:
    copied = parse_request({"name": "Base case", "scenario_law": law}, fund=FACTS).as_json()
    unsent = request_form(None, **copied)
    sent = request_form({field.html_name: field.value() or "" for field in unsent})
    assert law_of(sent) == copied["scenario_law"]
