"""Which scenarios of which independent draws are asked for, and how they are sampled."""

from dataclasses import dataclass

from scenarios.simulation.configuration.parameters import SamplingName


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The scenarios [first, first + count) and the purpose number of each kind of draw.

    The three purposes are equal in every ordinary sample; measuring variance shares redraws one
    kind while it keeps another.
    """

    macro_purpose: int
    factor_purpose: int
    deal_purpose: int
    first_scenario: int
    count: int
    sampling: SamplingName = "iid"
