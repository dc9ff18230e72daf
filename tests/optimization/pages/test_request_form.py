"""The form says what the API says: same JSON, same rules, in the page's words and units."""

import pytest

from optimization.request_form.faults import fault_words
from optimization.request_form.form import RequestForm
from optimization.request_form.units import Unit
from scenarios.simulation.checked_input import Fault
from tests.optimization.pages.requests import VERSION, request_form, typed_request


def words_beside(form: RequestForm, name: str) -> list[str]:
    assert not form.is_valid()
    return [str(words) for words in form.errors.get(name, [])]


def test_a_filled_form_is_the_json_that_the_api_accepts() -> None:
    form = request_form(
        typed_request(
            optimization_scenarios="500",
            limits__max_loss_probability="30",
            limits__cvar__max="50",
            limits__cvar__confidence="97.5",
            limits__min_expected_winners="0.7",
            limits__stages__seed__min="20",
            limits__sectors__saas__max="45",
            seed="42",
            mip_gap="0.01",
        )
    )

    assert form.is_valid(), form.errors
    assert form.as_request() == {
        "name": "Base case",
        "capital_usd": "100000000",
        "calibration": VERSION,
        "optimization_scenarios": 500,
        "limits": {
            "max_loss_probability": 0.3,
            "cvar": {"max": 0.5, "confidence": 0.975},
            "min_expected_winners": 0.7,
            "stages": {"seed": {"min": 0.2}},
            "sectors": {"saas": {"max": 0.45}},
        },
        "seed": "42",
        "mip_gap": 0.0001,
        "relax": False,
    }
    assert form.parsed.limits.stages["seed"].minimum == 0.2
    assert form.parsed.capital_usd == 100_000_000


def test_limits_are_relaxed_when_the_box_is_ticked_as_it_is_at_first() -> None:
    unsent = request_form(None, relax=True)
    ticked = request_form(typed_request(relax="on"))
    cleared = request_form(typed_request())

    assert "checked" in str(unsent["relax"])
    assert "checked" in str(ticked["relax"])
    assert "checked" not in str(cleared["relax"])
    assert ticked.is_valid()
    assert cleared.is_valid()
    assert ticked.parsed.relax
    assert not cleared.parsed.relax


def test_a_limit_left_blank_does_not_apply() -> None:
    form = request_form(typed_request(limits__max_loss_probability=" "))

    assert form.is_valid()
    assert form.parsed.limits.max_loss_probability is None


def test_a_confidence_without_a_cvar_limit_asks_for_nothing() -> None:
    form = request_form(typed_request(limits__cvar__confidence="95"))

    assert form.is_valid()
    assert form.parsed.limits.cvar is None


def test_a_confidence_that_is_no_number_is_named_even_without_a_cvar_limit() -> None:
    form = request_form(typed_request(limits__cvar__confidence="high"))

    assert words_beside(form, "limits-cvar-confidence") == ["Must be a number; you entered high."]
    assert words_beside(form, "limits-cvar-max") == ["Fill this in."]


def test_typed_regime_probabilities_replace_those_of_the_calibration() -> None:
    form = request_form(typed_request(regimes__0__probability="30", regimes__2__probability="20"))

    assert form.is_valid(), form.errors
    # The middle one was left blank and stays at the calibration's 50 %.
    assert [regime.probability for regime in form.parsed.config.regimes] == [0.3, 0.5, 0.2]


def test_regime_probabilities_left_blank_are_no_part_of_the_request() -> None:
    form = request_form(typed_request())

    assert form.is_valid()
    assert "regimes" not in form.as_request()


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Fill this in."),
        ("name", "x" * 300, "Has 300 characters, at most 200 are allowed."),
        ("capital_usd", "200", "Must be at most the fund's size $100.00M; you entered 200."),
        ("capital_usd", "-1", "Must be above $0.00M; you entered -1."),
        ("capital_usd", "1.000000001", "Must be whole cents; you entered 1.000000001."),
        ("capital_usd", "much", "Must be an amount in dollars; you entered much."),
        (
            "optimization_scenarios",
            "10",
            "Must be at least 64 and at most 5000; you entered 10.",
        ),
        ("optimization_scenarios", "400.5", "Must be a whole number; you entered 400.5."),
        ("optimization_scenarios", "1e999", "Must be a finite number; you entered 1e999."),
        (
            "limits-max_loss_probability",
            "150",
            "Must be at least 0% and at most 100%; you entered 150.",
        ),
        (
            "limits-max_loss_probability",
            "0.05",
            "You entered 0.05, less than one of 1000 scenarios; state 0% or at least 0.1%.",
        ),
        ("limits-max_loss_probability", "NaN", "Must be a number; you entered NaN."),
        (
            "limits-cvar-max",
            "\N{MINUS SIGN}5",
            "Must be at least 0% and at most 100%; you entered \N{MINUS SIGN}5.",
        ),
        (
            "limits-max_bucket_weight",
            "5",
            "You entered 5: 12 buckets could hold only 60% of the capital;"
            " at least 8.333333333% is needed.",
        ),
        ("limits-stages-seed-min", "101", "Must be at least 0% and at most 100%; you entered 101."),
        ("mip_gap", "20", "Must be at least 0.0001% and at most 10%; you entered 20."),
        ("time_limit_seconds", "0", "Must be at least 1 and at most 240; you entered 0."),
        (
            "regimes-0-probability",
            "0.001",
            "Must be 0% or at least 0.01%; you entered 0.001.",
        ),
        ("calibration", "other", f"Must be one of {VERSION}; you entered other."),
    ],
)
def test_a_fault_stands_beside_its_field_in_the_unit_of_the_page(
    field: str, typed: str, words: str
) -> None:
    form = request_form({**typed_request(limits__cvar__confidence="95"), field: typed})

    assert words_beside(form, field) == [words]


def test_a_minimum_above_its_maximum_is_said_in_percent() -> None:
    form = request_form(
        typed_request(limits__stages__seed__min="60", limits__stages__seed__max="45")
    )

    assert words_beside(form, "limits-stages-seed-min") == [
        "Must not exceed max 45%; you entered 60."
    ]


def test_a_minimum_that_the_buckets_cannot_hold_is_said_in_percent() -> None:
    form = request_form(
        typed_request(limits__max_bucket_weight="10", limits__stages__seed__min="40")
    )

    # Seed has three buckets of at most 10 % each.
    assert words_beside(form, "limits-stages-seed-min") == [
        "You entered 40, but its 3 buckets can hold at most 30%."
    ]


@pytest.mark.parametrize(
    ("typed", "label", "words", "target"),
    [
        (
            {"limits-stages-seed-min": "60", "limits-stages-series_a-min": "50"},
            "Stage weights",
            "have minimums that add up to 110%, over 100%.",
            "stages",
        ),
        (
            {"limits-sectors-saas-max": "20", "limits-sectors-health-max": "20"}
            | {"limits-sectors-fintech-max": "20"},
            "Sector weights",
            "have maximums that let only 60% of the capital be allocated, all of it must be.",
            "sectors",
        ),
        (
            {"regimes-0-probability": "40"},
            "Regimes",
            "have probabilities that sum to 115%, must sum to 100%.",
            "regimes",
        ),
    ],
)
def test_a_fault_of_several_fields_is_listed_at_the_top_and_links_to_them(
    typed: dict[str, str], label: str, words: str, target: str
) -> None:
    form = request_form(typed_request() | typed)

    assert not form.is_valid()
    (shown,) = form.shown_faults
    assert (shown.label, shown.words, shown.target) == (label, words, target)
    assert form.non_field_errors() == [f"{label} {words}"]


def test_faults_are_listed_in_the_order_of_the_page() -> None:
    form = request_form(
        typed_request(name="", mip_gap="x", limits__cvar__max="x", limits__sectors__saas__min="x")
    )

    assert not form.is_valid()
    assert [shown.label for shown in form.shown_faults] == [
        "Name",
        "CVaR, at most",
        "CVaR confidence",
        "Software as a service, at least",
        "Proof gap",
    ]


def test_control_characters_are_refused_and_shown_escaped() -> None:
    form = request_form(typed_request(name="a\x00b"))

    (words,) = words_beside(form, "name")
    assert words == r"Must have no control characters; you entered a\x00b."


def test_what_is_typed_stays_in_the_fields() -> None:
    form = request_form(
        typed_request(limits__cvar__max=" 1,5 %", name="x" * 300), limits={"cvar": {"max": 0.5}}
    )

    assert not form.is_valid()
    assert form["limits-cvar-max"].value() == " 1,5 %"
    assert form["name"].value() == "x" * 300


def test_an_unsent_form_shows_the_limits_it_starts_from_in_percent() -> None:
    form = request_form(
        None,
        capital_usd="100000000.00",
        calibration=VERSION,
        limits={"max_loss_probability": 0.3, "stages": {"seed": {"min": 0.15}}},
        regimes=[{"name": "recession", "probability": 0.3}],
    )

    assert form["capital_usd"].value() == "100"
    assert form["limits-max_loss_probability"].value() == "30"
    assert form["limits-stages-seed-min"].value() == "15"
    assert form["limits-stages-seed-max"].value() == ""
    assert form["regimes-0-probability"].value() == "30"


def test_every_stage_and_sector_of_the_fund_has_its_own_fields() -> None:
    form = request_form(None)

    assert [row.label for row in form.stage_rows] == ["Seed", "Series A", "Series B", "Series C"]
    assert {row.label for row in form.sector_rows} == {"Fintech", "Health", "Software as a service"}


def test_numbers_of_a_fault_whose_unit_is_not_known_are_not_converted() -> None:
    fault = Fault("limits.cvar.max", "SOME_NEW_RULE", "is 0.5, too near to 0.45 of 12 others")

    words = fault_words(fault, unit=Unit.PERCENT, typed="50")

    assert words == "You entered 50, too near to 0.45 of 12 others (as fractions: 1 is 100%)."
