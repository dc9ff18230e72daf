"""Where in a JSON document a fault lies: RFC 6901 pointers and the dotted paths people read."""

import re
from collections.abc import Mapping, Sequence

# What may follow a field's name in a path: the next field, or an index into a list.
_INDEX = re.compile(r"\[(\d+)\]")
_NAME = re.compile(r"[^.\[]+")

TOP_LEVEL = "(top level)"


def pointer(segments: Sequence[str | int]) -> str:
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)


def dotted_path(segments: Sequence[str | int]) -> str:
    """The path as `FieldReader` writes it: ``limits.sectors.saas.min``, ``buckets[3].key``."""
    written = "".join(
        f"[{segment}]" if isinstance(segment, int) else f".{segment}" for segment in segments
    )
    return written.removeprefix(".") or TOP_LEVEL


def pointer_of(path: str, *, document: object) -> str:
    """The pointer to a dotted path of ``document``.

    A name may itself hold dots and brackets, so the document says where it ends. A path that
    leads below a plain value, into something that is not in the document, stops at that value.
    """
    segments: list[str | int] = []
    rest = "" if path == TOP_LEVEL else path
    here = document
    while rest:
        segment, rest = _first_segment(rest, here)
        segments.append(segment)
        here = _child(here, segment)
        if here is not None and not isinstance(here, Mapping | list):
            break
        rest = rest.removeprefix(".")
    return pointer(segments)


def _first_segment(path: str, here: object) -> tuple[str | int, str]:
    index = _INDEX.match(path)
    if index and not isinstance(here, Mapping):
        return int(index.group(1)), path[index.end() :]
    name = _longest_name(path, here) if isinstance(here, Mapping) else ""
    name = name or _undocumented_name(path)
    return name, path[len(name) :]


def _longest_name(path: str, here: Mapping[str, object]) -> str:
    """The longest name of ``here`` that ``path`` begins with; empty when there is none.

    Tried by length: comparing every name would make a body of many faults slow to answer.
    """
    for length in sorted({len(name) for name in here}, reverse=True):
        if path[length : length + 1] in ("", ".", "[") and path[:length] in here:
            return path[:length]
    return ""


def _undocumented_name(path: str) -> str:
    match = _NAME.match(path)
    return match.group() if match else path


def _child(here: object, segment: str | int) -> object:
    if isinstance(here, Mapping):
        return here.get(segment)
    if isinstance(here, list) and isinstance(segment, int) and segment < len(here):
        return here[segment]
    return None
