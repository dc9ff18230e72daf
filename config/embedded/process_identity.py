"""Tells whether a process noted earlier still lives, even if its number was given to another."""

import json
import subprocess
from pathlib import Path


def identity(pid: int) -> str | None:
    """Return what distinguishes this process from any other that ever had its number.

    None if no such process runs; a zombie does not run.
    """
    if Path("/proc/self/stat").exists():
        return _identity_from_proc(pid)
    return _identity_from_ps(pid)


def _identity_from_proc(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold spaces; state is the first field after it, the start
    # time in clock ticks since boot the twentieth.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"start {fields[19]}"


def _identity_from_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    if not shown or shown.startswith("Z"):
        return None
    return shown.partition(" ")[2].strip()


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
