"""What about a scenario law is allowed and still worth a second look."""

from dataclasses import asdict, dataclass

from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.parameters import VarianceShares
from scenarios.simulation.deals.follow_on_pricing import pricing_warnings

USUAL_SHARES = {"macro": (0.4, 0.6), "bucket": (0.2, 0.3), "idiosyncratic": (0.2, 0.3)}


@dataclass(frozen=True, slots=True)
class LawWarning:
    """A stable code for programs and words for people."""

    code: str
    message: str


def law_warnings(config: ScenarioConfig) -> tuple[LawWarning, ...]:
    """``FOLLOW_ON_PRICING`` and ``UNUSUAL_SHARES``; none for the shipped law."""
    mispriced = [LawWarning(found.code, found.message) for found in pricing_warnings(config)]
    return (*mispriced, *_unusual_shares(config))


def _unusual_shares(config: ScenarioConfig) -> list[LawWarning]:
    """Own shares of a multiple's variance; at the level of a deal they are another quantity."""
    shares = config.dependence.variance_shares
    if not isinstance(shares, VarianceShares) or config.dependence.share_level == "deal":
        return []
    unusual = [
        f"{name} {value:.4g}, usually {USUAL_SHARES[name][0]:g} to {USUAL_SHARES[name][1]:g}"
        for name, value in asdict(shares).items()
        if not USUAL_SHARES[name][0] <= value <= USUAL_SHARES[name][1]
    ]
    if not unusual:
        return []
    return [
        LawWarning(
            "UNUSUAL_SHARES",
            f"The variance shares asked for are unusual ({'; '.join(unusual)}). How far good and"
            " bad vintages lie apart follows from them.",
        )
    ]
