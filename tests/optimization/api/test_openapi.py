"""The OpenAPI document: valid, complete, and true to the rules of requests."""

import json
import re
from io import StringIO
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from optimization.api.documentation.request_body import EXAMPLE, REQUEST_BODY
from optimization.api.problems import CODE_OF_STATUS, TITLE_OF_CODE
from optimization.api.schema_view import openapi_document
from tests.optimization.api.test_permissions import api_patterns, methods_of

ADDRESS = "/api/v1/schema/"
NOT_DESCRIBED = {"schema", "schema-without-slash", "no-such-address"}


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
    }


def test_document_is_valid_openapi_3_1_and_made_without_a_warning() -> None:
    output = StringIO()

    call_command("spectacular", validate=True, fail_on_warn=True, stdout=output)

    assert yaml.safe_load(output.getvalue())["openapi"] == "3.1.0"


def test_page_of_the_api_lists_every_address() -> None:
    page = (settings.BASE_DIR / "docs/api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([A-Z]+ /[^`]+)`", re.sub(r"\{\w+\}", "{}", page)))

    described = {
        f"{method.upper()} {re.sub('{.*?}', '{}', path.removeprefix('/api/v1'))}"
        for method, path in operations()
    }
    assert described <= listed


def test_every_address_is_described() -> None:
    found = {
        (method, "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern)))
        for pattern in api_patterns()
        if pattern.name not in NOT_DESCRIBED
        for method in methods_of(pattern)
    }

    assert found == set(operations())


def test_every_operation_has_its_own_lasting_id() -> None:
    assert sorted(operation["operationId"] for operation in operations().values()) == [
        "ask_for_attainable_ranges",
        "cancel_optimization",
        "list_funds",
        "list_optimizations",
        "read_attainable_ranges",
        "read_fund",
        "read_optimization",
        "read_optimization_result",
        "read_scenario_matrix",
        "request_optimization",
        "retry_optimization",
    ]


def test_every_operation_says_that_it_needs_a_log_in_and_how_it_fails() -> None:
    for operation in operations().values():
        assert operation["security"] == [{"token": []}, {"cookieAuth": []}]
        assert {"401", "405", "406", "500", "503"} <= set(operation["responses"])


def test_every_code_of_a_problem_is_listed() -> None:
    codes = openapi_document()["components"]["schemas"]["ProblemCode"]["enum"]

    assert set(codes) == {*CODE_OF_STATUS.values(), *TITLE_OF_CODE}


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.rstrip("/")])
def test_document_is_served_as_json_to_anybody(anonymous: Client, address: str) -> None:
    response = anonymous.get(address)

    assert response.status_code == 200
    assert json.loads(response.content) == json.loads(json.dumps(openapi_document()))


def test_document_is_served_as_yaml_to_who_asks_for_it(anonymous: Client) -> None:
    response = anonymous.get(ADDRESS, headers={"accept": "application/yaml"})

    assert yaml.safe_load(response.content) == json.loads(json.dumps(openapi_document()))


def test_example_of_a_request_is_one() -> None:
    Draft202012Validator(REQUEST_BODY.schema).validate(EXAMPLE)


def test_schema_refuses_a_field_that_is_not_one() -> None:
    assert not Draft202012Validator(REQUEST_BODY.schema).is_valid({**EXAMPLE, "extra": 1})
