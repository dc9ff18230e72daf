"""Which processes work in a directory or were started with it."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def processes_of(directory: Path) -> list[str]:
    """Describe every process, but for this one, whose command or place names the directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            description = _description(entry)
            if str(directory) in description:
                found.append(description)
    return found


def kill(descriptions: list[str]) -> None:
    for description in descriptions:
        os.kill(int(description.partition(":")[0]), signal.SIGKILL)


def _description(entry: Path) -> str:
    try:
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return f"{entry.name}: {command} in {(entry / 'cwd').readlink()}"
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return ""


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30.0
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the awaited condition did not come true")
        time.sleep(0.02)
