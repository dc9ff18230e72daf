"""The processes of Keel as `./dev` starts them; the Procfile names the same ones."""

import os
import socket
from pathlib import Path

from .run_directory import RunDirectory
from .supervision import ProcessPlan

WORKER_READY_FILE = "worker-is-ready"


def manage(command: str, *arguments: str) -> ProcessPlan:
    """A management command; the system checks, which load every page, are `./dev check`'s."""
    return ProcessPlan(command, ["manage.py", command, "--skip-checks", *arguments])


def load_and_run_demo(*, as_json: bool) -> ProcessPlan:
    arguments = ["--json"] if as_json else []
    return ProcessPlan("run_demo", ["-m", "config.embedded.load_and_run_demo", *arguments])


def pipeline(run: RunDirectory) -> list[ProcessPlan]:
    beat_schedule = str(run.path / "beat-schedule")
    return [
        _worker("worker", queues="matrix,optimize,validate", concurrency=2),
        _worker("control", queues="control", concurrency=1),
        ProcessPlan("beat", ["-m", "celery", "-A", "config", "beat", "--schedule", beat_schedule]),
    ]


def ranges_worker() -> ProcessPlan:
    """Answers what a request form asks, which must not wait behind optimizations."""
    return _worker("ranges", queues="ranges", concurrency=1)


def _worker(name: str, *, queues: str, concurrency: int) -> ProcessPlan:
    # Two runs may share one Redis, and Celery wants the names of its workers distinct.
    node = f"{name}.{os.getpid()}@%h"
    include = ["--include", "config.embedded.worker_ready"] if name == "worker" else []
    return ProcessPlan(
        name,
        [
            *["-m", "celery", "-A", "config", "worker", "-Q", queues, "-c", str(concurrency)],
            *["-P", "prefork", "-n", node, "-l", "INFO", "--without-gossip", "--without-mingle"],
            *include,
        ],
    )


def web(listener: socket.socket) -> ProcessPlan:
    """The site on a socket that is open already, so that no other program can take the port."""
    descriptor = listener.fileno()
    return ProcessPlan(
        "web",
        [
            *["-m", "gunicorn", "config.wsgi:application", "--bind", f"fd://{descriptor}"],
            *["--workers", "2", "--threads", "4", "--no-control-socket"],
            *["--access-logfile", "-", "--graceful-timeout", "5"],
        ],
        essential=True,
        inherited=[descriptor],
    )


def worker_ready_file(run: RunDirectory) -> Path:
    return run.path / WORKER_READY_FILE
