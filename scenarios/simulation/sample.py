"""The independent samples that can be drawn from one scenario law."""

from enum import StrEnum


class Sample(StrEnum):
    """Samples share the law and no random number."""

    OPTIMIZATION = "optimization"
    VALIDATION = "validation"
    PILOT = "pilot"
