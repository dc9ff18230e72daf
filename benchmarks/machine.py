"""On what machine, and with what software, figures were measured."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROCESSOR_FILE = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``cores`` counts the processors this process may use; ``load`` is the mean number of
    processes that wanted one over the last minute, None where the system does not tell."""

    cores: int
    processor: str
    system: str
    python: str
    numpy: str
    load: float | None

    def line(self) -> str:
        load = "load not known" if self.load is None else f"load {self.load:.1f}"
        return (
            f"{self.cores} cores of {self.processor}, {self.system}, Python {self.python}, "
            f"numpy {self.numpy}, {load}"
        )


def this_machine() -> Machine:
    return Machine(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _all_cores(),
        processor=_processor(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        numpy=np.__version__,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    )


def peak_resident_bytes() -> int:
    """The most memory this process has had in use so far.

    Linux tells it for the running program alone; what a process is charged with otherwise begins
    with the size of the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    import resource  # absent on Windows

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def _all_cores() -> int:
    return os.cpu_count() or 1


def _processor() -> str:
    if PROCESSOR_FILE.exists():
        for line in PROCESSOR_FILE.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "an unnamed processor"
