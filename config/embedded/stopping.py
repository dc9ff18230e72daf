"""Stops processes: first politely, then by force, so that nothing is left."""

import os
import signal
import time
from collections.abc import Callable, Sequence

from .interrupt import hurried
from .process_identity import identity

KILL_SECONDS = 5.0


def stop_process(pid: int, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn and give it its seconds; then kill what is still there.

    It may be the child of another process, or of one that is gone.
    """
    noted = identity(pid)

    def has_left() -> bool:
        return identity(pid) != noted

    for number, seconds in steps:
        if has_left():
            return
        send(pid, number)
        wait_until(has_left, seconds=seconds)
    if not has_left():
        send(pid, signal.SIGKILL)
        send_to_group(pid, signal.SIGKILL)
        wait_until(has_left, seconds=KILL_SECONDS)


def wait_until(done: Callable[[], bool], *, seconds: float) -> bool:
    """Return whether `done` came true in time; a second stop signal ends the patience."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline or (hurried() and seconds > KILL_SECONDS):
            return False
        time.sleep(0.02)
    return True


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def send_to_group(leader: int, number: signal.Signals) -> None:
    """Signal a whole group; everything `./dev` starts leads a group of its own."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return
