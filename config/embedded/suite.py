"""`./dev test`: the test suite against a PostgreSQL and a Redis of its own."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .file_locks import alone
from .foreground import run_in_foreground
from .instance import Instance, open_throwaway_instance, state_directory
from .kernels import kernels_being_compiled
from .postgres import Postgres
from .process_identity import read_record
from .redis_server import Redis
from .services import running_services
from .stopping import stop_process

PYTEST_STOP_STEPS = ((signal.SIGINT, 5.0),)
WHOLE_SUITE = ("--numprocesses", "2")
"""Without arguments two processes share the tests; each has its own databases."""


def run_suite(project: Path, arguments: Sequence[str]) -> int:
    """Return pytest's exit code; nothing of the instance remains."""
    remove_abandoned_instances(project)
    instance = open_throwaway_instance(project)
    try:
        with (
            kernels_being_compiled(project) as wait_for_kernels,
            running_services(instance, throwaway=True) as services,
        ):
            wait_for_kernels()
            return run_in_foreground(
                [sys.executable, "-m", "pytest", *(arguments or WHOLE_SUITE)],
                environment=services.environment(),
                cwd=project,
                record=instance.record("pytest"),
            )
    finally:
        instance.remove()


def remove_abandoned_instances(project: Path) -> None:
    """Stop and delete what test runs that were killed left behind."""
    for directory in state_directory(project).glob("test-*"):
        instance = Instance(directory)
        with alone(instance.users) as abandoned:
            if abandoned:
                pytest = read_record(instance.record("pytest"))
                if pytest is not None:
                    stop_process(pytest, PYTEST_STOP_STEPS)
                Redis(instance).stop()
                Postgres(instance).stop()
                instance.remove()
