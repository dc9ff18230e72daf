"""The query of a list, checked like every other input: a misspelt filter must not show more."""

import uuid
from collections.abc import Collection

from django.http import HttpRequest

from optimization.api.problems import invalid_query
from scenarios.simulation.checked_input import FieldReader, InvalidInput

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
_LONGEST_NUMBER = 9


class ListQuery:
    """Reads query parameters one by one; ``checked`` ends the reading.

    :raises ProblemRaised: from ``checked``, with every fault
    """

    def __init__(self, request: HttpRequest) -> None:
        given = dict(request.GET.lists())
        self._reader = FieldReader({name: values[-1] for name, values in given.items()})
        for name, values in given.items():
            if len(values) > 1:
                self._reader.fault(name, "REPEATED_PARAMETER", "is given more than once")

    def limit(self) -> int:
        text = self._reader.raw("limit", None)
        if text is None:
            return DEFAULT_LIMIT
        digits = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
        if not digits or not 1 <= int(text) <= LARGEST_LIMIT:
            self._reader.fault(
                "limit",
                "OUT_OF_RANGE",
                f"is {text[:60]!r}, must be a whole number from 1 to {LARGEST_LIMIT}",
            )
            return DEFAULT_LIMIT
        return int(text)

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        chosen: str | None = self._reader.choice(name, choices, default=None)
        return chosen

    def uuid(self, name: str) -> uuid.UUID | None:
        text = self._reader.raw(name, None)
        return None if text is None else read_uuid(self._reader, name)

    def text(self, name: str) -> str | None:
        text: str | None = self._reader.raw(name, None)
        return text

    def checked(self, *others: InvalidInput) -> None:
        self._reader.refuse_unknown_fields()
        for other in others:
            self._reader.faults.extend(other.faults)
        try:
            self._reader.raise_faults()
        except InvalidInput as error:
            raise invalid_query(error) from error


def read_uuid(reader: FieldReader, name: str) -> uuid.UUID | None:
    """The field as a UUID in its usual form of 36 characters; anything else is a fault."""
    text = reader.text(name, longest=36)
    if text is None:
        return None
    try:
        value = uuid.UUID(text)
    except ValueError:
        value = None
    if value is None or str(value) != text.lower():
        reader.fault(name, "NOT_A_UUID", f"is {text!r}, must be a UUID")
        return None
    return value
