"""Every stated limit by itself, most protected first.

The order is that in which limits are kept when not all of them can be (`relaxation`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from optimization.solver.stated.limits import Limits, WeightRange

LimitType = Literal[
    "loss_probability",
    "cvar",
    "stage_minimum",
    "stage_maximum",
    "sector_minimum",
    "sector_maximum",
    "bucket_maximum",
    "expected_winners",
]


@dataclass(frozen=True, slots=True)
class SingleLimit:
    """``id`` is the limit's path in the problem's limits, ``value`` what it asks for."""

    id: str
    type: LimitType
    value: float
    is_minimum: bool = False

    def slack(self, actual: float) -> float:
        """How far inside the limit ``actual`` is; negative beyond it."""
        return actual - self.value if self.is_minimum else self.value - actual


def single_limits(limits: Limits) -> tuple[SingleLimit, ...]:
    """The stated limits, most protected first; stages and sectors in the order they are stated."""
    return tuple(_in_order(limits))


def with_values(limits: Limits, values: Mapping[str, float]) -> Limits:
    """The same limits with other values; ``values`` are by the ids of stated limits."""
    cvar = limits.cvar
    return Limits(
        max_loss_probability=values.get("max_loss_probability", limits.max_loss_probability),
        cvar=cvar and replace(cvar, maximum=values.get("cvar", cvar.maximum)),
        min_expected_winners=values.get("min_expected_winners", limits.min_expected_winners),
        max_bucket_weight=values.get("max_bucket_weight", limits.max_bucket_weight),
        stages=_ranges_with_values("stages", limits.stages, values),
        sectors=_ranges_with_values("sectors", limits.sectors, values),
    )


def _in_order(limits: Limits) -> Iterator[SingleLimit]:
    if limits.max_loss_probability is not None:
        yield SingleLimit("max_loss_probability", "loss_probability", limits.max_loss_probability)
    if limits.cvar is not None:
        yield SingleLimit("cvar", "cvar", limits.cvar.maximum)
    yield from _range_limits("stages", limits.stages, "stage_minimum", "stage_maximum")
    yield from _range_limits("sectors", limits.sectors, "sector_minimum", "sector_maximum")
    if limits.max_bucket_weight is not None:
        yield SingleLimit("max_bucket_weight", "bucket_maximum", limits.max_bucket_weight)
    if limits.min_expected_winners is not None:
        yield SingleLimit(
            "min_expected_winners",
            "expected_winners",
            limits.min_expected_winners,
            is_minimum=True,
        )


def _range_limits(
    kind: str,
    ranges: Mapping[str, WeightRange],
    minimum_type: LimitType,
    maximum_type: LimitType,
) -> Iterator[SingleLimit]:
    for name, stated in ranges.items():
        if stated.minimum is not None:
            yield SingleLimit(f"{kind}.{name}.min", minimum_type, stated.minimum, is_minimum=True)
    for name, stated in ranges.items():
        if stated.maximum is not None:
            yield SingleLimit(f"{kind}.{name}.max", maximum_type, stated.maximum)


def _ranges_with_values(
    kind: str, ranges: Mapping[str, WeightRange], values: Mapping[str, float]
) -> dict[str, WeightRange]:
    return {
        name: WeightRange(
            minimum=values.get(f"{kind}.{name}.min", stated.minimum),
            maximum=values.get(f"{kind}.{name}.max", stated.maximum),
        )
        for name, stated in ranges.items()
    }
