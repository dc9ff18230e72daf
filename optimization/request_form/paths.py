"""Puts values into a request's JSON and reads them, by the paths that its faults use."""

from collections.abc import Mapping
from typing import Any


def drop_lone_confidence(request: dict[str, Any]) -> None:
    """Forget a CVaR confidence without a limit.

    The form offers a confidence from the start; without a CVaR limit it asks for nothing. One
    that is not a number is kept, so that it is named as a fault.
    """
    cvar = request.get("limits", {}).get("cvar", {})
    if "max" not in cvar and isinstance(cvar.get("confidence"), float):
        del request["limits"]["cvar"]


def put_at(request: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        request = request.setdefault(parent, {})
    request[last] = value


def value_at(request: Mapping[str, Any], path: str) -> object:
    """The value at ``path``, None where nothing is stated."""
    value: Any = request
    for part in path.split("."):
        name, _, index = part.removesuffix("]").partition("[")
        value = value.get(name) if isinstance(value, Mapping) else None
        if index and value is not None:
            value = value[int(index)] if int(index) < len(value) else None
    return value
