"""What the OpenAPI document says of attainable ranges."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from optimization.api.documentation.parameters import REQUEST_ID, response_header
from optimization.api.documentation.problem_shapes import problems
from optimization.api.documentation.request_body import EXAMPLE, LIMITS, REQUEST_BODY
from optimization.api.documentation.session_shapes import FUND_NAME
from optimization.api.documentation.shapes import (
    COUNT,
    FLAG,
    MOMENT,
    MONEY_USD,
    NUMBER,
    PROBABILITY,
    SHA256,
    TEXT,
    UUID,
    Shape,
    a_record,
    one_of,
    or_null,
)
from optimization.ranges.models import AskedRanges

TAGS = ["Attainable ranges"]

RANGES = a_record(
    "AttainableRanges",
    {
        "scenarios": COUNT,
        "loss_probability": a_record(
            "LeastLossProbability",
            {
                "found": {**PROBABILITY, "description": "Of the best allocation that is known."},
                "certified": {
                    **PROBABILITY,
                    "description": "No allocation reaches less; between this and `found` none is"
                    " known and none is ruled out.",
                },
            },
        ),
        "cvar": a_record(
            "LeastCvar",
            {"confidence": PROBABILITY, "least": PROBABILITY},
        ),
        "expected_winners": a_record("MostExpectedWinners", {"most": {**NUMBER, "minimum": 0}}),
    },
    description="Each by itself, under the limits on weights alone. Shares of simulated scenarios.",
)
ASKED_RANGES = a_record(
    "AskedRanges",
    {
        "id": UUID,
        "fund": FUND_NAME,
        "status": one_of("AskedRangesStatus", AskedRanges.Status.values),
        "status_label": TEXT,
        "is_finished": FLAG,
        "failure_reason": or_null(TEXT),
        "asked_at": MOMENT,
        "finished_at": or_null(MOMENT),
        "matrix_key": SHA256,
        "scenarios": COUNT,
        "capital_usd": MONEY_USD,
        "cvar_confidence": PROBABILITY,
        "limits": {**LIMITS, "description": "Those that were kept: on weights."},
        "ranges": {**or_null(RANGES), "description": "Null until the status is complete."},
    },
    description="What was asked, and its answer.",
)
RANGES_REQUEST = Shape(
    "AttainableRangesRequest",
    {
        **REQUEST_BODY.schema,
        "description": "A request of an optimization. What the answer does not depend on is not"
        " looked at: name, validation, solver settings, limits on risk and winners other than the"
        " confidence of CVaR.",
        "required": ["fund"],
    },
)
RETRY_AFTER = "Seconds after which to ask again; absent when the question has ended."

ask_for_ranges = extend_schema(
    operation_id="ask_for_attainable_ranges",
    tags=TAGS,
    summary="Ask which limits can be met at all",
    description="Equal questions are one: asking again finds the answer, or the work under way. A"
    " question that failed is asked anew.",
    parameters=[
        REQUEST_ID,
        response_header("Location", "Path of the question.", [200, 202]),
        response_header("Retry-After", RETRY_AFTER, [202]),
    ],
    request=RANGES_REQUEST,
    examples=[
        OpenApiExample(
            "Base case",
            {name: value for name, value in EXAMPLE.items() if name != "name"},
            request_only=True,
        )
    ],
    responses={
        200: OpenApiResponse(ASKED_RANGES, "The answer is known."),
        202: OpenApiResponse(ASKED_RANGES, "Workers look for it; follow it at `Location`."),
        **problems(400, 403, 404, 411, 413, 415),
    },
)

read_ranges = extend_schema(
    operation_id="read_attainable_ranges",
    tags=TAGS,
    summary="Read what limits can be met",
    parameters=[REQUEST_ID, response_header("Retry-After", RETRY_AFTER, [200])],
    responses={200: ASKED_RANGES, **problems(404)},
)
