"""Holds every answer that a test gets against what the OpenAPI document says of it."""

import json
import re
from typing import Any

from django.http import HttpResponseBase
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from optimization.api.problems import MEDIA_TYPE
from optimization.api.schema_view import openapi_document

# What these tests ask for is checked one by one; the document describes neither.
UNDOCUMENTED = re.compile(r"^/api/v1/schema/?$")


class ConformingClient(Client):
    """A test client that fails on any answer under /api/v1/ that is not as documented."""

    def request(self, **request: Any) -> Any:
        response: Any = super().request(**request)
        path = request["PATH_INFO"]
        if path.startswith("/api/v1/") and not UNDOCUMENTED.match(path):
            check_answer(method=request["REQUEST_METHOD"], path=path, response=response)
        return response


def check_answer(*, method: str, path: str, response: HttpResponseBase) -> None:
    operation = documented_operation(method=method, path=path)
    if operation is None:
        assert response.status_code in (401, 404, 405), "an address that is not documented answers"
        check_body(response, {"$ref": "#/components/schemas/Problem"}, media_type=MEDIA_TYPE)
        return
    answers = operation["responses"]
    assert str(response.status_code) in answers, f"{response.status_code} is not documented"
    answer = answers[str(response.status_code)]
    for media_type, content in answer.get("content", {}).items():
        check_body(response, content["schema"], media_type=media_type)


def documented_operation(*, method: str, path: str) -> dict[str, Any] | None:
    for template, operations in openapi_document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            operation: dict[str, Any] | None = operations.get(
                {"HEAD": "get"}.get(method, method.lower())
            )
            return operation
    return None


def check_body(response: Any, schema: dict[str, Any], *, media_type: str) -> None:
    assert response.headers["Content-Type"] == media_type
    if not response.content:
        return
    components = {"components": closed(openapi_document()["components"])}
    validator = Draft202012Validator(
        {**schema, **components}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(json.loads(response.content))


def closed(schema: Any) -> Any:
    """The schema with every record refusing fields that it does not name.

    The document itself leaves records open for later releases; the tests do not, so that no
    field goes undocumented.
    """
    if isinstance(schema, dict):
        inside = {name: closed(value) for name, value in schema.items()}
        is_record = inside.get("type") == "object" and "properties" in inside
        return {"additionalProperties": False, **inside} if is_record else inside
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    return schema
