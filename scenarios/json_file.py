"""Reads JSON that people write, in files and elsewhere, and refuses repeated names."""

import json
from collections import Counter
from pathlib import Path


class UnreadableJsonFile(ValueError):
    """The file cannot be read as JSON; the message names it and says why."""


class NotJson(ValueError):
    """The text is no JSON; the message says why."""


class NestedTooDeeply(NotJson):
    """The text may be JSON, but nobody nests so deeply in earnest."""


def read_json_file(path: Path) -> object:
    """The value that the file holds.

    NaN and the infinities pass: whoever reads the fields refuses them by name.

    :raises UnreadableJsonFile: no file, no UTF-8, no JSON, or a name given twice in one object
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableJsonFile(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableJsonFile(f"{path}: is not UTF-8 text: byte {error.start}") from error
    try:
        return json_value(text)
    except NestedTooDeeply:
        raise UnreadableJsonFile(f"{path}: is nested too deeply") from None
    except NotJson as error:
        raise UnreadableJsonFile(f"{path}: is not valid JSON: {error}") from error


def json_value(text: str) -> object:
    """The value that the text holds; NaN and the infinities pass.

    :raises NotJson: no JSON, nested too deeply, or a name given twice in one object
    """
    try:
        return json.loads(text, object_pairs_hook=_object_without_repeats)
    except RecursionError:
        # Not as the cause: its traceback has a thousand equal lines.
        raise NestedTooDeeply("it is nested too deeply") from None
    except ValueError as error:
        raise NotJson(str(error)) from error


def _object_without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        times = Counter(name for name, _ in pairs)
        repeated = sorted(name for name, count in times.items() if count > 1)
        raise ValueError(f"the names {', '.join(repeated)} are repeated in one object")
    return fields
