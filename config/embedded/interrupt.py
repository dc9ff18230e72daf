"""Stop signals. They only leave a note; every wait looks at it, so no step is cut half-way."""

import signal
import time
from types import FrameType

_received: list[int] = []


class Interrupted(Exception):
    """A stop signal arrived; everything that was started has to be stopped."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


def catch_stop_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _note)


def _note(number: int, _frame: FrameType | None) -> None:
    _received.append(number)


def pause(seconds: float = 0.05) -> None:
    """Wait a moment between two looks at something; raise Interrupted if a signal arrived."""
    if _received:
        raise Interrupted(_received[0])
    time.sleep(seconds)


def received_signals() -> tuple[int, ...]:
    return tuple(_received)


def hurried() -> bool:
    """True once a second signal asks to stop without waiting for work to finish."""
    return len(_received) > 1
