"""What the OpenAPI document says of scenario matrices."""

from drf_spectacular.utils import OpenApiParameter, extend_schema

from optimization.api.documentation.parameters import REQUEST_ID, query_parameter
from optimization.api.documentation.problem_shapes import problems
from optimization.api.documentation.session_shapes import FUND_NAME
from optimization.api.documentation.shapes import (
    COUNT,
    MOMENT,
    NUMBER,
    PROBABILITY,
    SHA256,
    TEXT,
    UUID,
    a_list,
    a_record,
    one_of,
    or_null,
)
from scenarios.models import ScenarioMatrix

VARIANCE_SHARES = a_record(
    "VarianceShares",
    {"macro": NUMBER, "bucket": NUMBER, "idiosyncratic": NUMBER},
    description="Of the variance of the log multiple: the economy, stages and sectors, single"
    " deals.",
)
LOADINGS = a_record(
    "Loadings",
    {"macro_squared": PROBABILITY, "bucket_squared": PROBABILITY},
    description="Shares of the variance of a deal's score; the rest is the deal's own.",
)
MATRIX_BUCKET = a_record(
    "MatrixBucket",
    {
        "key": TEXT,
        "expected_multiple": NUMBER,
        "expected_multiple_standard_error": {
            **NUMBER,
            "minimum": 0,
            "description": "0: exact. Only what recycling adds is estimated.",
        },
        "deal_win_probability": PROBABILITY,
        "expected_reserve_call_fraction": PROBABILITY,
        "late_value_fraction": {
            **or_null(PROBABILITY),
            "description": "Of the expected proceeds of first deals: what comes 16 years or more"
            " after entry and is booked in the last year of the cash flows.",
        },
        "variance_shares": or_null(VARIANCE_SHARES),
        "loadings": or_null(LOADINGS),
    },
    description="Null: not yet measured when the matrix was made.",
)
MATRIX_WARNINGS = a_list(
    a_record("MatrixWarning", {"code": TEXT, "message": TEXT}),
    description="What to know before trusting the law.",
)
CASH_FLOWS_STORED = a_record(
    "MatrixCashFlows",
    {
        "codec": TEXT,
        "layout": TEXT,
        "years": COUNT,
        "buckets": COUNT,
        "scenarios": COUNT,
        "sha256": {**SHA256, "description": "Digest of the uncompressed bytes."},
    },
    description="Of every bucket, year and scenario. Null: not stored.",
)
SCENARIO_MATRIX = a_record(
    "ScenarioMatrix",
    {
        "key": {**SHA256, "description": "Digest of the canonical config."},
        "fund": FUND_NAME,
        "status": one_of("MatrixStatus", ScenarioMatrix.Status.values),
        "failure_reason": or_null(TEXT),
        "scenarios": COUNT,
        "kernel_version": TEXT,
        "sha256": or_null({**SHA256, "description": "Digest of the uncompressed bytes."}),
        "codec": or_null(TEXT),
        "layout": or_null(TEXT),
        "buckets": a_list(MATRIX_BUCKET, description="In the order of the rows."),
        "variance_shares": {
            **or_null(VARIANCE_SHARES),
            "description": "Of an equally weighted portfolio of the buckets.",
        },
        "warnings": MATRIX_WARNINGS,
        "cash_flows": or_null(CASH_FLOWS_STORED),
        "generation_seconds": or_null(NUMBER),
        "created_at": MOMENT,
        "completed_at": or_null(MOMENT),
        "config": {"type": "object", "description": "What simulate_matrix reads."},
    },
    description="What was simulated; what is known of the stored bytes is null until then.",
)

read_matrix = extend_schema(
    operation_id="read_scenario_matrix",
    tags=["Scenario matrices"],
    summary="Read what a scenario matrix was made from",
    description="Looks among the matrices of your funds. If several have the key, a complete one"
    " is shown, the oldest first; their numbers are equal.",
    parameters=[
        OpenApiParameter("matrix_key", SHA256, OpenApiParameter.PATH),
        query_parameter("fund", UUID, "Only this fund's matrix."),
        REQUEST_ID,
    ],
    responses={200: SCENARIO_MATRIX, **problems(400, 404)},
)
