"""The allocation problem: what is bought, with how much, in which futures, under which limits.

An `AllocationProblem` that exists is sound: its constructor reads every part through the same
rules as `parse_problem` reads JSON.
"""

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.solver.stated.limits import (
    CvarLimit,
    Limits,
    WeightRange,
    parse_limits,
    read_limits,
)
from optimization.solver.stated.scenario_input import (
    LARGEST_MULTIPLE,
    checked_multiples,
    load_multiples_file,
)
from scenarios.simulation.checked_input import FieldReader

__all__ = [
    "AllocationProblem",
    "Bucket",
    "CvarLimit",
    "Limits",
    "SolverSettings",
    "WeightRange",
    "parse_limits",
    "parse_problem",
]

MAX_BUCKETS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One stage and sector in which deals can be bought.

    ``deal_win_probability`` is the chance that one deal returns at least ten times its all-in
    cost. ``expected_multiple`` is the exact mean of the bucket's multiple where the law gives
    one; None means that the mean over the scenarios stands in for it.
    """

    key: str
    stage: str
    sector: str
    all_in_cost_usd: Decimal
    deal_win_probability: float
    expected_multiple: float | None = None

    def as_json(self) -> dict[str, Any]:
        fields = {
            "key": self.key,
            "stage": self.stage,
            "sector": self.sector,
            "all_in_cost_usd": self.all_in_cost_usd,
            "deal_win_probability": self.deal_win_probability,
            "expected_multiple": self.expected_multiple,
        }
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverSettings:
    """How far to prove and for how long; fractions are relative to the expected multiple."""

    primary_lock_epsilon: float = 1e-3
    mip_gap: float = 1e-4
    time_limit_seconds: float = 60.0

    def as_json(self) -> dict[str, float]:
        return {
            "primary_lock_epsilon": self.primary_lock_epsilon,
            "mip_gap": self.mip_gap,
            "time_limit_seconds": self.time_limit_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AllocationProblem:
    """Maximise the expected multiple of ``capital_usd`` over ``buckets`` within ``limits``.

    ``multiples`` is (B, S): row b holds the multiple of bucket b in each of S equally likely
    scenarios, at least 0; kept as a read-only float64 copy. Raises `InvalidInput` with every
    fault that the parts have, alone or together.
    """

    capital_usd: Decimal
    buckets: tuple[Bucket, ...]
    multiples: NDArray[np.float64]
    limits: Limits = field(default_factory=Limits)
    settings: SolverSettings = field(default_factory=SolverSettings)
    relax: bool = False

    def __post_init__(self) -> None:
        reader = FieldReader({"capital_usd": self.capital_usd})
        capital_usd = reader.money_usd("capital_usd")
        for index, bucket in enumerate(self.buckets):
            _bucket_fields(
                FieldReader(bucket.as_json(), path=f"buckets[{index}]", faults=reader.faults)
            )
        _check_bucket_list(reader, [bucket.key for bucket in self.buckets])
        multiples = checked_multiples(reader, "multiples", self.multiples, rows=len(self.buckets))
        self._check_limits(reader, scenarios=None if multiples is None else multiples.shape[1])
        _settings(FieldReader(self.settings.as_json(), faults=reader.faults))
        reader.raise_faults()
        object.__setattr__(self, "capital_usd", capital_usd)
        object.__setattr__(self, "multiples", multiples)

    def _check_limits(self, reader: FieldReader, *, scenarios: int | None) -> None:
        """Faults go to ``reader``; ``scenarios`` are None when their number is unknown."""
        read_limits(
            FieldReader(self.limits.as_json(), path="limits", faults=reader.faults),
            sectors=sorted({bucket.sector for bucket in self.buckets}),
            stages=sorted({bucket.stage for bucket in self.buckets}),
            buckets=self.buckets or None,
            scenarios=scenarios,
            relax=self.relax,
        )

    @property
    def scenarios(self) -> int:
        return int(self.multiples.shape[1])

    @property
    def bucket_keys(self) -> tuple[str, ...]:
        return tuple(bucket.key for bucket in self.buckets)

    def expected_multiples(self) -> NDArray[np.float64]:
        """(B,): the exact mean of each bucket where it is known, else its mean over scenarios."""
        sample_means = self.multiples.mean(axis=1)
        return np.array(
            [
                sample if bucket.expected_multiple is None else bucket.expected_multiple
                for bucket, sample in zip(self.buckets, sample_means.tolist(), strict=True)
            ]
        )

    def expected_winners_per_weight(self) -> NDArray[np.float64]:
        """(B,): winners expected if all the capital went to the one bucket."""
        return np.array(
            [
                float(self.capital_usd / bucket.all_in_cost_usd) * bucket.deal_win_probability
                for bucket in self.buckets
            ]
        )

    def allowed_losing_scenarios(self) -> int | None:
        """The largest number of losing scenarios within the limit; None without that limit."""
        if self.limits.max_loss_probability is None:
            return None
        # 0.35 * 400 is 139.99999999999997 in binary floating point and means 140.
        return math.floor(self.limits.max_loss_probability * self.scenarios + 1e-9)

    def in_key_order(self) -> "AllocationProblem":
        """The same problem with buckets sorted by the code points of their keys."""
        order = sorted(range(len(self.buckets)), key=lambda index: self.buckets[index].key)
        return replace(
            self,
            buckets=tuple(self.buckets[index] for index in order),
            multiples=self.multiples[order],
        )

    def with_limits(self, limits: Limits) -> "AllocationProblem":
        """The same problem under ``limits``, which alone are checked."""
        changed = copy(self)
        object.__setattr__(changed, "limits", limits)
        reader = FieldReader({})
        changed._check_limits(reader, scenarios=self.scenarios)
        reader.raise_faults()
        return changed


def parse_problem(
    data: object, *, multiples: NDArray[Any] | None = None, folder: Path | None = None
) -> AllocationProblem:
    """The problem in ``data``, the JSON object that ``manage.py solve_allocation`` reads.

    The scenarios come from ``data["multiples"]``, from the .npy file ``data["multiples_file"]``
    in ``folder``, or from ``multiples`` (B, S), exactly one of them. Raises `InvalidInput` with
    every fault and its JSON path.
    """
    reader = FieldReader(data)
    reader.raise_faults()
    capital_usd = reader.money_usd("capital_usd")
    fields = [_bucket_fields(bucket) for bucket in reader.objects("buckets", longest=MAX_BUCKETS)]
    if fields or reader.raw("buckets", None) == []:
        _check_bucket_list(reader, [bucket["key"] for bucket in fields])
    buckets_are_sound = not reader.faults
    matrix = _matrix(reader, multiples, folder=folder, rows=len(fields))
    buckets = tuple(Bucket(**bucket) for bucket in fields)
    relax = reader.flag("relax", default=False)
    limits = read_limits(
        reader.object("limits"),
        sectors=_names(fields, "sector"),
        stages=_names(fields, "stage"),
        buckets=buckets if buckets_are_sound else None,
        scenarios=None if matrix is None else matrix.shape[1],
        relax=bool(relax),
    )
    settings = _settings(reader)
    reader.refuse_unknown_fields()
    reader.raise_faults()
    return AllocationProblem(
        capital_usd=capital_usd,
        buckets=buckets,
        multiples=matrix,
        limits=limits,
        settings=settings,
        relax=relax,
    )


def _names(buckets: Sequence[Mapping[str, Any]], field_name: str) -> list[str] | None:
    """The distinct names in a field of the buckets; None when some bucket's is unreadable."""
    names = {bucket[field_name] for bucket in buckets}
    return None if None in names or not names else sorted(names)


def _matrix(
    reader: FieldReader, given: NDArray[Any] | None, *, folder: Path | None, rows: int
) -> Any:
    in_file = reader.has("multiples_file")
    if (given is not None) + in_file + reader.has("multiples") != 1:
        reader.fault(
            "multiples", "EXACTLY_ONE_SOURCE", "must be given once: as multiples or multiples_file"
        )
        return None
    if in_file and folder is None:
        reader.fault("multiples_file", "NO_FILES_HERE", "cannot be used here, give multiples")
        return None
    if in_file and folder is not None:
        array = load_multiples_file(reader, "multiples_file", folder=folder)
        return (
            array
            if array is None
            else checked_multiples(reader, "multiples_file", array, rows=rows)
        )
    values = reader.raw("multiples") if given is None else given
    return checked_multiples(reader, "multiples", values, rows=rows)


def _bucket_fields(reader: FieldReader) -> Mapping[str, Any]:
    """The fields of one bucket; use them only when the reader has no faults."""
    fields = {
        "key": reader.text("key"),
        "stage": reader.text("stage"),
        "sector": reader.text("sector"),
        "all_in_cost_usd": reader.money_usd("all_in_cost_usd"),
        "deal_win_probability": reader.number("deal_win_probability", minimum=0, maximum=1),
        "expected_multiple": reader.number(
            "expected_multiple", minimum=0, maximum=LARGEST_MULTIPLE, default=None
        ),
    }
    reader.refuse_unknown_fields()
    return fields


def _check_bucket_list(reader: FieldReader, keys: list[str | None]) -> None:
    """At least one bucket, no more than the solver takes, no key twice."""
    if not keys:
        reader.fault("buckets", "EMPTY", "is empty, at least one bucket is needed")
    if len(keys) > MAX_BUCKETS:
        reader.fault(
            "buckets", "TOO_LONG", f"has {len(keys)} entries, at most {MAX_BUCKETS} are allowed"
        )
    first_index: dict[str, int] = {}
    for index, key in enumerate(keys):
        if key is None:
            continue
        if key in first_index:
            reader.fault(
                f"buckets[{index}].key",
                "DUPLICATE",
                f"is {key!r}, already used by buckets[{first_index[key]}]",
            )
        first_index.setdefault(key, index)


def _settings(reader: FieldReader) -> SolverSettings:
    defaults = SolverSettings()
    return SolverSettings(
        primary_lock_epsilon=reader.number(
            "primary_lock_epsilon", minimum=0, maximum=0.1, default=defaults.primary_lock_epsilon
        ),
        mip_gap=reader.number("mip_gap", minimum=0, maximum=0.1, default=defaults.mip_gap),
        time_limit_seconds=reader.number(
            "time_limit_seconds", above=0, maximum=86_400, default=defaults.time_limit_seconds
        ),
    )
