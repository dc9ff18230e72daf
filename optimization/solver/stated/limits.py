"""What an allocation must keep to: the limits, and how they are read from JSON.

Limits need no scenario matrix, so a request can be refused before one is made. Whether limits
that are each sensible contradict one another by arithmetic alone is in `limit_contradictions`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from optimization.solver.stated.limit_contradictions import (
    StageAndSector,
    contradictions,
    share_text,
)
from scenarios.simulation.checked_input import FieldReader

MAX_EXPECTED_WINNERS = 10_000


@dataclass(frozen=True, slots=True)
class WeightRange:
    """The share of capital that one sector or stage may hold; None leaves that side free."""

    minimum: float | None = None
    maximum: float | None = None

    def as_json(self) -> dict[str, float]:
        return _stated({"min": self.minimum, "max": self.maximum})


@dataclass(frozen=True, slots=True)
class CvarLimit:
    """The mean loss of the worst ``1 - confidence`` of scenarios is at most ``maximum``."""

    confidence: float
    maximum: float

    def as_json(self) -> dict[str, float]:
        return {"confidence": self.confidence, "max": self.maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every limit is optional; one that is None, or a group that is not named, does not apply."""

    max_loss_probability: float | None = None
    cvar: CvarLimit | None = None
    min_expected_winners: float | None = None
    max_bucket_weight: float | None = None
    sectors: Mapping[str, WeightRange] = field(default_factory=dict)
    stages: Mapping[str, WeightRange] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The stated limits alone, in the form `parse_limits` reads."""
        return _stated(
            {
                "max_loss_probability": self.max_loss_probability,
                "cvar": self.cvar.as_json() if self.cvar else None,
                "min_expected_winners": self.min_expected_winners,
                "max_bucket_weight": self.max_bucket_weight,
                "sectors": {name: part.as_json() for name, part in self.sectors.items()} or None,
                "stages": {name: part.as_json() for name, part in self.stages.items()} or None,
            }
        )


def parse_limits(
    data: object,
    *,
    sectors: Collection[str],
    stages: Collection[str],
    buckets: Collection[StageAndSector],
    scenarios: int | None = None,
    relax: bool = False,
    path: str = "limits",
) -> Limits:
    """The limits in ``data`` (the JSON object), checked against the fund they are for.

    ``sectors`` and ``stages`` are the fund's names, ``buckets`` the ones that can be bought;
    ``scenarios``, when known, also refuses a loss probability too fine for that many scenarios;
    ``relax`` says that limits may give way, so that a bucket maximum without room is no fault.
    Raises `InvalidInput` with every fault, each at its path below ``path``.
    """
    reader = FieldReader(data, path=path)
    limits = read_limits(
        reader,
        sectors=sectors,
        stages=stages,
        buckets=buckets,
        scenarios=scenarios,
        relax=relax,
    )
    reader.raise_faults()
    return limits


def read_limits(
    reader: FieldReader,
    *,
    sectors: Collection[str] | None,
    stages: Collection[str] | None,
    buckets: Collection[StageAndSector] | None,
    scenarios: int | None = None,
    relax: bool = False,
) -> Limits:
    """As `parse_limits`, for a larger input: faults go to ``reader`` and a faulty field reads as
    absent, so use the result only when the reader has no faults. Pass None for what could not be
    read itself: limits are then not held against it.
    """
    limits = Limits(
        max_loss_probability=_loss_probability(reader, scenarios),
        cvar=_cvar(reader),
        min_expected_winners=reader.number(
            "min_expected_winners", minimum=0, maximum=MAX_EXPECTED_WINNERS, default=None
        ),
        max_bucket_weight=reader.number("max_bucket_weight", above=0, maximum=1, default=None),
        sectors=_weight_ranges(reader, "sectors", known=sectors),
        stages=_weight_ranges(reader, "stages", known=stages),
    )
    reader.refuse_unknown_fields()
    if buckets is not None:
        # What is faulty reads as free, so a contradiction among the rest is one whatever it holds.
        for fault in contradictions(
            max_bucket_weight=limits.max_bucket_weight,
            sector_ranges={name: (r.minimum, r.maximum) for name, r in limits.sectors.items()},
            stage_ranges={name: (r.minimum, r.maximum) for name, r in limits.stages.items()},
            buckets=buckets,
            relax=relax,
        ):
            reader.fault(fault.path, fault.code, fault.message)
    return limits


def _loss_probability(reader: FieldReader, scenarios: int | None) -> float | None:
    limit: float | None = reader.number("max_loss_probability", minimum=0, maximum=1, default=None)
    # The tolerance lets 1/400 of 400 scenarios count as one.
    if limit and scenarios and limit * scenarios < 1 - 1e-9:
        reader.fault(
            "max_loss_probability",
            "FINER_THAN_ONE_SCENARIO",
            f"is {share_text(limit)}, less than one of {scenarios} scenarios; "
            f"state 0 or at least {share_text(1 / scenarios)}",
        )
        return None
    return limit


def _cvar(reader: FieldReader) -> CvarLimit | None:
    if not reader.has("cvar"):
        return None
    before = len(reader.faults)
    cvar = reader.object("cvar")
    if len(reader.faults) > before:
        return None
    confidence = cvar.number("confidence", above=0, below=1)
    maximum = cvar.number("max", minimum=0, maximum=1)
    cvar.refuse_unknown_fields()
    if confidence is None or maximum is None:
        return None
    return CvarLimit(confidence=confidence, maximum=maximum)


def _weight_ranges(
    reader: FieldReader, field_name: str, *, known: Collection[str] | None
) -> dict[str, WeightRange]:
    groups = reader.object(field_name)
    ranges = {}
    names = groups.keys()
    for name in names:
        group = groups.object(name)
        if known is not None and name not in known:
            group.fault(
                "", "NOT_IN_FUND", f"is not among the fund's {field_name}: {', '.join(known)}"
            )
            continue
        ranges[name] = _weight_range(group)
    return ranges


def _weight_range(group: FieldReader) -> WeightRange:
    minimum = group.number("min", minimum=0, maximum=1, default=None)
    maximum = group.number("max", minimum=0, maximum=1, default=None)
    group.refuse_unknown_fields()
    if minimum is not None and maximum is not None and minimum > maximum:
        group.fault(
            "min",
            "ABOVE_MAXIMUM",
            f"is {share_text(minimum)}, must not exceed max {share_text(maximum)}",
        )
        return WeightRange()
    return WeightRange(minimum=minimum, maximum=maximum)


def _stated(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
