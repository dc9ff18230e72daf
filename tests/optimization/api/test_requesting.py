"""POST /optimizations: what is accepted, and how each kind of bad input is refused."""

import json
from typing import Any

import pytest
from django.test import Client

from funds.models import BucketPolicy, Fund, User
from optimization.models import OptimizationSession
from optimization.request.checked_request import parse_request
from optimization.request.fund_facts import fund_facts
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix

ADDRESS = "/api/v1/optimizations"
REGIME = {"name": "base", "probability": 1.0, "shock_min": -1.0, "shock_max": 1.0}


def post(client: Client, fund: Fund, **fields: Any) -> Any:
    body = {"fund": str(fund.pk), "name": "Base case", **fields}
    return client.post(ADDRESS, data=body, content_type="application/json")


def post_text(client: Client, body: str | bytes) -> Any:
    return client.post(ADDRESS, data=body, content_type="application/json")


def test_request_is_accepted_with_the_address_of_its_session(
    analyst: Client, analyst_user: User, fund: Fund
) -> None:
    response = post(analyst, fund, limits={"max_bucket_weight": 0.5})

    session = OptimizationSession.objects.get()
    assert response.status_code == 202
    assert response.headers["Location"] == f"{ADDRESS}/{session.pk}"
    assert response.headers["Retry-After"] == "1"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json()["id"] == str(session.pk)
    assert response.json()["status"] == "MATRIX_GENERATING"
    assert session.requested_by == analyst_user
    assert session.fund == fund


def test_accepted_request_is_owed_a_job(analyst: Client, fund: Fund) -> None:
    post(analyst, fund)

    assert OutboxJob.objects.get().kind == "matrix_generation"
    assert ScenarioMatrix.objects.get().fund == fund


def test_body_of_the_answer_is_what_the_location_shows(analyst: Client, fund: Fund) -> None:
    accepted = post(analyst, fund)

    assert analyst.get(accepted.headers["Location"]).json() == accepted.json()


def test_stored_request_is_the_one_that_the_page_would_store(analyst: Client, fund: Fund) -> None:
    fields = {"name": "Mine", "seed": "7", "limits": {"stages": {"seed": {"min": 0.1}}}}

    stored = post(analyst, fund, **fields).json()["request"]

    assert stored == parse_request(fields, fund=fund_facts(fund)).as_json()


def test_capital_is_kept_to_the_cent(analyst: Client, fund: Fund) -> None:
    response = post(analyst, fund, capital_usd="99999999.99")

    assert response.json()["request"]["capital_usd"] == "99999999.99"


@pytest.mark.parametrize(
    ("fields", "pointer", "value", "rule"),
    [
        ({"max_los_probability": 0.3}, "/max_los_probability", "", "is not a field"),
        ({"limits": {"cvar": {"confidense": 0.9}}}, "/limits/cvar/confidense", "", "not a field"),
        ({"name": None}, "/name", "", "is missing"),
        ({"name": "   "}, "/name", "", "is blank"),
        ({"name": "x" * 201}, "/name", "201", "at most 200"),
        ({"name": 5}, "/name", "5", "must be text"),
        ({"name": "bell \x07"}, "/name", "\\x07", "no control characters"),
        ({"capital_usd": 0}, "/capital_usd", "0", "above 0"),
        ({"capital_usd": "-5"}, "/capital_usd", "-5", "above 0"),
        ({"capital_usd": "1.005"}, "/capital_usd", "1.005", "at most two decimals"),
        ({"capital_usd": "100000000.01"}, "/capital_usd", "100000000.01", "fund's size"),
        ({"capital_usd": "NaN"}, "/capital_usd", "NaN", "finite"),
        ({"capital_usd": True}, "/capital_usd", "True", "amount in dollars"),
        ({"calibration": "v1999"}, "/calibration", "v1999", "must be one of"),
        ({"optimization_scenarios": 63}, "/optimization_scenarios", "63", "at least 64"),
        ({"optimization_scenarios": 10**40}, "/optimization_scenarios", "1000", "at most"),
        ({"optimization_scenarios": 400.5}, "/optimization_scenarios", "400.5", "whole number"),
        ({"validation_scenarios": "many"}, "/validation_scenarios", "many", "must be a number"),
        ({"seed": "a\nb"}, "/seed", "a\\nb", "no control characters"),
        ({"time_limit_seconds": 1e9}, "/time_limit_seconds", "1000000000", "at most"),
        ({"mip_gap": -1}, "/mip_gap", "-1", "at least"),
        ({"limits": []}, "/limits", "[]", "must be an object"),
        ({"limits": {"max_loss_probability": 1.5}}, "/limits/max_loss_probability", "1.5",
         "at most 1"),
        ({"limits": {"max_loss_probability": "0.3"}}, "/limits/max_loss_probability", "0.3",
         "must be a number"),
        ({"limits": {"max_bucket_weight": 0}}, "/limits/max_bucket_weight", "0", "above 0"),
        ({"limits": {"cvar": {"confidence": 1, "max": 0.5}}}, "/limits/cvar/confidence", "1",
         "below 1"),
        ({"limits": {"cvar": {"confidence": 0.95}}}, "/limits/cvar/max", "", "is missing"),
        ({"limits": {"sectors": {"saas": {"min": 0.6, "max": 0.4}}}}, "/limits/sectors/saas/min",
         "0.6", "0.4"),
        ({"limits": {"sectors": {"saas": {"min": 2}}}}, "/limits/sectors/saas/min", "2",
         "at most 1"),
        ({"limits": {"sectors": {"biotech": {"min": 0.1}}}}, "/limits/sectors/biotech", "",
         "saas"),
        ({"limits": {"stages": {"late": {"min": 0.1}}}}, "/limits/stages/late", "", "seed"),
        ({"regimes": [{**REGIME, "probability": 0.9}]}, "/regimes", "0.9", "sum to 1"),
        ({"regimes": []}, "/regimes", "", "at least one"),
        ({"regimes": "boom"}, "/regimes", "boom", "must be a list"),
        ({"regimes": [{**REGIME, "shock_max": 99}]}, "/regimes/0/shock_max", "99", "at most 10"),
        ({"regimes": [{**REGIME, "mood": 1}]}, "/regimes/0/mood", "", "is not a field"),
    ],
)  # fmt: skip
def test_bad_field_is_refused_by_name_value_and_rule(
    analyst: Client, fund: Fund, fields: dict[str, Any], pointer: str, value: str, rule: str
) -> None:
    response = post(analyst, fund, **fields)

    assert response.status_code == 400
    problem = response.json()
    assert problem["code"] == "invalid-input"
    by_pointer = {error["pointer"]: error for error in problem["errors"]}
    assert pointer in by_pointer, problem["errors"]
    assert value in by_pointer[pointer]["detail"]
    assert rule in by_pointer[pointer]["detail"]
    assert not OptimizationSession.objects.exists()
    assert not OutboxJob.objects.exists()


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        # 0.6 + 0.6 of the capital cannot both be the least.
        ({"sectors": {"saas": {"min": 0.6}, "fintech": {"min": 0.6}}}, "sectors"),
        ({"stages": {"seed": {"min": 0.6}, "series_a": {"min": 0.6}}}, "stages"),
        # Four buckets of at most 0.2 take 0.8 of the capital.
        ({"max_bucket_weight": 0.2}, "max_bucket_weight"),
        # Both sectors together take at most 0.8 of the capital.
        ({"sectors": {"saas": {"max": 0.4}, "fintech": {"max": 0.4}}}, "sectors"),
    ],
)
def test_limits_that_contradict_each_other_are_refused_before_a_session_exists(
    analyst: Client, fund: Fund, limits: dict[str, Any], field: str
) -> None:
    response = post(analyst, fund, limits=limits)

    assert response.status_code == 400
    assert any(
        error["pointer"].startswith(f"/limits/{field}") for error in response.json()["errors"]
    ), response.json()
    assert not OptimizationSession.objects.exists()


def test_every_fault_is_listed_and_not_only_the_first(analyst: Client, fund: Fund) -> None:
    response = post(
        analyst,
        fund,
        name="",
        extra=1,
        mip_gap=9,
        limits={"max_bucket_weight": 7, "sectors": {"x.y": {}}},
        regimes=[{**REGIME, "probability": 0.5}],
    )

    pointers = {error["pointer"] for error in response.json()["errors"]}
    assert pointers == {
        "/name", "/extra", "/mip_gap", "/limits/max_bucket_weight", "/limits/sectors/x.y",
        "/regimes",
    }  # fmt: skip
    assert response.json()["detail"].startswith("6 faults were found")


def test_thousands_of_faults_give_an_answer_of_ordinary_size(analyst: Client, fund: Fund) -> None:
    response = post(analyst, fund, **{f"x{index}": 1 for index in range(15_000)})

    assert response.status_code == 400
    assert len(response.json()["errors"]) == 100
    assert response.json()["detail"].startswith("15000 faults were found")


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_number_that_is_not_finite_is_refused_where_it_stands(
    analyst: Client, fund: Fund, literal: str
) -> None:
    response = post_text(
        analyst,
        f'{{"fund": "{fund.pk}", "name": "x", "limits": {{"max_loss_probability": {literal}}}}}',
    )

    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["pointer"] == "/limits/max_loss_probability"
    assert error["code"] == "NOT_FINITE"
    assert "must be a finite number" in error["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"fund": "x", "name": "a", "name": "b"}', "/name"),
        ('{"name": "NUL \\u0000"}', "/name"),
        ('{"name": "half a pair \\ud800"}', "/name"),
        ('{"limits": {"sectors": {"sa\\u0000as": {}}}}', "/limits/sectors/sa\x00as"),
        ('{"seed": "\\u0000"}', "/seed"),
        ('{"calibration": "\\u0000"}', "/calibration"),
    ],
)
def test_text_and_names_that_no_request_may_have_are_refused(
    analyst: Client, body: str, pointer: str
) -> None:
    response = post_text(analyst, body)

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize("body", ["[]", "1", '"text"', "null", "[[[]]]"])
def test_body_that_is_no_object_is_refused(analyst: Client, body: str) -> None:
    response = post_text(analyst, body)

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] in ("", "/fund")


@pytest.mark.parametrize(
    "fund_id", [None, "", 5, "fund", "{00000000-0000-4000-8000-000000000000}", "0" * 32, "\x00"]
)
def test_fund_that_is_no_uuid_is_refused(analyst: Client, fund_id: object) -> None:
    response = post_text(analyst, json.dumps({"fund": fund_id, "name": "x"}))

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == ["/fund"]


def test_empty_body_is_refused_as_missing_its_fund(analyst: Client) -> None:
    response = post_text(analyst, "")

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/fund"


def test_foreign_fund_is_not_found_and_pointed_at(stranger: Client, fund: Fund) -> None:
    response = post(stranger, fund)

    assert response.status_code == 404
    assert [error["pointer"] for error in response.json()["errors"]] == ["/fund"]


def test_fund_without_buckets_is_refused_with_the_reason(analyst: Client, fund: Fund) -> None:
    BucketPolicy.objects.filter(fund=fund).update(is_active=False)

    response = post(analyst, fund)

    assert response.status_code == 400
    errors = response.json()["errors"]
    assert any(e["pointer"] == "/fund" and "no active bucket" in e["detail"] for e in errors)


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"limits":' * 20_000, "[" * 60_000 + "]" * 60_000],
    ids=["unclosed lists", "unclosed objects", "closed lists"],
)
def test_deep_nesting_is_refused_without_a_crash(analyst: Client, body: str) -> None:
    assert post_text(analyst, body).status_code == 400


@pytest.mark.parametrize(
    "body", ["", "{", "{'a': 1}", '{"a": 1,}', b"\xff\xfe", b"\xef\xbb\xbf{}", '{"a": 1} x']
)
def test_body_that_is_not_json_is_refused(analyst: Client, body: str | bytes) -> None:
    assert post_text(analyst, body).status_code == 400


def test_body_of_the_largest_size_is_read(analyst: Client, fund: Fund) -> None:
    body = json.dumps({"fund": str(fund.pk), "name": "x"}).encode()

    assert post_text(analyst, body.ljust(256 * 1024)).status_code == 202


def test_one_byte_more_is_too_large(analyst: Client, fund: Fund) -> None:
    body = json.dumps({"fund": str(fund.pk), "name": "x"}).encode()

    response = post_text(analyst, body.ljust(256 * 1024 + 1))

    assert response.status_code == 413
    assert response.json()["code"] == "body-too-large"
    assert not OptimizationSession.objects.exists()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "x" * 900,
    ],
)
def test_body_of_another_type_is_refused(analyst: Client, fund: Fund, content_type: str) -> None:
    body = json.dumps({"fund": str(fund.pk), "name": "x"})

    response = analyst.post(ADDRESS, data=body, content_type=content_type)

    assert response.status_code == 415
    assert not OptimizationSession.objects.exists()


def test_json_with_a_charset_is_still_json(analyst: Client, fund: Fund) -> None:
    body = json.dumps({"fund": str(fund.pk), "name": "Café"}, ensure_ascii=False)

    response = analyst.post(
        ADDRESS, data=body.encode(), content_type="application/json; charset=utf-8"
    )

    assert response.json()["name"] == "Café"


def test_body_in_chunks_is_refused_and_not_taken_for_an_empty_one(
    analyst: Client, fund: Fund
) -> None:
    body = json.dumps({"fund": str(fund.pk), "name": "x"})

    response = analyst.post(
        ADDRESS,
        data=body,
        content_type="application/json",
        headers={"transfer-encoding": "chunked", "content-length": ""},
    )

    assert response.status_code == 411
    assert response.json()["code"] == "length-required"
