"""Tells whether a process noted earlier still lives, even if its number was given to another."""

import json
import subprocess
from pathlib import Path


def identity(pid: int) -> str | None:
    """Return what distinguishes this process from any other that ever had its number.

    None if no such process runs; a zombie does not run.
    """
    state, started = _state_and_start(pid)
    return None if state in ("", "Z", "X") else started


def is_zombie(pid: int) -> bool:
    """Tell whether the process ended but its parent has not taken notice, and may never."""
    return _state_and_start(pid)[0] == "Z"


def _state_and_start(pid: int) -> tuple[str, str]:
    if Path("/proc/self/stat").exists():
        return _read_from_proc(pid)
    shown = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = shown.stdout.strip().partition(" ")
    return state[:1], started.strip()


def _read_from_proc(pid: int) -> tuple[str, str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    # The name, in parentheses, may hold spaces; the state is the first field after it, the start
    # in clock ticks since boot the twentieth.
    fields = text.rpartition(")")[2].split()
    return fields[0], f"tick {fields[19]}"


def is_postgres_in(pid: int, data: Path) -> bool:
    """Tell whether a process is the PostgreSQL server of a data directory: it works in there."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
        except (FileNotFoundError, PermissionError):
            return False
    command = subprocess.run(
        ["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return Path(command.stdout.strip()).name == "postgres"


def write_record(path: Path, pid: int) -> None:
    """Note a process that was started, so that a later run can find and stop it."""
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps({"pid": pid, "identity": identity(pid)}))
    unfinished.replace(path)


def read_record(path: Path) -> int | None:
    """Return the number of the noted process if it still runs."""
    try:
        record = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    pid = int(record["pid"])
    return pid if record["identity"] and identity(pid) == record["identity"] else None
