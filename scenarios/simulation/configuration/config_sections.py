"""Reads the sections of a scenario configuration that need no file of their own.

Values come back on the 1e-6 grid; None after recording at least one fault. Rules between
sections are in ``config_rules``.
"""

from typing import Any

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.canonical_numbers import (
    canonical,
    canonical_or_none,
)
from scenarios.simulation.configuration.parameters import (
    STAGES,
    BucketParameters,
    ExitLaw,
    ExitLawName,
    FailureRecovery,
    Financing,
)

EXIT_LAW_FIELDS: dict[ExitLawName, tuple[str, ...]] = {
    "lognormal_pareto": ("tail_index", "multiple_cap"),
    "lognormal": (),
    "pareto": ("multiple_cap",),
}
"""The parameters each exit law needs; it takes no other."""

_WITHOUT = {
    "lognormal": "has no Pareto tail",
    "pareto": "finds its tail index from median and P90",
}


def read_financing(reader: FieldReader) -> Financing | None:
    before = len(reader.faults)
    section = reader.object("financing")
    dilution = section.number("dilution_per_round", minimum=0, maximum=0.6)
    refresh = section.number("option_pool_refresh", minimum=0, maximum=0.3)
    participation = section.number("pro_rata_participation", minimum=0, maximum=1)
    max_rounds = section.integer("max_rounds", minimum=1, maximum=40)
    section.refuse_unknown_fields()
    if len(reader.faults) > before:
        return None
    return Financing(
        dilution_per_round=canonical(dilution),
        option_pool_refresh=canonical(refresh),
        pro_rata_participation=canonical(participation),
        max_rounds=max_rounds,
    )


def read_exit_law(reader: FieldReader) -> ExitLaw | None:
    before = len(reader.faults)
    section = reader.object("exit_law")
    law = section.choice("law", tuple(EXIT_LAW_FIELDS))
    tail_index = section.number("tail_index", minimum=0.1, maximum=10, default=None)
    cap = section.number("multiple_cap", minimum=1, maximum=1_000_000, default=None)
    section.refuse_unknown_fields()
    if len(reader.faults) > before:
        return None
    for field, value in (("tail_index", tail_index), ("multiple_cap", cap)):
        is_needed = field in EXIT_LAW_FIELDS[law]
        if is_needed and value is None:
            section.fault(field, "EXIT_PARAMS", f"is missing, {law} needs it")
        if not is_needed and value is not None:
            section.fault(
                field, "EXIT_PARAMS", f"is {value:g}, must be null: {law} {_WITHOUT[law]}"
            )
    if len(reader.faults) > before:
        return None
    return ExitLaw(
        law=law, tail_index=canonical_or_none(tail_index), multiple_cap=canonical_or_none(cap)
    )


def read_failure_recovery(reader: FieldReader) -> FailureRecovery | None:
    before = len(reader.faults)
    section = reader.object("failure_recovery")
    threshold = section.number("threshold", minimum=0, maximum=0.999)
    maximum = section.number("maximum", minimum=0, maximum=1)
    section.refuse_unknown_fields()
    if len(reader.faults) > before:
        return None
    return FailureRecovery(threshold=canonical(threshold), maximum=canonical(maximum))


def read_bucket(reader: FieldReader) -> BucketParameters | None:
    before = len(reader.faults)
    values: dict[str, Any] = {
        "key": reader.text("key", longest=120),
        "stage": reader.choice("stage", STAGES),
        "sector": reader.text("sector", longest=100),
    }
    ranges: dict[str, dict[str, Any]] = {
        "reserve_ratio": {"minimum": 0, "maximum": 5},
        "reference_deals": {"minimum": 1, "maximum": 1000, "code": "N_REF_INVALID"},
        "cheque_variation": {"minimum": 0, "maximum": 5},
        "risk_multiplier": {"minimum": 0.01, "maximum": 20},
        "return_multiplier": {"minimum": 0.01, "maximum": 20},
    }
    numbers: dict[str, Any] = {
        field: reader.number(field, **bounds) for field, bounds in ranges.items()
    }
    reader.refuse_unknown_fields()
    if len(reader.faults) == before and values["key"] != f"{values['stage']}/{values['sector']}":
        reader.fault(
            "key",
            "BUCKET_KEY",
            f"is {values['key']!r}, must be stage/sector: {values['stage']}/{values['sector']}",
        )
    if len(reader.faults) > before:
        return None
    values |= {field: canonical(number) for field, number in numbers.items()}
    return BucketParameters(**values)
