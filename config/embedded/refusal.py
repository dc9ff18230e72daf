"""What `./dev` tells the person who runs it."""

import contextlib
import sys


class Refusal(Exception):
    """A command cannot go on; the message says what is wrong and what to do about it."""


def say(message: str) -> None:
    """Print one line on stderr; stdout belongs to results."""
    # A terminal that was closed must not keep the clean-up from running to its end.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"keel: {message}\n")
        sys.stderr.flush()
