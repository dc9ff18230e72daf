"""Rows of the request form that hold more than one input, as the page's templates read them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.forms.boundfield import BoundField, BoundWidget

from optimization.request_form.calibrations import CalibrationChoice
from optimization.request_form.law_fields import LawGroup


@dataclass(frozen=True, slots=True)
class PairRow:
    """A stage or sector with its two inputs."""

    label: str
    minimum: BoundField
    maximum: BoundField


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    choice: CalibrationChoice
    radio: BoundWidget


@dataclass(frozen=True, slots=True)
class LawRows:
    """A group of the section on the scenario law with its inputs."""

    group: LawGroup
    rows: Sequence[BoundField]
