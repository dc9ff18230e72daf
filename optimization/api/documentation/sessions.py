"""What the OpenAPI document says of each operation on sessions."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from optimization.api.documentation.frontier_shapes import RESULT
from optimization.api.documentation.parameters import (
    CURSOR,
    IDEMPOTENCY_KEY,
    LIMIT,
    LOCATION,
    REPLAYED,
    REQUEST_ID,
    RETRY_AFTER,
    query_parameter,
    request_header,
    response_header,
)
from optimization.api.documentation.problem_shapes import problems
from optimization.api.documentation.request_body import EXAMPLE, REQUEST_BODY
from optimization.api.documentation.session_shapes import (
    SESSION,
    SESSION_PAGE,
    SESSION_TYPE,
    STATUS,
)
from optimization.api.documentation.shapes import UUID

TAGS = ["Optimizations"]

list_sessions = extend_schema(
    operation_id="list_optimizations",
    tags=TAGS,
    summary="List sessions, newest first",
    parameters=[
        LIMIT,
        CURSOR,
        query_parameter("status", STATUS.schema, "Only sessions with this status."),
        query_parameter("session_type", SESSION_TYPE.schema, "Only sessions of this type."),
        query_parameter("fund", UUID, "Only this fund's sessions."),
        REQUEST_ID,
    ],
    responses={200: SESSION_PAGE, **problems(400)},
)

request_session = extend_schema(
    operation_id="request_optimization",
    tags=TAGS,
    summary="Request an optimization",
    description="Checks the request and stores it; workers do the rest. Unknown fields, repeated"
    " names and NaN are refused.",
    parameters=[IDEMPOTENCY_KEY, REQUEST_ID, LOCATION, REPLAYED],
    request=REQUEST_BODY,
    examples=[OpenApiExample("Base case", EXAMPLE, request_only=True)],
    responses={
        202: OpenApiResponse(SESSION, "Accepted; follow it at `Location`."),
        **problems(400, 403, 404, 409, 411, 413, 415, 422),
    },
)

read_session = extend_schema(
    operation_id="read_optimization",
    tags=TAGS,
    summary="Follow a session",
    parameters=[
        request_header("If-None-Match", "The `ETag` of an earlier answer."),
        REQUEST_ID,
        response_header("ETag", "Changes with every change of status or progress.", [200, 304]),
        response_header("Retry-After", RETRY_AFTER, [200, 304]),
    ],
    responses={
        200: SESSION,
        304: OpenApiResponse(description="Nothing has changed since the tag was given."),
        **problems(404),
    },
)

read_result = extend_schema(
    operation_id="read_optimization_result",
    tags=TAGS,
    summary="Read the result of a completed session",
    parameters=[REQUEST_ID],
    responses={200: RESULT, **problems(404, 409)},
)

cancel_session = extend_schema(
    operation_id="cancel_optimization",
    tags=TAGS,
    summary="Cancel a session",
    description="Cancelling a cancelled session changes nothing and succeeds.",
    parameters=[REQUEST_ID],
    request=None,
    responses={200: SESSION, **problems(400, 403, 404, 409, 411, 413, 415)},
)

retry_session = extend_schema(
    operation_id="retry_optimization",
    tags=TAGS,
    summary="Request the same again",
    description="Makes a new session from the request of one that has ended, under the fund's"
    " policy of today.",
    parameters=[IDEMPOTENCY_KEY, REQUEST_ID, LOCATION, REPLAYED],
    request=None,
    responses={
        202: OpenApiResponse(SESSION, "Accepted; a new session at `Location`."),
        **problems(400, 403, 404, 409, 411, 413, 415, 422),
    },
)
