"""What the OpenAPI document says of each operation on funds."""

from drf_spectacular.utils import extend_schema

from optimization.api.documentation.fund_shapes import FUND_DETAIL, FUND_PAGE
from optimization.api.documentation.parameters import CURSOR, LIMIT, REQUEST_ID
from optimization.api.documentation.problem_shapes import problems

TAGS = ["Funds"]

list_funds = extend_schema(
    operation_id="list_funds",
    tags=TAGS,
    summary="List your funds by name",
    parameters=[LIMIT, CURSOR, REQUEST_ID],
    responses={200: FUND_PAGE, **problems(400)},
)

read_fund = extend_schema(
    operation_id="read_fund",
    tags=TAGS,
    summary="Read a fund with its buckets and default limits",
    parameters=[REQUEST_ID],
    responses={200: FUND_DETAIL, **problems(404)},
)
