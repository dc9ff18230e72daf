"""The report on a terminal shows what the result says: allocation, limits, risk, timings."""

import copy
import re
from typing import Any

import pytest

from optimization.results.cash_flows import gross_irr
from optimization.results.text_report import text_report
from tests.optimization import one_result
from tests.optimization.measured import CASH_FLOWS, METRICS

pytestmark = pytest.mark.django_db


@pytest.fixture
def result() -> dict[str, Any]:
    return copy.deepcopy(one_result.result())


def line_of(report: str, beginning: str) -> str:
    (line,) = [line for line in report.splitlines() if line.startswith(beginning)]
    return line


def percent(fraction: float) -> str:
    return f"{fraction:.1%}"


def limit_lines(report: str) -> list[str]:
    """The rows of the table of limits, in the order of the constraints."""
    lines = report[report.index("Limits") :].splitlines()[1:]
    return [line for line in lines if re.search(r"\s(met|binding|NOT MET)$", line)]


def test_report_begins_with_the_fund_the_session_and_how_it_ended(result: dict[str, Any]) -> None:
    beginning = text_report(result).splitlines()[:2]
    assert beginning == [
        f"{result['fund']['name']}: Base case",
        f"Session {result['id']} COMPLETED",
    ]


def test_made_up_data_is_called_so(result: dict[str, Any]) -> None:
    assert "sample data" not in text_report(result)
    result["fund"]["is_sample"] = True
    assert "sample data" in text_report(result)


def test_every_bucket_has_its_weight_dollars_deals_and_multiple(result: dict[str, Any]) -> None:
    report = text_report(result)
    table = report[report.index("Allocation") : report.index("Contributions")]
    for row in result["buckets"]:
        line = line_of(table, f"{row['stage_label']} / {row['sector_label']}")
        for figure in (
            percent(row["weight"]),
            f"${float(row['dollars_usd']):,.2f}",
            f"{row['deals']:.1f}",
            f"{row['expected_multiple']:.2f}x",
            percent(row["loss_probability"]),
        ):
            assert figure in line


def test_every_limit_has_what_was_requested_and_what_is_so(result: dict[str, Any]) -> None:
    constraints = result["allocation"]["constraints"]
    lines = limit_lines(text_report(result))
    assert len(lines) == len(constraints) == 5
    for line, row in zip(lines, constraints, strict=True):
        winners = row["type"] == "expected_winners"
        for value in (row["requested"], row["actual"]):
            assert (f"{value:.2f}" if winners else percent(value)) in line


def test_limit_that_binds_is_marked_and_no_other(result: dict[str, Any]) -> None:
    for row in result["allocation"]["constraints"]:
        row["binding"] = row["type"] == "bucket_maximum"
    states = [line.split()[-1] for line in limit_lines(text_report(result))]
    types = [row["type"] for row in result["allocation"]["constraints"]]
    assert dict(zip(types, states, strict=True)) == {
        "loss_probability": "met",
        "cvar": "met",
        "expected_winners": "met",
        "bucket_maximum": "binding",
        "sector_minimum": "met",
    }


def test_limit_that_is_not_kept_stands_out(result: dict[str, Any]) -> None:
    assert "NOT MET" not in text_report(result)
    result["allocation"]["constraints"][0]["satisfied"] = False
    assert limit_lines(text_report(result))[0].endswith("NOT MET")


def test_session_without_limits_has_a_report_that_says_so(result: dict[str, Any]) -> None:
    result["allocation"]["constraints"] = []
    assert "No limits were asked for." in text_report(result)


@pytest.mark.parametrize(
    ("name", "label"), [("loss_probability", "Loss probability"), ("cvar", "CVaR")]
)
def test_risk_is_shown_in_and_out_of_sample_with_its_interval(
    name: str, label: str, result: dict[str, Any]
) -> None:
    report = text_report(result)
    line = line_of(report[report.index("Risk ") :], label)
    risk = result["risk"][name]
    low, high = risk["interval"]
    assert percent(risk["in_sample"]) in line
    assert percent(risk["out_of_sample"]) in line
    assert f"{percent(low)} to {percent(high)}" in line


def test_expected_multiple_is_shown_in_sample_out_of_sample_and_exact(
    result: dict[str, Any],
) -> None:
    line = line_of(text_report(result), "Expected multiple")
    for name in ("in_sample", "out_of_sample", "exact"):
        assert f"{result['risk']['expected_multiple'][name]:.3f}" in line


def test_bound_that_proves_the_allocation_is_shown(result: dict[str, Any]) -> None:
    assert f"{result['allocation']['best_bound']:.4f}x" in line_of(text_report(result), "Proof")


def test_distance_from_the_bound_is_rounded_up(result: dict[str, Any]) -> None:
    # 1 - 1.99778 / 2 = 0.00111; "within 0.11%" would not be true.
    result["allocation"] |= {"best_bound": 2.0, "expected_multiple": 1.99778}
    assert "within 0.12% of that" in line_of(text_report(result), "Proof")


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("optimal", "the most even of all allocations at most 0.1% below the best"),
        ("iteration_limit", "still more even ones may exist"),
        ("node_limit", "still more even ones may exist"),
        ("time_limit", "still more even ones may exist"),
        (None, "were not evened out"),
    ],
)
def test_weights_are_called_most_even_only_when_that_is_proved(
    search: str | None, words: str, result: dict[str, Any]
) -> None:
    result["allocation"]["solver"]["second_pass"] = search
    assert words in line_of(text_report(result), "The weights")


@pytest.mark.parametrize(("passed", "word"), [(True, "passed"), (False, "FAILED")])
def test_every_check_is_shown_with_its_outcome(
    passed: bool, word: str, result: dict[str, Any]
) -> None:
    for check in result["validation"]["checks"]:
        check["passed"] = passed
    report = text_report(result)
    for check in result["validation"]["checks"]:
        assert f"{word}: {check['name']}. {check['detail']}" in report


def test_every_note_is_shown_and_warnings_are_marked(result: dict[str, Any]) -> None:
    result["notes"] = [
        {"level": "warning", "title": "Too much.", "text": "Ask for less."},
        {"level": "info", "title": "As usual.", "text": "Nothing to do."},
    ]
    report = text_report(result)
    assert "! Too much. Ask for less." in report
    assert "- As usual. Nothing to do." in report


def test_timings_of_all_stages_are_shown(result: dict[str, Any]) -> None:
    result["timings_seconds"] = {
        "matrix": 1.25,
        "optimization": 2.5,
        "validation": 3.75,
        "total": 8.0,
    }
    line = line_of(text_report(result), "Timings")
    for words in ("matrix 1.25 s", "optimization 2.50 s", "validation 3.75 s", "total 8.00 s"):
        assert words in line


def test_matrix_from_the_cache_is_told_from_one_that_was_generated(result: dict[str, Any]) -> None:
    result["timings_seconds"]["matrix"] = None
    assert "matrix from cache" in line_of(text_report(result), "Timings")


def test_irr_and_cash_flows_are_told_where_they_were_measured(result: dict[str, Any]) -> None:
    result |= {
        "irr": gross_irr(METRICS),
        "cash_flows": CASH_FLOWS,
        "request": {**result["request"], "capital_usd": "200000000.00"},
    }
    report = text_report(result)
    assert line_of(report, "Gross IRR").endswith(
        "median 9.3% a year, in 8 of 10 scenarios -10.0 to 35.6%."
    )
    assert line_of(report, "IRR below 0%").endswith("(95% interval 23.80 to 26.22%).")
    assert "$160.00M is called and $360.00M comes back" in line_of(report, "By the end of year 6")


def test_report_without_irr_says_nothing_of_it(result: dict[str, Any]) -> None:
    report = text_report(result | {"irr": None, "cash_flows": None})
    assert "IRR" not in report
    assert "\n\n\n" not in report


def test_calibration_and_source_of_the_scenarios_are_told(result: dict[str, Any]) -> None:
    report = text_report(result)
    assert result["calibration"]["label"] in line_of(report, "Calibration")
    assert "generated for this request" in line_of(report, "Scenarios")
    assert result["matrix"]["key"] in line_of(report, "Matrix")


def test_relaxed_limit_is_marked_with_what_was_granted(result: dict[str, Any]) -> None:
    row = next(row for row in result["allocation"]["constraints"] if row["type"] == "cvar")
    row |= {"relaxed": True, "granted": 0.654, "satisfied": True}

    report = text_report(result)
    table = report[report.index("Limits") : report.index("Binding:")]
    assert line_of(table, "CVaR").endswith("RELAXED to 65.4%")


def test_value_of_every_binding_limit_is_told(result: dict[str, Any]) -> None:
    result["allocation"]["explanation"]["limit_values"] = [
        {"constraint": "cvar", "step": 0.01, "multiple_gain": 0.0214, "gain_at_most": 0.0214},
        {
            "constraint": "max_bucket_weight",
            "step": 0.01,
            "multiple_gain": None,
            "gain_at_most": None,
        },
    ]
    report = text_report({**result, "notes": []})

    assert "One more point of CVaR is worth +0.021x." in report.splitlines()
    assert "largest bucket is worth" not in report


def test_buckets_that_are_used_have_their_shares_of_multiple_and_tail_loss(
    result: dict[str, Any],
) -> None:
    result["allocation"]["explanation"]["contributions"][0] |= {
        "weight": 0.2,
        "expected_multiple_share": 0.25,
        "tail_loss_share": -0.031,
    }
    result["allocation"]["explanation"]["contributions"][1]["weight"] = 0.0
    report = text_report(result)
    table = report[report.index("Contributions") : report.index("Limits")]
    first, second = result["buckets"][:2]

    line = line_of(table, f"{first['stage_label']} / {first['sector_label']}")
    assert line.split()[-2:] == ["25.0%", "-3.1%"]
    assert f"{second['stage_label']} / {second['sector_label']}" not in table
