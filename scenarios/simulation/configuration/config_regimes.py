"""Reads the regimes of a scenario configuration and checks the rules among them.

Values come back on the 1e-6 grid; None after recording at least one fault.
"""

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.canonical_numbers import (
    canonical,
    canonical_shares,
    sums_to_one,
)
from scenarios.simulation.configuration.parameters import Regime
from scenarios.simulation.dependence.macro_law import shock_moments

MAX_REGIMES = 12
SMALLEST_PROBABILITY = 1e-4
"""Standardising a rarer regime would put its factor hundreds of deviations out."""


def read_regimes(reader: FieldReader) -> tuple[Regime, ...] | None:
    before = len(reader.faults)
    entries = list(reader.objects("regimes", longest=MAX_REGIMES))
    regimes = [_read_regime(entry) for entry in entries]
    if reader.has("regimes") and not regimes and len(reader.faults) == before:
        reader.fault("regimes", "REGIME_INVALID", "is empty, must list at least one regime")
    if len(reader.faults) > before:
        return None
    read = [regime for regime in regimes if regime is not None]
    _check_names(reader, [regime.name for regime in read])
    _check_probabilities(reader, read)
    _check_worst_to_best(entries, read)
    if len(reader.faults) > before:
        return None
    rounded = _rounded_regimes(read)
    if shock_moments(rounded)[1] <= 0.0:
        reader.fault(
            "regimes",
            "REGIME_DEGENERATE",
            "all shocks are the same number, so there is no macro risk to simulate; "
            "widen a range or give weight to a second regime",
        )
        return None
    return rounded


def _read_regime(entry: FieldReader) -> Regime | None:
    before = len(entry.faults)
    name = entry.text("name", longest=60)
    probability = entry.number("probability", minimum=0, maximum=1, code="REGIME_INVALID")
    low = entry.number("shock_min", minimum=-10, maximum=10, code="REGIME_INVALID")
    high = entry.number("shock_max", minimum=-10, maximum=10, code="REGIME_INVALID")
    entry.refuse_unknown_fields()
    if probability and canonical(probability) < SMALLEST_PROBABILITY:
        entry.fault(
            "probability",
            "REGIME_INVALID",
            f"is {probability:g}, must be 0 or at least {SMALLEST_PROBABILITY:g}",
        )
    if low is not None and high is not None and low > high:
        entry.fault(
            "shock_min", "REGIME_INVALID", f"is {low:g}, must be at most shock_max ({high:g})"
        )
    if len(entry.faults) > before:
        return None
    return Regime(name=name, probability=probability, shock_min=low, shock_max=high)


def _check_names(reader: FieldReader, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            reader.fault(
                f"regimes[{index}].name", "REGIME_INVALID", f"is {name!r}, which is used twice"
            )


def _check_probabilities(reader: FieldReader, regimes: list[Regime]) -> None:
    probabilities = [regime.probability for regime in regimes]
    if not sums_to_one(probabilities):
        reader.fault(
            "regimes",
            "REGIME_INVALID",
            f"have probabilities that sum to {sum(probabilities):.10g}, must sum to 1",
        )


def _check_worst_to_best(entries: list[FieldReader], regimes: list[Regime]) -> None:
    for entry, worse, better in zip(entries[1:], regimes, regimes[1:], strict=False):
        for field in ("shock_min", "shock_max"):
            if getattr(better, field) < getattr(worse, field):
                entry.fault(
                    field,
                    "REGIME_INVALID",
                    f"is {getattr(better, field):g}, below {getattr(worse, field):g} of "
                    f"{worse.name!r}; regimes must be listed from worst to best",
                )


def _rounded_regimes(regimes: list[Regime]) -> tuple[Regime, ...]:
    probabilities = canonical_shares([regime.probability for regime in regimes])
    return tuple(
        Regime(
            name=regime.name,
            probability=probability,
            shock_min=canonical(regime.shock_min),
            shock_max=canonical(regime.shock_max),
        )
        for regime, probability in zip(regimes, probabilities, strict=True)
    )
