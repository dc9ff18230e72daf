"""Reads how the outcomes of a scenario configuration hang together.

Values come back on the 1e-6 grid; None after recording at least one fault.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.canonical_numbers import (
    canonical,
    canonical_shares,
    sums_to_one,
)
from scenarios.simulation.configuration.config_copula import read_copula
from scenarios.simulation.configuration.config_shares import check_preset_stages, read_shares
from scenarios.simulation.configuration.parameters import (
    GAUSSIAN,
    MAX_BUCKETS,
    BucketCorrelation,
    BucketParameters,
    Dependence,
    FactorShares,
)
from scenarios.simulation.dependence.correlation_root import (
    NotPositiveSemidefinite,
    correlation_root,
)

ROUNDING = 1e-9
"""What a correlation may differ from its mirror image, a diagonal from 1, or any exceed 1."""


def read_dependence(reader: FieldReader) -> Dependence | None:
    before = len(reader.faults)
    section = reader.object("dependence")
    variance_shares, share_level = read_shares(section)
    copula = read_copula(section)
    coupling = section.number("value_path_coupling", minimum=0, maximum=0.95)
    shares, correlation = None, None
    if section.has("bucket_correlation"):
        correlation = _read_correlation(section.object("bucket_correlation"))
        if section.has("factor_shares"):
            section.fault(
                "factor_shares",
                "CORRELATION_INVALID",
                "is set, must be null where bucket_correlation is given",
            )
    else:
        shares = _read_factor_shares(section.object("factor_shares"))
    section.refuse_unknown_fields()
    if variance_shares is None or copula is None or len(reader.faults) > before:
        return None
    return Dependence(
        variance_shares=variance_shares,
        factor_shares=shares,
        value_path_coupling=canonical(coupling),
        bucket_correlation=correlation,
        share_level=share_level,
        copula=copula,
    )


def dependence_json(dependence: Dependence) -> dict[str, Any]:
    """Without what stands at its default: correlation, level of shares, copula."""
    content = asdict(dependence)
    correlation = content.pop("bucket_correlation")
    if correlation is not None:
        content["bucket_correlation"] = {
            "buckets": list(correlation["buckets"]),
            "matrix": [list(row) for row in correlation["matrix"]],
        }
    if dependence.share_level == "reference_portfolio":
        del content["share_level"]
    if dependence.copula == GAUSSIAN:
        del content["copula"]
    return content


def check_dependent_buckets(
    dependence: Dependence, buckets: Sequence[BucketParameters], reader: FieldReader
) -> None:
    """Records what of the dependence does not fit the buckets."""
    check_preset_stages(dependence, buckets, reader)
    _check_correlated_buckets(dependence, buckets, reader)


def _check_correlated_buckets(
    dependence: Dependence, buckets: Sequence[BucketParameters], reader: FieldReader
) -> None:
    """Every bucket must have its row in the correlation matrix, if there is one, and no other."""
    if dependence.bucket_correlation is None:
        return
    correlated = set(dependence.bucket_correlation.buckets)
    keys = {bucket.key for bucket in buckets}
    for problem, differing in (("misses", keys - correlated), ("names", correlated - keys)):
        if differing:
            end = "" if problem == "misses" else ", which the configuration does not have"
            reader.fault(
                "dependence.bucket_correlation.buckets",
                "CORRELATION_INVALID",
                f"{problem} {', '.join(sorted(differing))}{end}",
            )


def _read_factor_shares(factors: FieldReader) -> FactorShares | None:
    before = len(factors.faults)
    shares = [
        factors.number(field, minimum=0, maximum=1) for field in ("sector", "stage", "bucket")
    ]
    factors.refuse_unknown_fields()
    if len(factors.faults) == before and not sums_to_one(shares):
        factors.fault("", "SHARES_SUM", f"sum to {sum(shares):.10g}, must sum to 1")
    if len(factors.faults) > before:
        return None
    sector, stage, bucket = canonical_shares(shares)
    return FactorShares(sector=sector, stage=stage, bucket=bucket)


def _read_correlation(section: FieldReader) -> BucketCorrelation | None:
    """Rows and columns come back in the order of the bucket keys."""
    before = len(section.faults)
    keys = _read_keys(section)
    matrix = _read_matrix(section, size=None if keys is None else len(keys))
    section.refuse_unknown_fields()
    if keys is not None and matrix is not None and len(section.faults) == before:
        _check_form(section, matrix)
    if keys is None or matrix is None or len(section.faults) > before:
        return None
    order = sorted(range(len(keys)), key=lambda place: keys[place])
    correlation = BucketCorrelation(
        buckets=tuple(keys[place] for place in order),
        # The mean of the two mirror images, which may differ by rounding.
        matrix=tuple(
            tuple(canonical(0.5 * (matrix[row][column] + matrix[column][row])) for column in order)
            for row in order
        ),
    )
    return correlation if _is_possible(section, correlation) else None


def _read_keys(section: FieldReader) -> list[str] | None:
    keys = section.raw("buckets")
    if keys is None:
        return None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        section.fault("buckets", "CORRELATION_INVALID", "must be a list of bucket keys")
        return None
    if len(keys) > MAX_BUCKETS:
        section.fault(
            "buckets", "TOO_LONG", f"has {len(keys)} entries, at most {MAX_BUCKETS} are allowed"
        )
        return None
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        section.fault("buckets", "CORRELATION_INVALID", f"names {', '.join(repeated)} twice")
    return keys


def _read_matrix(section: FieldReader, *, size: int | None) -> list[list[float]] | None:
    """The entries as they are given; None after a fault or without knowing the size."""
    rows = section.raw("matrix")
    if rows is None or size is None:
        return None
    if (
        not isinstance(rows, list)
        or len(rows) != size
        or any(not isinstance(row, list) or len(row) != size for row in rows)
    ):
        section.fault(
            "matrix",
            "CORRELATION_INVALID",
            f"must be {size} lists of {size} numbers, one for each of the named buckets",
        )
        return None
    # Read like an object whose fields are the entries, for the checks and the paths.
    entries = {
        f"matrix[{row}][{column}]": value
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
    }
    reader = FieldReader(entries, path=section.path, faults=section.faults)
    largest = 1.0 + ROUNDING
    numbers = [reader.number(field, minimum=-largest, maximum=largest) for field in entries]
    return [numbers[row * size : (row + 1) * size] for row in range(size)]


def _check_form(section: FieldReader, matrix: list[list[float]]) -> None:
    """Records the first diagonal entry that is not 1 and the first that differs from its mirror."""
    values = np.array(matrix, dtype=np.float64).reshape(len(matrix), len(matrix))
    off_unit = np.flatnonzero(np.abs(np.diag(values) - 1.0) > ROUNDING)
    for place in off_unit[:1].tolist():
        section.fault(
            f"matrix[{place}][{place}]",
            "CORRELATION_INVALID",
            f"is {values[place, place]:.10g}, must be 1 on the diagonal",
        )
    lopsided = np.argwhere(np.abs(values - values.T) > ROUNDING)
    for row, column in lopsided[:1].tolist():
        section.fault(
            f"matrix[{row}][{column}]",
            "CORRELATION_INVALID",
            f"is {values[row, column]:.10g}, must equal matrix[{column}][{row}] "
            f"({values[column, row]:.10g})",
        )


def _is_possible(section: FieldReader, correlation: BucketCorrelation) -> bool:
    try:
        correlation_root(correlation.matrix)
    except NotPositiveSemidefinite:
        smallest = float(np.linalg.eigvalsh(np.array(correlation.matrix))[0])
        section.fault(
            "matrix",
            "CORRELATION_NOT_PSD",
            f"has the eigenvalue {smallest:.3g}, must have none below 0: no factors have these "
            "correlations",
        )
        return False
    return True
