"""Locks between runs of `./dev`. The kernel frees them when a process dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .interrupt import pause
from .refusal import say

NOT_OPEN = -1


@contextmanager
def exclusive(
    path: Path, *, cleaning_up: bool = False, when_waiting: str | None = None
) -> Iterator[int]:
    """Hold `path` alone, waiting for others to leave it; stop signals do not end a clean-up.

    Yields the descriptor: a child process that inherits it holds the lock as well.
    """
    descriptor = _open(path)
    try:
        if when_waiting and not _try(descriptor, fcntl.LOCK_EX):
            say(when_waiting)
        while not _try(descriptor, fcntl.LOCK_EX):
            time.sleep(0.05) if cleaning_up else pause()
        yield descriptor
    finally:
        os.close(descriptor)


class SharedUse:
    """One user among several of the thing that `path` stands for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = NOT_OPEN

    def enter(self, *, survive_exec: bool = False) -> None:
        """Join the users, waiting for one who holds it alone."""
        descriptor = _open(self._path)
        os.set_inheritable(descriptor, survive_exec)
        try:
            while not _try(descriptor, fcntl.LOCK_SH):
                pause()
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def is_last(self) -> bool:
        """True if there is no other user; when it is, no other can join before `leave`.

        A False answer may drop this user's own place: call it only to leave.
        """
        return _try(self._descriptor, fcntl.LOCK_EX)

    def leave(self) -> None:
        if self._descriptor != NOT_OPEN:
            os.close(self._descriptor)
            self._descriptor = NOT_OPEN


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Yield True, and keep every other user out, if nobody uses `path` now."""
    descriptor = _open(path)
    try:
        yield _try(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
