"""Times tasks in turn, so that a machine that slows down slows all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds of the wall clock over the repetitions, and the least seconds of the processor."""

    best_seconds: float
    median_seconds: float
    best_processor_seconds: float
    repetitions: int


def time_in_turn(
    tasks: Mapping[str, Callable[[], object]], *, repetitions: int
) -> dict[str, Timing]:
    """Each task once unmeasured, then ``repetitions`` rounds of every task.

    Quote the median; the best is what the machine can do when nothing else runs, and the ratio of
    two tasks of one call is steadier than either.
    """
    for task in tasks.values():
        task()
    wall: dict[str, list[float]] = {name: [] for name in tasks}
    processor: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repetitions):
        for name, task in tasks.items():
            processor_start, start = time.process_time(), time.perf_counter()
            task()
            wall[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - processor_start)
    return {
        name: Timing(
            best_seconds=min(wall[name]),
            median_seconds=statistics.median(wall[name]),
            best_processor_seconds=min(processor[name]),
            repetitions=repetitions,
        )
        for name in tasks
    }
