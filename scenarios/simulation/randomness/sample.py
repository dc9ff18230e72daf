"""The independent samples that can be drawn from one scenario law."""

from enum import StrEnum

from scenarios.simulation.configuration.parameters import SamplingName


class Sample(StrEnum):
    """Samples share the law and no random number."""

    OPTIMIZATION = "optimization"
    VALIDATION = "validation"
    PILOT = "pilot"


def sampling_of(sample: Sample, *, configured: SamplingName) -> SamplingName:
    """Only the optimization sample follows the configuration.

    The intervals of a validation and the shares measured on the pilot take scenarios for
    independent.
    """
    return configured if sample is Sample.OPTIMIZATION else "iid"
