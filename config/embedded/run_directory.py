"""What one run of `./dev demo` or `./dev up` leaves on disk: its logs and who it started.

The directory outlives the run, so its logs can be read afterwards; the next run removes it, and
first stops whatever a run that was killed could not stop itself.
"""

import os
import shutil
import signal
from pathlib import Path

from .child import Child
from .file_locks import SharedUse, alone
from .instance import Instance
from .process_identity import read_record, write_record
from .refusal import say
from .stopping import send_to_group, stop_process

STOP_STEPS = ((signal.SIGTERM, 5.0),)


class RunDirectory:
    def __init__(self, instance: Instance, *, command: str) -> None:
        runs = instance.directory / "runs"
        runs.mkdir(mode=0o700, exist_ok=True)
        self.path = runs / f"{command}-{os.getpid()}"
        remove_ended_runs(instance)
        self.path.mkdir(mode=0o700)
        self._use = SharedUse(self.path / "in-use")
        self._use.enter()

    def log(self, name: str) -> Path:
        return self.path / f"{name}.log"

    def leave(self) -> None:
        self._use.leave()

    def note(self, child: Child) -> None:
        write_record(self.path / f"{child.name}.process", child.process.pid)


def remove_ended_runs(instance: Instance) -> None:
    for ended in sorted((instance.directory / "runs").glob("*")):
        with alone(ended / "in-use") as it_ended:
            if it_ended:
                stop_leftovers(ended)
                shutil.rmtree(ended)


def stop_leftovers(run: Path) -> None:
    for record in sorted(run.glob("*.process")):
        pid = read_record(record)
        if pid is not None:
            say(f"stopping {record.stem} (process {pid}), left over from a run that was killed")
            stop_process(pid, STOP_STEPS)
            send_to_group(pid, signal.SIGKILL)
