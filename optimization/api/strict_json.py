"""Reads a JSON body and refuses what Python's json module quietly lets through.

Refused are NaN and the infinities, numbers too large for a float, names given twice in one
object, text that cannot be stored, and nesting that no request needs.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST_BODY_BYTES = 256 * 1024
DEEPEST_NESTING = 32

# A longer integer is beyond the largest float; int() itself refuses more than 4300 digits.
_LONGEST_INTEGER = 310
# PostgreSQL stores no NUL; half of a surrogate pair is no character and has no UTF-8 form.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")

Path = tuple[str | int, ...]


class MalformedJson(ValueError):
    """The body is not JSON; the message says why."""


@dataclass(frozen=True, slots=True)
class RefusedValue:
    path: Path
    code: str
    message: str


class RefusedJson(ValueError):
    """The body could be read, but holds values that are refused wherever they stand."""

    def __init__(self, refused: tuple[RefusedValue, ...]) -> None:
        self.refused = refused
        super().__init__(f"{len(refused)} values are refused")


class _ObjectWithRepeatedNames(dict[str, object]):
    repeated: tuple[str, ...]


def parse_strict_json(body: bytes) -> object:
    """The value that the body holds, made of dict, list, str, int, float, bool and None alone.

    :raises MalformedJson: the body is not UTF-8 or not JSON
    :raises RefusedJson: with every refused value and where it stands
    """
    try:
        value: object = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        raise MalformedJson(f"The body is not UTF-8: byte {error.start} is wrong.") from error
    except json.JSONDecodeError as error:
        raise MalformedJson(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError:
        # Not as the cause: its traceback has a thousand equal lines.
        raise MalformedJson(
            f"The body is nested more than {DEEPEST_NESTING} levels deep."
        ) from None
    refused = tuple(_refused_values(value, ()))
    if refused:
        raise RefusedJson(refused)
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    times = Counter(name for name, _ in pairs)
    marked = _ObjectWithRepeatedNames(plain)
    marked.repeated = tuple(name for name in plain if times[name] > 1)
    return marked


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_INTEGER else float(text)


def _refused_values(value: object, path: Path) -> Iterator[RefusedValue]:
    if isinstance(value, str):
        yield from _refused_text(value, path)
    elif isinstance(value, float) and not math.isfinite(value):
        yield RefusedValue(
            path, "NOT_FINITE", f"is {json.dumps(value)}, must be a finite number below 1.8e308"
        )
    elif isinstance(value, dict | list):
        yield from _refused_inside(value, path)


def _refused_inside(value: dict[str, object] | list[object], path: Path) -> Iterator[RefusedValue]:
    if len(path) >= DEEPEST_NESTING:
        yield RefusedValue(
            path, "TOO_DEEP", f"is nested deeper than {DEEPEST_NESTING} levels, the most allowed"
        )
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _refused_values(item, (*path, index))
        return
    if isinstance(value, _ObjectWithRepeatedNames):
        for name in value.repeated:
            yield RefusedValue(
                (*path, name), "REPEATED_FIELD", "is given more than once in one object"
            )
    for name, item in value.items():
        yield from _refused_text(name, (*path, name))
        yield from _refused_values(item, (*path, name))


def _refused_text(text: str, path: Path) -> Iterator[RefusedValue]:
    wrong = _NOT_STORABLE.search(text)
    if wrong:
        yield RefusedValue(
            path,
            "NOT_STORABLE_TEXT",
            f"has the code point U+{ord(wrong.group()):04X} at position {wrong.start()};"
            " NUL and lone surrogates are not allowed",
        )
