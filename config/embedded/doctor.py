"""`./dev doctor`: what this machine offers and what `./dev` would use of it."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from .demo import INSTANCE
from .environment import Environment
from .instance import open_instance, state_directory
from .postgres import Postgres
from .redis_server import find_redis
from .refusal import Refusal
from .server_user import server_user

LITTLE_SPACE_BYTES = 2 * 1024**3


def doctor(project: Path) -> int:
    """Return 0 if nothing stands in the way of `./dev demo`."""
    found_fault = False
    for name, look in LOOKS.items():
        try:
            found = look(project)
        except Refusal as refusal:
            found_fault = True
            found = f"PROBLEM: {refusal}"
        sys.stdout.write(f"{name:<12} {found}\n")
    return 1 if found_fault else 0


def _python(_project: Path) -> str:
    return f"{platform.python_version()} at {sys.executable} on {platform.platform()}"


def _environment(project: Path) -> str:
    environment = Environment(project)
    if environment.is_ready(developer=True):
        return ".venv is ready, for tests and checks too"
    if environment.is_ready(developer=False):
        return ".venv is ready to run; ./dev test and ./dev check will add to it"
    installer = "uv" if shutil.which("uv") else "pip"
    return f".venv is made on first use, with {installer}"


def _directory(project: Path) -> str:
    return str(state_directory(project))


def _space(project: Path) -> str:
    free = shutil.disk_usage(project).free
    if free < LITTLE_SPACE_BYTES:
        raise Refusal(f"only {free / 1024**3:.1f} GiB are free in {project}")
    return f"{free / 1024**3:.0f} GiB free in {project}"


def _user(_project: Path) -> str:
    user = server_user()
    return f"uid {os.geteuid()}" + (f"; PostgreSQL runs as uid {user.uid}" if user else "")


def _postgres(project: Path) -> str:
    if os.environ.get("DATABASE_URL"):
        return "the one DATABASE_URL names"
    if not Environment(project).is_ready(developer=False):
        return "comes with .venv"
    postgres = Postgres(open_instance(project, INSTANCE))
    running = postgres.running_server()
    state = f"runs as process {running[0]}" if running else "is not running"
    return f"{postgres.description}, in {postgres.home}, {state}"


def _redis(project: Path) -> str:
    if os.environ.get("REDIS_URL"):
        return "the one REDIS_URL names"
    if not Environment(project).is_ready(developer=False):
        return "comes with .venv"
    return find_redis().description


def _browser(_project: Path) -> str:
    for name in ("chromium", "google-chrome"):
        if found := shutil.which(name):
            return found
    return "none on PATH; only the browser tests need one"


LOOKS: dict[str, Callable[[Path], str]] = {
    "Python": _python,
    "environment": _environment,
    "data": _directory,
    "disk": _space,
    "user": _user,
    "PostgreSQL": _postgres,
    "Redis": _redis,
    "browser": _browser,
}
