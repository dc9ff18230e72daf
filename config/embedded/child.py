"""One child process: its own group, its own log file, its last words."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .stopping import KILL_SECONDS, send, send_to_group, wait_until


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def last_words(self) -> str:
        return (
            f"{self.name} ended with {_describe(self.process.returncode)};"
            f" the end of {self.log}:\n{last_lines(self.log)}"
        )


def start_child(
    *,
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    cwd: Path,
    results: Path | None = None,
    shown: bool = False,
    inherited: Sequence[int] = (),
) -> Child:
    """Start a process out of the terminal's reach: its stop signals come from `stop_children`.

    What it prints goes to the log, its standard output to `results` if that is named; or, if
    `shown`, all of it where the prints of this process go.
    """
    with ExitStack() as files:
        errors = None if shown else files.enter_context(log.open("ab"))
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=files.enter_context(results.open("wb")) if results else errors,
            stderr=errors,
            cwd=cwd,
            env=dict(environment),
            pass_fds=inherited,
            start_new_session=True,
        )
    return Child(name=name, process=process, log=log)


def stop_children(children: Sequence[Child], *, grace_seconds: float) -> None:
    """Ask all to end, wait, kill those that did not, and whatever any of them left behind."""
    for child in children:
        if not child.has_ended():
            send(child.process.pid, signal.SIGTERM)
    wait_until(lambda: all(child.has_ended() for child in children), seconds=grace_seconds)
    for child in children:
        send_to_group(child.process.pid, signal.SIGKILL)
        child.process.wait(KILL_SECONDS)


def last_lines(log: Path, count: int = 30) -> str:
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        text = ""
    return "\n".join(text.splitlines()[-count:]) or "(nothing was logged)"


def _describe(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"signal {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"
