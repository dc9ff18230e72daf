"""A limit in seconds of the processor for solvers that count those of the wall clock.

Where other programs share the machine, seconds of the wall clock say little of what a solver got.
The limit is stretched by what the machine is like at the moment; a limit of the operating system
would be exact, but makes Linux count processor time in ticks of several milliseconds.
"""

import time

MEASURED_SECONDS = 0.3


def wall_limit(seconds: float) -> float:
    """How many seconds of the wall clock now hold ``seconds`` of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    while time.process_time() - processor < MEASURED_SECONDS:
        pass
    return seconds * (time.perf_counter() - wall) / MEASURED_SECONDS
