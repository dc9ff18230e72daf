"""Query parameters and headers that several operations share."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from optimization.api import idempotency
from optimization.api.list_query import DEFAULT_LIMIT, LARGEST_LIMIT
from optimization.api.request_id import HEADER as REQUEST_ID_HEADER


def query_parameter(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


def request_header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


def response_header(name: str, description: str, statuses: list[int]) -> OpenApiParameter:
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, description=description, response=statuses
    )


LIMIT = query_parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    "Most entries on a page.",
)
CURSOR = query_parameter(
    "cursor", {"type": "string"}, "Where the page starts; taken from `next` or `previous`."
)
IDEMPOTENCY_KEY = request_header(
    idempotency.HEADER,
    f"1 to {idempotency.LONGEST_KEY} visible ASCII characters. Equal requests with this key are"
    " done once and answered alike for 24 hours.",
)
REPLAYED = response_header(
    idempotency.REPLAYED_HEADER, "`true` when the answer was given before.", [202]
)
LOCATION = response_header("Location", "Path of the session.", [202])
RETRY_AFTER = "Seconds after which to ask again; absent when the session has ended."
REQUEST_ID = request_header(
    REQUEST_ID_HEADER, "Up to 64 letters, digits, `.`, `_` and `-`; answers carry it back."
)
