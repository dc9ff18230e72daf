"""Reads the recycling of a scenario configuration."""

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.canonical_numbers import canonical
from scenarios.simulation.configuration.parameters import Recycling
from scenarios.simulation.pacing.cash_flow_years import YEARS

DEFAULT_VINTAGE_CORRELATION = 0.5


def read_recycling(reader: FieldReader) -> Recycling | None:
    """None after a fault, and also where nothing would be recycled: both are the same law."""
    if not reader.has("recycling"):
        return None
    before = len(reader.faults)
    section = reader.object("recycling")

    def number(field: str, *, maximum: float, **default: float) -> float:
        value: float = section.number(
            field, minimum=0, maximum=maximum, code="RECYCLE_RANGE", **default
        )
        return value

    utilization = number("utilization_fraction", maximum=1)
    cost_multiple = number("cost_multiple", maximum=10)
    max_deals = section.integer("max_deals", minimum=0, maximum=100, code="RECYCLE_RANGE")
    deadline = number("deadline_years", maximum=YEARS)
    correlation = number("vintage_correlation", maximum=1, default=DEFAULT_VINTAGE_CORRELATION)
    section.refuse_unknown_fields()
    if len(reader.faults) > before:
        return None
    recycling = Recycling(
        utilization_fraction=canonical(utilization),
        cost_multiple=canonical(cost_multiple),
        max_deals=max_deals,
        deadline_years=canonical(deadline),
        vintage_correlation=canonical(correlation),
    )
    return recycling if _recycles(recycling) else None


def _recycles(recycling: Recycling) -> bool:
    bounds = (
        recycling.utilization_fraction,
        recycling.cost_multiple,
        recycling.max_deals,
        recycling.deadline_years,
    )
    return all(bound > 0 for bound in bounds)
