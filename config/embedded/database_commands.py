"""`./dev manage`, `./dev psql` and `./dev reset`."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .demo import INSTANCE
from .file_locks import alone
from .foreground import run_in_foreground
from .instance import open_instance
from .postgres import Postgres
from .redis_server import Redis
from .refusal import Refusal, say
from .run_directory import remove_ended_runs
from .services import running_services

# Management commands that need neither database nor Redis, so none is started for them.
OFFLINE = frozenset(
    {
        *["calibrate_transitions", "check", "collectstatic", "diffsettings", "help"],
        *[
            "makemigrations",
            "simulate_matrix",
            "solve_allocation",
            "spectacular",
            "trace_frontier",
            "version",
        ],
    }
)


def manage(project: Path, arguments: Sequence[str]) -> int:
    command = [sys.executable, str(project / "manage.py"), *arguments]
    if not arguments or arguments[0] in OFFLINE or {"--help", "-h", "--version"} & {*arguments}:
        return run_in_foreground(command, environment=os.environ)
    with running_services(open_instance(project, INSTANCE)) as services:
        return run_in_foreground(command, environment=services.environment())


def psql(project: Path, arguments: Sequence[str]) -> int:
    with running_services(open_instance(project, INSTANCE)) as services:
        if services.postgres is not None:
            command = services.postgres.psql_command()
        elif program := shutil.which("psql"):
            command = [program, services.database_url]
        else:
            raise Refusal("DATABASE_URL is set, and there is no psql on PATH to open it with.")
        return run_in_foreground([*command, *arguments], environment=services.environment())


def reset(project: Path) -> int:
    """Delete the embedded database, Redis and logs, after stopping what a killed run left."""
    instance = open_instance(project, INSTANCE)
    with alone(instance.users) as nobody_uses_it:
        if not nobody_uses_it:
            raise Refusal("another ./dev uses the database. Stop that one, then run this again.")
        remove_ended_runs(instance)
        Redis(instance).stop()
        Postgres(instance).stop()
        if Postgres(instance).running_server() is not None:
            raise Refusal(f"a PostgreSQL that ./dev did not start runs in {instance.directory}.")
        instance.remove()
    say(f"removed {instance.directory}")
    return 0
