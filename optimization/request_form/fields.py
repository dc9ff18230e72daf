"""The fields of the request form: where each stands in the request, its label and its unit.

A field's HTML name is its path in the request's JSON, so that a fault finds its field again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimization.request_form.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestField:
    path: str
    label: str
    unit: Unit
    help: str = ""
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_long_text: bool = False

    @property
    def is_of_law(self) -> bool:
        """Left blank, it is as the calibration has it."""
        return self.path.startswith("scenario_law.")

    @property
    def is_limit(self) -> bool:
        """A limit left blank does not apply; any other field left blank takes its default."""
        return self.path.startswith("limits.")

    @property
    def name(self) -> str:
        """``limits.stages.seed.min`` as ``limits-stages-seed-min``; keys hold no hyphen."""
        return re.sub(r"[.\[\]]+", "-", self.path)


REQUEST = (
    RequestField(
        path="name",
        label="Name",
        unit=Unit.TEXT,
        help="Shown in the list and on the result.",
    ),
    RequestField(
        path="capital_usd",
        label="Capital to allocate",
        unit=Unit.USD_MILLIONS,
        help="Reserves included.",
    ),
    RequestField(
        path="optimization_scenarios",
        label="Optimization scenarios",
        unit=Unit.COUNT,
        help="The search sees these: 64 to 5,000. More give a steadier answer and take longer;"
        " with Sobol points a power of two is best.",
    ),
    RequestField(
        path="validation_scenarios",
        label="Validation scenarios",
        unit=Unit.COUNT,
        help="Fresh scenarios on which the allocation found is measured again: 5,000 to 10,000,000."
        " At 5,000 a loss probability near 30% is known to about 1.3 points either way, at 100,000"
        " to 0.3, at 1,000,000 to 0.1. More than 1,000,000 take minutes.",
    ),
)
RISK = (
    RequestField(
        path="limits.max_loss_probability",
        label="Loss probability, at most",
        unit=Unit.PERCENT,
        help="Share of scenarios in which the fund returns less than 1x.",
    ),
    RequestField(
        path="limits.cvar.max",
        label="CVaR, at most",
        unit=Unit.PERCENT,
        help="Mean loss in the worst scenarios, as a share of the capital.",
    ),
    RequestField(
        path="limits.cvar.confidence",
        label="CVaR confidence",
        unit=Unit.PERCENT,
        help="At 95%, the worst scenarios are the worst 5%.",
    ),
    RequestField(
        path="limits.min_expected_winners",
        label="Expected winners, at least",
        unit=Unit.DEALS,
        help="Expected number of deals that return 10x or more on their all-in cost.",
    ),
    RequestField(
        path="limits.max_bucket_weight",
        label="Largest bucket, at most",
        unit=Unit.PERCENT,
        help="Share of the capital in one stage of one sector.",
    ),
)
RELAX = RequestField(
    path="relax",
    label="Relax limits when no allocation keeps all of them",
    unit=Unit.FLAG,
    help="Each by the least that works, in this order: expected winners, largest bucket, sector and"
    " stage weights, CVaR, loss probability. A limit gives way only where giving up all before it"
    " is not enough. Otherwise the session ends without an allocation and says why.",
)
SOLVER = (
    RequestField(
        path="seed",
        label="Seed",
        unit=Unit.TEXT,
        help="Another seed draws other scenarios of the same law. Blank: the standard ones.",
    ),
    RequestField(
        path="mip_gap",
        label="Proof gap",
        unit=Unit.PERCENT,
        help="The search stops when the result is proved this close to the best possible.",
    ),
    RequestField(
        path="primary_lock_epsilon",
        label="Tie-break tolerance",
        unit=Unit.PERCENT,
        help="Expected multiple that may be given up for a more even allocation.",
    ),
    RequestField(
        path="time_limit_seconds",
        label="Time limit",
        unit=Unit.SECONDS,
        help="At the limit the best allocation found so far is kept, with its proved gap.",
    ),
)
CALIBRATION = RequestField(
    path="calibration",
    label="Calibration",
    unit=Unit.TEXT,
    help="The statistics that the scenarios rest on.",
)


@dataclass(frozen=True, slots=True)
class WeightPair:
    """The least and the largest share of one stage or sector: a row of the form."""

    label: str
    minimum: RequestField
    maximum: RequestField


def weight_pairs(group: str, labels: Sequence[tuple[str, str]]) -> Iterator[WeightPair]:
    """A row for each (key, label) of ``group``, which is "stages" or "sectors"."""
    for key, label in labels:
        yield WeightPair(
            label=label,
            minimum=RequestField(
                path=f"limits.{group}.{key}.min", label=f"{label}, at least", unit=Unit.PERCENT
            ),
            maximum=RequestField(
                path=f"limits.{group}.{key}.max", label=f"{label}, at most", unit=Unit.PERCENT
            ),
        )


def regime_fields(regimes: Sequence[dict[str, float | str]]) -> Iterator[RequestField]:
    """A probability for each regime of a calibration."""
    for index, regime in enumerate(regimes):
        yield RequestField(
            path=f"regimes[{index}].probability",
            label=f"{str(regime['name']).capitalize()}, probability",
            unit=Unit.PERCENT,
            hint=f"Blank: {100 * float(regime['probability']):g}%, as calibrated",
        )
