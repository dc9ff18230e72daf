"""Rules of a scenario configuration that tie several sections together."""

from collections.abc import Mapping, Sequence

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.parameters import (
    BucketParameters,
    ExitLaw,
    Financing,
    StageParameters,
)
from scenarios.simulation.deals.outcome_paths import chain_from, company_paths
from scenarios.simulation.deals.truncated_pareto import largest_p90

LARGEST_LOGNORMAL_RATIO = 15.0
"""P90 over median. Beyond it the mean hangs on tails that no sample of deals reaches."""

SMALLEST_EXIT_PROBABILITY = 1e-4
"""Rarer exits could not be told apart from none."""


def check_unique_keys(buckets: Sequence[BucketParameters], readers: Sequence[FieldReader]) -> None:
    seen: set[str] = set()
    for bucket, reader in zip(buckets, readers, strict=True):
        if bucket.key in seen:
            reader.fault("key", "BUCKET_DUPLICATE", f"is {bucket.key!r}, which is used twice")
        seen.add(bucket.key)


def check_lognormal_spread(
    stages: Mapping[str, StageParameters], exit_law: ExitLaw, reader: FieldReader
) -> None:
    if exit_law.law != "lognormal":
        return
    for name, stage in stages.items():
        median, p90 = stage.exit_multiple_median, stage.exit_multiple_p90
        if median is None or p90 is None or p90 <= LARGEST_LOGNORMAL_RATIO * median:
            continue
        reader.fault(
            f"stages.{name}.exit_multiple_p90",
            "EXIT_PARAMS",
            f"is {p90:g}, must be at most {LARGEST_LOGNORMAL_RATIO:g} times the median "
            f"({median:g}) under lognormal",
        )


def check_pareto_spread(
    stages: Mapping[str, StageParameters], exit_law: ExitLaw, reader: FieldReader
) -> None:
    """A P90 at or above the cap is reported at the buckets that enter there."""
    for name, stage in stages.items():
        median, p90 = stage.exit_multiple_median, stage.exit_multiple_p90
        if median is None or p90 is None:
            continue
        largest = _largest_pareto_p90(exit_law, median=median, p90=p90)
        if largest is not None and p90 > largest:
            reader.fault(
                f"stages.{name}.exit_multiple_p90",
                "EXIT_PARAMS_INFEASIBLE",
                f"is {p90:g}, must be at most {largest:g}: no Pareto law that ends at "
                f"exit_law.multiple_cap has a larger one at a median of {median:g}",
            )


def _largest_pareto_p90(exit_law: ExitLaw, *, median: float, p90: float) -> float | None:
    """The largest 90 % quantile possible; None under another law or at or above the cap."""
    cap = exit_law.multiple_cap
    if exit_law.law != "pareto" or cap is None or p90 >= cap:
        return None
    return largest_p90(median=median, cap=cap)


def check_bucket(
    bucket: BucketParameters,
    reader: FieldReader,
    *,
    stages: Mapping[str, StageParameters],
    financing: Financing,
    exit_law: ExitLaw,
) -> None:
    """Records what makes the bucket impossible under the stages and the exit law."""
    entry = stages.get(bucket.stage)
    if entry is None:
        reader.fault(
            "stage",
            "NOT_A_CHOICE",
            f"is {bucket.stage!r}, must be one of the configured stages {', '.join(stages)}",
        )
        return
    _check_exit_multiples(bucket, reader, entry=entry, exit_law=exit_law)
    if _risk_multiplier_fits(bucket, reader, stages=stages):
        _check_exit_is_possible(bucket, reader, stages=stages, financing=financing)


def _check_exit_multiples(
    bucket: BucketParameters, reader: FieldReader, *, entry: StageParameters, exit_law: ExitLaw
) -> None:
    if entry.exit_multiple_p90 is None:
        reader.fault(
            "stage",
            "EXIT_PARAMS",
            f"is {bucket.stage!r}, which has no exit multiples, so no bucket may enter there",
        )
        return
    p90 = entry.exit_multiple_p90 * bucket.return_multiplier
    if exit_law.multiple_cap is not None and p90 >= exit_law.multiple_cap:
        reader.fault(
            "return_multiplier",
            "EXIT_CAP",
            f"is {bucket.return_multiplier:g}, which lifts the P90 of exits to {p90:g}; it must "
            f"stay below exit_law.multiple_cap ({exit_law.multiple_cap:g})",
        )
    elif entry.exit_multiple_median is not None:
        _check_pareto_is_possible(
            bucket,
            reader,
            exit_law=exit_law,
            median=entry.exit_multiple_median,
            p90=entry.exit_multiple_p90,
        )


def _check_pareto_is_possible(
    bucket: BucketParameters, reader: FieldReader, *, exit_law: ExitLaw, median: float, p90: float
) -> None:
    """The cap stays where it is when the return multiplier lifts median and P90.

    Where the stage is impossible without the multiplier the fault is the stage's.
    """
    multiplier = bucket.return_multiplier
    alone = _largest_pareto_p90(exit_law, median=median, p90=p90)
    lifted = _largest_pareto_p90(exit_law, median=multiplier * median, p90=multiplier * p90)
    if alone is None or lifted is None or p90 > alone or multiplier * p90 <= lifted:
        return
    reader.fault(
        "return_multiplier",
        "EXIT_PARAMS_INFEASIBLE",
        f"is {multiplier:g}, which lifts the P90 of exits to {multiplier * p90:g}; no Pareto law "
        f"that ends at exit_law.multiple_cap has one above {lifted:g} at a median of "
        f"{multiplier * median:g}",
    )


def _risk_multiplier_fits(
    bucket: BucketParameters, reader: FieldReader, *, stages: Mapping[str, StageParameters]
) -> bool:
    fits = True
    for name in chain_from(entry_stage=bucket.stage, stages=stages):
        fail = bucket.risk_multiplier * stages[name].fail_probability
        if fail > 1.0:
            fits = False
            reader.fault(
                "risk_multiplier",
                "RISK_MULT_TOO_LARGE",
                f"is {bucket.risk_multiplier:g}, which lifts the fail probability of {name} to "
                f"{fail:g}; it must stay at or below 1",
            )
    return fits


def _check_exit_is_possible(
    bucket: BucketParameters,
    reader: FieldReader,
    *,
    stages: Mapping[str, StageParameters],
    financing: Financing,
) -> None:
    paths = company_paths(
        entry_stage=bucket.stage,
        stages=stages,
        risk_multiplier=bucket.risk_multiplier,
        max_rounds=financing.max_rounds,
    )
    if paths.exit_probability < SMALLEST_EXIT_PROBABILITY:
        reader.fault(
            "",
            "RATES_INVALID",
            f"reaches an exit with probability {paths.exit_probability:.2g}, must be at least "
            f"{SMALLEST_EXIT_PROBABILITY:g}; check the rates of {bucket.stage} and later stages",
        )
