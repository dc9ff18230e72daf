"""Has the numerical kernels compiled before anybody waits for a result of theirs."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .interrupt import pause
from .refusal import Refusal, say

# Where they are compiled already it takes less, and there is nothing to say.
WORTH_MENTIONING_SECONDS = 2.0


@contextmanager
def kernels_being_compiled(project: Path) -> Iterator[Callable[[], None]]:
    """Compile them beside what the block does; yields what waits until they are."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "optimization.solver.compiled"],
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is ours; the block below ends it.
        )

        def wait() -> None:
            _wait(process)
            if process.returncode:
                output.seek(0)
                last_lines = output.read().strip().splitlines()[-20:]
                raise Refusal("\n".join(["the kernels cannot be compiled:", *last_lines]))

        try:
            yield wait
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]") -> None:
    began, said = time.monotonic(), False
    while process.poll() is None:
        if not said and time.monotonic() - began > WORTH_MENTIONING_SECONDS:
            say("compiling the numerical kernels (a minute or so, once)")
            said = True
        pause()
