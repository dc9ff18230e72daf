"""Pages of a list by keyset: a cursor names a row, so rows that come or go move no others.

Offsets would repeat or skip rows whenever something was added between two pages.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from optimization.api.strict_json import MalformedJson, RefusedJson, parse_strict_json
from scenarios.simulation.checked_input import Fault, InvalidInput

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Column:
    """A column to order by, how its value is written into a cursor, and how it is read back."""

    name: str
    write: Callable[..., str]
    read: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Order:
    """``column``, then ``tie_break``, which must be unique; both in the same direction."""

    column: Column
    tie_break: Column
    descending: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place right after (or, backwards, right before) the row with these two values."""

    backwards: bool
    value: object
    tie_break: object


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """``next`` and ``previous`` are cursors, None where the list ends."""

    rows: list[Row]
    next: str | None
    previous: str | None


def utc_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} names no time zone")
    return moment.astimezone(UTC)


def read_cursor(text: str, *, order: Order) -> Cursor:
    """
    :raises InvalidInput: this is no cursor of this list
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        decoded = parse_strict_json(base64.urlsafe_b64decode(padded.encode("ascii")))
        direction, value, tie_break = _three_texts(decoded)
        return Cursor(
            backwards={"after": False, "before": True}[direction],
            value=order.column.read(value),
            tie_break=order.tie_break.read(tie_break),
        )
    except (
        ValueError,
        KeyError,
        OverflowError,
        UnicodeEncodeError,
        binascii.Error,
        MalformedJson,
        RefusedJson,
    ) as error:
        message = "is not a cursor of this list; take it from next or previous"
        raise InvalidInput([Fault("cursor", "NOT_A_CURSOR", message)]) from error


def page_of(rows: QuerySet[Row], *, order: Order, cursor: Cursor | None, limit: int) -> Page[Row]:
    backwards = cursor is not None and cursor.backwards
    descending = order.descending != backwards
    if cursor is not None:
        rows = rows.filter(_beyond(cursor, order=order, descending=descending))
    sign = "-" if descending else ""
    ordered = rows.order_by(f"{sign}{order.column.name}", f"{sign}{order.tie_break.name}")
    # One row more than the page shows whether the list goes on.
    fetched = list(ordered[: limit + 1])
    shown = fetched[:limit]
    goes_on = len(fetched) > limit
    if backwards:
        shown.reverse()
    has_next = backwards or goes_on
    has_previous = goes_on if backwards else cursor is not None
    return Page(
        rows=shown,
        next=_written("after", shown[-1], order) if shown and has_next else None,
        previous=_written("before", shown[0], order) if shown and has_previous else None,
    )


def _beyond(cursor: Cursor, *, order: Order, descending: bool) -> Q:
    comparison = "lt" if descending else "gt"
    column, tie_break = order.column.name, order.tie_break.name
    return Q(**{f"{column}__{comparison}": cursor.value}) | Q(
        **{column: cursor.value, f"{tie_break}__{comparison}": cursor.tie_break}
    )


def _written(direction: str, row: Model, order: Order) -> str:
    parts = [
        direction,
        order.column.write(getattr(row, order.column.name)),
        order.tie_break.write(getattr(row, order.tie_break.name)),
    ]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _three_texts(decoded: object) -> tuple[str, str, str]:
    match decoded:
        case [str(direction), str(value), str(tie_break)]:
            return direction, value, tie_break
    raise ValueError("a cursor holds a direction and two values")
