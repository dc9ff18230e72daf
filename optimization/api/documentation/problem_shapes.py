"""Problems as the OpenAPI document shows them."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from optimization.api.documentation.shapes import TEXT, Shape, a_list, a_record, one_of
from optimization.api.problems import CODE_OF_STATUS, MEDIA_TYPE, TITLE_OF_CODE
from scenarios.simulation.configuration.named_errors import NAMED_ERRORS

DESCRIPTION_OF_STATUS = {
    400: "The request breaks a rule; `errors` has one entry for each.",
    401: "No token, an unknown one, or no session.",
    403: "Visible to you, but not yours to act on; or the CSRF token is missing.",
    404: "There is nothing here that you may see.",
    405: "This address does not know the method.",
    406: "Nothing the API answers with is acceptable to the client.",
    409: "The state of the session does not allow this; `code` says what it is.",
    411: "The body was sent in chunks.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The Idempotency-Key was used for another request.",
    500: "The server failed.",
    503: "The database did not answer in time; nothing was done.",
}
ALWAYS_POSSIBLE = (401, 405, 406, 500, 503)

PROBLEM_ERROR = Shape(
    "ProblemError",
    {
        "type": "object",
        "description": "One fault, with exactly one of pointer, parameter and header.",
        "properties": {
            "pointer": {**TEXT, "description": "JSON pointer into the body."},
            "parameter": {**TEXT, "description": "Name of the query parameter."},
            "header": {**TEXT, "description": "Name of the header."},
            "code": {**TEXT, "description": "Stable, for programs."},
            "name": {
                "type": "string",
                "enum": list(NAMED_ERRORS),
                "description": "The error of the scenario law, where it is one.",
            },
            "detail": {**TEXT, "description": "Field, value and rule, for people."},
        },
        "required": ["code", "detail"],
        "oneOf": [{"required": ["pointer"]}, {"required": ["parameter"]}, {"required": ["header"]}],
    },
)
PROBLEM_CODE = one_of("ProblemCode", sorted({*CODE_OF_STATUS.values(), *TITLE_OF_CODE}))
PROBLEM = a_record(
    "Problem",
    {
        "type": {**TEXT, "description": "A URN, or about:blank for plain HTTP statuses."},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "instance": {**TEXT, "description": "Path of the request."},
        "code": PROBLEM_CODE,
        "errors": a_list(PROBLEM_ERROR),
        "request_id": {**TEXT, "description": "As in the X-Request-Id header."},
    },
    description="An RFC 9457 problem.",
)


def problems(*statuses: int) -> dict[Any, Any]:
    """The problem responses of an operation, those that any may have included."""
    return {
        (status, MEDIA_TYPE): OpenApiResponse(PROBLEM, DESCRIPTION_OF_STATUS[status])
        for status in sorted({*statuses, *ALWAYS_POSSIBLE})
    }
