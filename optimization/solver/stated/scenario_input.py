"""The scenario matrix at the edge: from nested lists, an array or a file, checked cell by cell."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.checked_input import FieldReader

MAX_SCENARIOS = 5_000
# Far above any real multiple; beyond it the solver's absolute tolerances lose their meaning.
LARGEST_MULTIPLE = 1e6


def checked_multiples(
    reader: FieldReader, field: str, values: Any, *, rows: int
) -> NDArray[np.float64] | None:
    """A read-only (rows, S) float64 copy of ``values``, or None after recording what is wrong.

    ``values`` is an array or a list of lists of numbers. ``rows`` is the number of buckets; 0
    (buckets that are themselves faulty) leaves the number of rows unchecked.
    """
    matrix = _as_matrix(reader, field, values)
    if matrix is None or not _shape_is_right(reader, field, matrix.shape, rows):
        return None
    for broken, code, rule in (
        (~np.isfinite(matrix), "NOT_FINITE", "must be a finite number"),
        (matrix < 0, "NEGATIVE", "must be at least 0"),
        (matrix > LARGEST_MULTIPLE, "OUT_OF_RANGE", f"must be at most {LARGEST_MULTIPLE:g}"),
    ):
        if broken.any():
            bucket, scenario = (int(index[0]) for index in np.nonzero(broken))
            count = int(broken.sum())
            others = f" ({count} numbers break this rule)" if count > 1 else ""
            reader.fault(
                f"{field}[{bucket}][{scenario}]",
                code,
                f"is {matrix[bucket, scenario]:g}, {rule}{others}",
            )
            return None
    matrix.setflags(write=False)
    return matrix


def load_multiples_file(reader: FieldReader, field: str, *, folder: Path) -> Any:
    """The array in the .npy file that ``field`` names, relative to ``folder``; None if faulty."""
    name = reader.text(field, longest=1_000)
    if name is None:
        return None
    try:
        # The header is read first, so a file that claims terabytes is refused before they
        # are allocated.
        array = np.load(folder / name, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        reader.fault(field, "UNREADABLE", f"is {name!r}, which cannot be read: {error.strerror}")
        return None
    except (ValueError, EOFError) as error:
        reader.fault(field, "NOT_AN_ARRAY", f"is {name!r}, which is no .npy array: {error}")
        return None
    if not isinstance(array, np.ndarray):
        reader.fault(field, "NOT_AN_ARRAY", f"is {name!r}, which holds more than one array")
        return None
    return array


def _as_matrix(reader: FieldReader, field: str, values: Any) -> NDArray[np.float64] | None:
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in "fiu":
            reader.fault(field, "NOT_NUMBERS", f"holds {values.dtype}, must hold real numbers")
            return None
        if values.ndim == 2 and values.size > 100 * MAX_SCENARIOS:
            _fault_size(reader, field, values.shape)
            return None
        return np.array(values, dtype=np.float64, order="C")
    return _matrix_of_lists(reader, field, values)


def _matrix_of_lists(reader: FieldReader, field: str, rows: Any) -> NDArray[np.float64] | None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        reader.fault(field, "NOT_A_MATRIX", "must be a list with one list of numbers per bucket")
        return None
    if len({len(row) for row in rows}) > 1:
        reader.fault(
            field,
            "RAGGED",
            f"has rows of {', '.join(str(n) for n in sorted({len(row) for row in rows}))} numbers; "
            "every bucket needs the same number of scenarios",
        )
        return None
    for bucket, row in enumerate(rows):
        for scenario, value in enumerate(row):
            if isinstance(value, bool) or not isinstance(value, int | float):
                reader.fault(f"{field}[{bucket}][{scenario}]", "NOT_A_NUMBER", "must be a number")
                return None
    return _to_float64(reader, field, rows)


def _to_float64(
    reader: FieldReader, field: str, rows: list[list[int | float]]
) -> NDArray[np.float64] | None:
    if not rows:
        return np.empty((0, 0))
    try:
        return np.array(rows, dtype=np.float64)
    except OverflowError:
        reader.fault(field, "NOT_FINITE", "holds a whole number too large to be a multiple")
        return None


def _shape_is_right(reader: FieldReader, field: str, shape: tuple[int, ...], rows: int) -> bool:
    if len(shape) != 2:
        reader.fault(field, "NOT_A_MATRIX", f"has shape {shape}, must be (buckets, scenarios)")
        return False
    if rows and shape[0] != rows:
        reader.fault(
            field,
            "SHAPE_MISMATCH",
            f"has {shape[0]} rows of scenarios for {rows} buckets, must have one row per bucket",
        )
        return False
    if shape[1] == 0:
        reader.fault(field, "EMPTY", "has no scenarios")
        return False
    if shape[1] > MAX_SCENARIOS:
        _fault_size(reader, field, shape)
        return False
    return True


def _fault_size(reader: FieldReader, field: str, shape: tuple[int, ...]) -> None:
    reader.fault(
        field,
        "TOO_MANY_SCENARIOS",
        f"has shape {shape}; at most {MAX_SCENARIOS} scenarios per bucket are allowed",
    )
