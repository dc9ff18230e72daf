"""Reads the copula of a scenario configuration; the Gaussian one unless another is given."""

from typing import get_args

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.parameters import GAUSSIAN, Copula, CopulaFamily

SMALLEST_DEGREES, LARGEST_DEGREES = 3, 100
"""Below, scores have no variance; above, the t copula can hardly be told from the Gaussian."""


def read_copula(section: FieldReader) -> Copula | None:
    """None after recording at least one fault."""
    if not section.has("copula"):
        return GAUSSIAN
    before = len(section.faults)
    reader = section.object("copula")
    family = reader.choice("family", get_args(CopulaFamily))
    degrees = reader.integer(
        "degrees_of_freedom", minimum=SMALLEST_DEGREES, maximum=LARGEST_DEGREES, default=None
    )
    reader.refuse_unknown_fields()
    if len(reader.faults) > before:
        return None
    if family == "t" and degrees is None:
        reader.fault("degrees_of_freedom", "COPULA", "is missing, the t copula needs it")
        return None
    if family == "gaussian" and degrees is not None:
        reader.fault(
            "degrees_of_freedom",
            "COPULA",
            f"is {degrees}, must be null: the Gaussian copula has none",
        )
        return None
    return Copula(family=family, degrees_of_freedom=degrees)
