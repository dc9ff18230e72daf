"""One page of a list as the API shows it: {data, next, previous}."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from optimization.api.keyset import Cursor, Order, page_of, read_cursor
from optimization.api.list_query import ListQuery
from scenarios.simulation.checked_input import InvalidInput

Row = TypeVar("Row", bound=Model)


def listing(
    request: Request,
    rows: QuerySet[Row],
    *,
    query: ListQuery,
    order: Order,
    shown: Callable[[Row], dict[str, Any]],
) -> Response:
    """Reads ``limit`` and ``cursor``, checks the query as a whole, and answers with one page.

    :raises ProblemRaised: with every fault of the query
    """
    limit = query.limit()
    cursor, faults = _cursor(query.text("cursor"), order)
    query.checked(*faults)
    page = page_of(rows, order=order, cursor=cursor, limit=limit)
    return Response(
        {
            "data": [shown(row) for row in page.rows],
            "next": _link(request._request, page.next),
            "previous": _link(request._request, page.previous),
        }
    )


def _cursor(text: str | None, order: Order) -> tuple[Cursor | None, list[InvalidInput]]:
    if text is None:
        return None, []
    try:
        return read_cursor(text, order=order), []
    except InvalidInput as error:
        return None, [error]


def _link(request: HttpRequest, cursor: str | None) -> str | None:
    """The path and query of the page at ``cursor``, with the same limit and filters."""
    if cursor is None:
        return None
    parameters = request.GET.copy()
    parameters["cursor"] = cursor
    return f"{request.path}?{parameters.urlencode()}"
