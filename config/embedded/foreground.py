"""Runs a program in the foreground of the terminal, with the services around it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .interrupt import received_signals
from .process_identity import write_record
from .stopping import send

# Time for a program to leave after the signal it was sent, before it is killed.
GRACE_SECONDS = 15.0


def run_in_foreground(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path | None = None,
    record: Path | None = None,
) -> int:
    """Return the program's exit code, as a shell would give it.

    Ctrl-C at a terminal reaches the program directly, since it stays in the terminal's group; it
    may well go on after it, like psql. Any other stop signal is passed on and has to end it.
    """
    process = subprocess.Popen(command, env=dict(environment), cwd=cwd)
    if record is not None:
        write_record(record, process.pid)
    passed_on = 0
    kill_at = float("inf")
    while process.poll() is None:
        for number in received_signals()[passed_on:]:
            passed_on += 1
            if number != signal.SIGINT or not os.isatty(sys.stdin.fileno()):
                send(process.pid, signal.Signals(number))
                kill_at = min(kill_at, time.monotonic() + GRACE_SECONDS)
        if time.monotonic() > kill_at:
            process.kill()
        time.sleep(0.02)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode
