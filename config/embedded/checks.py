"""`./dev check`: every check that needs neither database nor Redis, one after the other."""

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .foreground import run_in_foreground
from .interrupt import received_signals
from .refusal import say


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def checks() -> list[Check]:
    # Addresses of the form a deployment has; nothing connects to them.
    production = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "keel.example.com",
        "DATABASE_URL": "postgresql://keel:secret@database.example.com/keel",
        "REDIS_URL": "rediss://redis.example.com/0",
    }
    return [
        Check("format", ["ruff", "format", "--check", "."]),
        Check("lint", ["ruff", "check", "."]),
        Check("types", ["mypy", "."]),
        Check("imports", ["lint-imports", "--no-logo"]),
        Check("migrations", ["manage.py", "makemigrations", "--check", "--dry-run"]),
        Check(
            "deployment",
            ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            environment=production,
        ),
    ]


def check(project: Path) -> int:
    """Return 0 if every check passed; all of them are run in any case."""
    failed = []
    for one in checks():
        say(f"check {one.name}")
        if run_in_foreground(command_line(one), environment=environment(one), cwd=project):
            failed.append(one.name)
        if received_signals():
            return 1
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def command_line(one: Check) -> list[str]:
    program, *arguments = one.command
    if program == "manage.py":
        return [sys.executable, program, *arguments]
    return [str(Path(sys.executable).with_name(program)), *arguments]


def environment(one: Check) -> dict[str, str]:
    """Return the caller's environment without the settings of Keel it may hold."""
    settings = ("DATABASE_URL", "REDIS_URL", "KEEL_EMBEDDED_SERVICES", "DEBUG")
    kept = {name: value for name, value in os.environ.items() if name not in settings}
    return kept | dict(one.environment)
