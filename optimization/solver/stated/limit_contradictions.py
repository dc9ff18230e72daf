"""Contradictions between limits on weights that simple sums reveal, before any scenario exists.

Sectors and stages are looked at one kind at a time. Limits that contradict one another only
across kinds, or through risk, need the solver and come out as an infeasible allocation. So do a
bucket maximum that leaves no room, alone or for the minimum of a group, where limits may give way.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from scenarios.simulation.checked_input import Fault

# Ten times 0.1 is not quite 1 in binary floating point; limits that miss by less still add up.
SUM_TOLERANCE = 1e-9

Range = tuple[float | None, float | None]


class StageAndSector(Protocol):
    """What a bucket must say about itself to be held against limits."""

    @property
    def stage(self) -> str: ...
    @property
    def sector(self) -> str: ...


def share_text(share: float) -> str:
    """A share as messages state it: a digit more than the tolerance, so that what a message calls
    enough is enough, and what it calls too much is not shown as equal to the rule."""
    return f"{share:.10g}"


def contradictions(
    *,
    max_bucket_weight: float | None,
    sector_ranges: Mapping[str, Range],
    stage_ranges: Mapping[str, Range],
    buckets: Collection[StageAndSector],
    relax: bool,
) -> Iterator[Fault]:
    """Faults with paths relative to the limits; ranges are (minimum, maximum), None where free.
    With ``relax`` the bucket maximum may give way.
    """
    if not buckets:
        yield Fault("", "NO_BUCKETS", "cannot be met: there is no bucket to allocate to")
        return
    bucket_maximum = 1.0 if max_bucket_weight is None or relax else max_bucket_weight
    if bucket_maximum * len(buckets) < 1 - SUM_TOLERANCE:
        yield Fault(
            "max_bucket_weight",
            "CANNOT_REACH_ONE",
            f"is {share_text(bucket_maximum)}: {len(buckets)} buckets could hold only "
            f"{share_text(bucket_maximum * len(buckets))} of the capital; "
            f"at least {share_text(1 / len(buckets))} is needed",
        )
        return
    for kind, ranges, sizes in (
        ("sectors", sector_ranges, Counter(bucket.sector for bucket in buckets)),
        ("stages", stage_ranges, Counter(bucket.stage for bucket in buckets)),
    ):
        yield from _group_contradictions(kind, ranges, sizes, bucket_maximum)


def _group_contradictions(
    kind: str, ranges: Mapping[str, Range], sizes: Counter[str], bucket_maximum: float
) -> Iterator[Fault]:
    yield from _minimums_beyond_buckets(kind, ranges, sizes, bucket_maximum)
    total_minimum = math.fsum(minimum or 0.0 for minimum, _ in ranges.values())
    if total_minimum > 1 + SUM_TOLERANCE:
        yield Fault(
            kind,
            "MINIMUMS_EXCEED_ONE",
            f"have minimums that add up to {share_text(total_minimum)}, over 1",
        )
    capacity = math.fsum(
        min(1.0, size * bucket_maximum, _maximum(ranges.get(name))) for name, size in sizes.items()
    )
    if capacity < 1 - SUM_TOLERANCE:
        yield Fault(
            kind,
            "MAXIMUMS_BELOW_ONE",
            f"have maximums that let only {share_text(capacity)} of the capital be allocated, "
            "all of it must be",
        )


def _minimums_beyond_buckets(
    kind: str, ranges: Mapping[str, Range], sizes: Counter[str], bucket_maximum: float
) -> Iterator[Fault]:
    for name, (minimum, _) in ranges.items():
        room = min(1.0, sizes[name] * bucket_maximum)
        if minimum is not None and minimum > room + SUM_TOLERANCE:
            yield Fault(
                f"{kind}.{name}.min",
                "MORE_THAN_BUCKETS_HOLD",
                f"is {share_text(minimum)}, but its {sizes[name]} buckets can hold at most "
                f"{share_text(room)}",
            )


def _maximum(limits: Range | None) -> float:
    return 1.0 if limits is None or limits[1] is None else limits[1]
