"""Results and statuses have every field that page, API and command are promised."""

import json

import pytest

from optimization.results.session_results import NotCompleted, session_result
from optimization.results.session_status import session_status
from tests.optimization.one_result import at, result
from tests.optimization.rows import ENDED, UNFINISHED, Status, insert_session

pytestmark = pytest.mark.django_db

STATUS_FIELDS = {
    "id",
    "session_type",
    "name",
    "fund",
    "status",
    "status_label",
    "progress_percent",
    "frontier_progress",
    "validation_progress",
    "current_step",
    "searches_done",
    "requested_by",
    "requested_at",
    "finished_at",
    "version",
    "is_finished",
    "failure_reason",
    "steps",
    "request",
}
ESTIMATE = {"out_of_sample", "interval", "limit"}
# What is promised below each field of a result; more may be there.
RESULT_FIELDS: dict[str, set[str]] = {
    "": STATUS_FIELDS
    | {
        "allocation",
        "buckets",
        "risk",
        "distribution",
        "irr",
        "cash_flows",
        "validation",
        "notes",
        "calibration",
        "matrix",
        "rounds",
        "timings_seconds",
    },
    "rounds": {"is_settled", "ending", "reason", "searches"},
    "rounds.searches.0": {
        "matrix_key",
        "was_cached",
        "reference_deals",
        "status",
        "expected_multiple",
        "loss_probability",
        "mismatched",
    },
    "fund": {"id", "name", "is_sample"},
    "allocation": {
        "status",
        "weights",
        "dollars",
        "expected_multiple",
        "first_pass_expected_multiple",
        "best_bound",
        "mip_gap",
        "loss_probability",
        "cvar",
        "expected_winners",
        "relaxations",
        "constraints",
        "explanation",
        "solver",
    },
    "allocation.explanation": {"limit_values", "contributions"},
    "allocation.explanation.limit_values.0": {
        "constraint",
        "loosened_to",
        "step",
        "multiple_gain",
        "gain_at_most",
        "dual",
        "method",
    },
    "allocation.explanation.contributions.0": {
        "key",
        "weight",
        "expected_multiple",
        "expected_multiple_share",
        "tail_loss",
        "tail_loss_share",
    },
    "allocation.constraints.0": {
        "id",
        "type",
        "requested",
        "granted",
        "actual",
        "slack",
        "satisfied",
        "relaxed",
        "binding",
    },
    "allocation.solver": {"name", "version", "settings", "seconds", "nodes", "iterations"},
    "buckets.0": {
        "key",
        "stage",
        "stage_label",
        "sector",
        "sector_label",
        "weight",
        "dollars_usd",
        "deals",
        "initial_cheque_usd",
        "all_in_cost_usd",
        "expected_multiple",
        "expected_multiple_standard_error",
        "deal_win_probability",
        "loss_probability",
        "reserves_usd",
        "expected_reserve_calls_usd",
        "variance_shares",
        "loadings",
    },
    "risk.expected_multiple": ESTIMATE | {"exact", "standard_error", "in_sample"},
    "risk.loss_probability": ESTIMATE | {"in_sample", "granted"},
    "risk.cvar": ESTIMATE | {"in_sample", "confidence"},
    "risk.expected_winners": {"exact", "limit"},
    "distribution": {"quantiles", "share_at_least_2x", "share_at_least_3x", "histogram"},
    "distribution.quantiles": {"p5", "p10", "p25", "p50", "p75", "p90", "p95"},
    "distribution.histogram": {"bin_width", "shares", "share_beyond"},
    "validation": {"scenarios", "greedy", "checks", "deals_bought"},
    "validation.greedy": {"weights", "meets_every_limit", "expected_multiple"},
    "validation.checks.0": {"name", "passed", "detail"},
    "notes.0": {"level", "code", "title", "text"},
    "calibration": {"version", "label", "kind", "sample_size"},
    "matrix": {
        "key",
        "sha256",
        "scenarios",
        "was_cached",
        "tier",
        "kernel_version",
        "variance_shares",
        "allocation_variance_shares",
        "unspent_reserves",
        "warnings",
    },
    "matrix.variance_shares": {"macro", "bucket", "idiosyncratic"},
    "timings_seconds": {"matrix", "optimization", "validation", "total"},
}


@pytest.mark.parametrize("path", RESULT_FIELDS)
def test_every_documented_field_is_there(path: str) -> None:
    assert RESULT_FIELDS[path] <= set(at(path))


def test_result_is_json_and_nothing_else() -> None:
    assert json.loads(json.dumps(result(), allow_nan=False)) == result()


@pytest.mark.parametrize("status", [*UNFINISHED, Status.FAILED, Status.CANCELLED])
def test_session_that_is_not_completed_has_no_result(status: str) -> None:
    with pytest.raises(NotCompleted):
        session_result(insert_session(status))


@pytest.mark.parametrize("status", Status)
def test_status_of_any_session_has_the_documented_fields(status: str) -> None:
    shown = session_status(insert_session(status))
    assert set(shown) == STATUS_FIELDS
    assert shown["status"] == status
    assert shown["is_finished"] == (status in ENDED)
    assert (shown["finished_at"] is not None) == (status in ENDED)
    json.dumps(shown, allow_nan=False)


def test_request_of_an_earlier_release_states_no_law_and_nothing_about_relaxing() -> None:
    request = session_status(insert_session(Status.CANCELLED))["request"]
    assert request["scenario_law"] is None
    assert request["relax"] is None
