"""Which field of the page a fault stands beside, and the lines of the list at its top."""

from collections.abc import Mapping
from dataclasses import dataclass

from optimization.request_form.fields import RequestField
from optimization.request_form.law_fields import CORRELATION_PATH
from optimization.request_form.units import Unit

# Paths of faults that concern several fields at once: the group's name and its place on the page.
GROUPS = {
    "limits.stages": ("Stage weights", "stages"),
    "limits.sectors": ("Sector weights", "sectors"),
    "regimes": ("Regimes", "regimes"),
}


@dataclass(frozen=True, slots=True)
class ShownFault:
    """A line of the list at the top of the page.

    ``target`` is the id it links to, ``position`` where that stands on the page. Words about a
    group of fields go on from its label in one sentence.
    """

    label: str
    words: str
    target: str | None
    position: int
    is_of_group: bool


def field_at_fault(path: str, fields: Mapping[str, RequestField]) -> RequestField | None:
    """The field of ``fields`` (by path) to show the fault at ``path`` beside; None without one.

    A fault of a part of the scenario law stands beside the first field of that part.
    """
    if path in fields:
        return fields[path]
    if path.startswith(CORRELATION_PATH):
        return fields[CORRELATION_PATH]
    if path.startswith("scenario_law"):
        return next(field for known, field in fields.items() if known.startswith(f"{path}."))
    return None


def group_at_fault(path: str) -> tuple[str, str | None, Unit]:
    """The name of what is at fault, its place on the page, and the unit of its numbers."""
    if path in GROUPS:
        label, target = GROUPS[path]
        return label, target, Unit.PERCENT
    if path.startswith("fund"):
        return f"Fund policy, {path.removeprefix('fund.')},", None, Unit.TEXT
    return path, None, Unit.TEXT
