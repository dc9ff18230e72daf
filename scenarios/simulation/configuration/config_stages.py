"""Reads the stages of a scenario configuration and checks the rules inside each.

Values come back on the 1e-6 grid; None after recording at least one fault.
"""

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.canonical_numbers import (
    canonical,
    canonical_or_none,
    canonical_partial_shares,
)
from scenarios.simulation.configuration.parameters import STAGES, StageParameters


def read_stages(reader: FieldReader) -> dict[str, StageParameters] | None:
    before = len(reader.faults)
    stages_reader = reader.object("stages")
    present = [name for name in STAGES if stages_reader.has(name)]
    stages: dict[str, StageParameters] = {}
    for name in present:
        stage = _read_stage(stages_reader.object(name), is_last=name == present[-1])
        if stage is not None:
            stages[name] = stage
    stages_reader.refuse_unknown_fields()
    if not present and len(reader.faults) == before:
        reader.fault("stages", "REQUIRED", f"is empty, must have some of {', '.join(STAGES)}")
    return stages if len(reader.faults) == before else None


def _read_stage(reader: FieldReader, *, is_last: bool) -> StageParameters | None:
    before = len(reader.faults)
    rates = [
        reader.number(field, minimum=0, maximum=1, code="RATES_INVALID")
        for field in ("exit_probability", "graduate_probability", "fail_probability")
    ]
    median = reader.number("exit_multiple_median", minimum=0.001, maximum=1000, default=None)
    p90 = reader.number("exit_multiple_p90", minimum=0.001, maximum=100_000, default=None)
    step_up = reader.number("step_up", minimum=0.2, maximum=10, default=None)
    years = reader.number("years_per_round", minimum=0.01, maximum=10)
    reader.refuse_unknown_fields()
    if len(reader.faults) == before:
        _check_rates(reader, rates, is_last=is_last)
        _check_step_up(reader, step_up, is_last=is_last)
        _check_exit_multiples(reader, median, p90)
    if len(reader.faults) > before:
        return None
    exit_probability, graduate, fail = canonical_partial_shares(rates)
    return StageParameters(
        exit_probability=exit_probability,
        graduate_probability=graduate,
        fail_probability=fail,
        exit_multiple_median=canonical_or_none(median),
        exit_multiple_p90=canonical_or_none(p90),
        step_up=canonical_or_none(step_up),
        years_per_round=canonical(years),
    )


def _check_rates(reader: FieldReader, rates: list[float], *, is_last: bool) -> None:
    exit_probability, graduate, fail = (canonical(rate) for rate in rates)
    total = sum(rates)
    if total > 1.0 + 1e-9:
        reader.fault(
            "",
            "RATES_INVALID",
            f"exit, graduate and fail probabilities sum to {total:.10g}, must sum to at most 1",
        )
    if exit_probability + fail <= 0.0:
        reader.fault("", "RATES_INVALID", "exit and fail probability are both 0, one must be above")
    if fail >= 1.0:
        reader.fault("fail_probability", "RATES_INVALID", "is 1, must be below 1")
    if is_last and graduate > 0.0:
        reader.fault(
            "graduate_probability",
            "RATES_INVALID",
            f"is {graduate:g}, must be 0 at the last stage",
        )


def _check_step_up(reader: FieldReader, step_up: float | None, *, is_last: bool) -> None:
    if is_last and step_up is not None:
        reader.fault("step_up", "STEP_UP", "is set, must be null at the last stage")
    if not is_last and step_up is None:
        reader.fault("step_up", "STEP_UP", "is missing, must be set before the last stage")


def _check_exit_multiples(reader: FieldReader, median: float | None, p90: float | None) -> None:
    if (median is None) != (p90 is None):
        reader.fault(
            "exit_multiple_median",
            "EXIT_PARAMS",
            "and exit_multiple_p90 must both be set or both be null",
        )
    elif median is not None and p90 is not None and canonical(p90) <= canonical(median):
        reader.fault(
            "exit_multiple_p90",
            "EXIT_PARAMS",
            f"is {p90:g}, must be above exit_multiple_median ({median:g})",
        )
