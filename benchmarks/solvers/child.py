"""How a solver is run: as a program that reads an instance, solves it once and tells JSON.

    python -m benchmarks.solvers.NAME FOLDER --seconds N --gap FRACTION

Only the solving is timed: neither starting, nor importing, nor reading the instance.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
ENOUGH_SECONDS = 0.3
MOST_RUNS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best found and a bound above every allocation; None where there is none. ``weights``
    are in the order of the instance's buckets.
    """

    objective: float | None = None
    bound: float | None = None
    weights: list[float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``seconds`` are of the processor, ``gap`` is relative."""

    folder: Path
    seconds: float
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    wall_seconds: float
    processor_seconds: float


def asked() -> Asked:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--gap", type=float, required=True)
    given = parser.parse_args()
    return Asked(folder=given.folder, seconds=given.seconds, gap=given.gap)


def timed(work: Callable[[], T]) -> tuple[T, Taken]:
    """What ``work`` gives, and the quickest of its runs: short work is done again and again."""
    result, best = timed_once(work)
    spent = best.processor_seconds
    for _ in range(MOST_RUNS - 1):
        if spent >= ENOUGH_SECONDS:
            break
        result, taken = timed_once(work)
        spent += taken.processor_seconds
        best = min(best, taken, key=lambda run: run.processor_seconds)
    return result, best


def timed_once(work: Callable[[], T]) -> tuple[T, Taken]:
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, Taken(
        wall_seconds=time.perf_counter() - wall,
        processor_seconds=time.process_time() - processor,
    )


def tell(answer: Answer, taken: Taken, **more: object) -> None:
    """Prints the one line that the benchmark reads."""
    told = {
        "objective": _finite(answer.objective),
        "bound": _finite(answer.bound),
        "weights": answer.weights,
        "wall_seconds": taken.wall_seconds,
        "processor_seconds": taken.processor_seconds,
        **more,
    }
    sys.stdout.write(json.dumps(told, allow_nan=False) + "\n")


def _finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else float(number)
