"""The processes of a deployment, as the Procfile starts them, around the tests' own database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from config.embedded.child import Child, last_lines, start_child, stop_children
from config.embedded.redis_server import answers_ping, find_redis

# Only reached when a test fails: long enough for a busy machine, short enough to wait for.
PATIENCE_SECONDS = 90.0
STOP_SECONDS = 10.0


@dataclass(slots=True)
class Pipeline:
    """Starts what a test asks for and stops all of it at the end."""

    directory: Path
    redis_socket: Path
    environment: dict[str, str]
    children: dict[str, Child] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start processes by their names in the Procfile."""
        for name in names:
            self.children[name] = start_child(
                name=name,
                command=["sh", "-c", f"exec {_procfile()[name]}"],
                environment=self.environment,
                log=self.directory / f"{name}.log",
                cwd=settings.BASE_DIR,
            )

    def wait_for_worker(self, name: str = "worker") -> None:
        """Until the worker takes tasks, so that what happens next happens under its eyes."""
        self.wait_until(lambda: " ready." in self._log(name), f"the {name} is ready")

    @contextmanager
    def worker_held(self, name: str = "worker") -> Iterator[None]:
        """Hold still what runs the worker's tasks: no time is long enough for one to end."""
        (pid,) = _children_of(self.children[name].process.pid)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill_worker_process_while(
        self, at_work: Callable[[], bool], *, name: str = "worker"
    ) -> bool:
        """Kill the process that runs the worker's tasks, unless it has stopped working."""
        (pid,) = _children_of(self.children[name].process.pid)
        # Held still first: only then is it sure that it is killed in the middle of the work.
        os.kill(pid, signal.SIGSTOP)
        is_at_work = at_work()
        os.kill(pid, signal.SIGKILL if is_at_work else signal.SIGCONT)
        return is_at_work

    def wait_until(
        self, claim: Callable[[], bool], what: str, *, pause_seconds: float = 0.1
    ) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not claim():
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain until {what}\n{self.last_words()}")
            time.sleep(pause_seconds)

    def last_words(self) -> str:
        return "\n".join(
            f"--- {name}\n{last_lines(child.log)}" for name, child in self.children.items()
        )

    def _log(self, name: str) -> str:
        return self.children[name].log.read_text(errors="replace")


@contextmanager
def own_redis(directory: Path) -> Iterator[Path]:
    """A Redis that no other test uses, so that it can be emptied; yields its socket."""
    address = directory / "redis.sock"
    server = start_child(
        name="redis",
        command=find_redis().command_line(address=address, directory=directory),
        environment=os.environ,
        log=directory / "redis.log",
        cwd=directory,
    )
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not answers_ping(address):
            assert time.monotonic() < end, last_lines(server.log)
            time.sleep(0.01)
        yield address
    finally:
        stop_children([server], grace_seconds=STOP_SECONDS)


@contextmanager
def pipeline_around(
    redis_socket: Path, *, directory: Path, **environment: str
) -> Iterator[Pipeline]:
    pipeline = Pipeline(
        directory=directory,
        redis_socket=redis_socket,
        environment={
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": _url_of_test_database(),
            "REDIS_URL": f"unix://{redis_socket}?db=0",
            "WORKER_CONCURRENCY": "1",
            "BEAT_SCHEDULE_FILE": str(directory / "beat-schedule"),
            **environment,
        },
    )
    try:
        yield pipeline
    finally:
        stop_children(list(pipeline.children.values()), grace_seconds=STOP_SECONDS)


def _procfile() -> dict[str, str]:
    lines = (settings.BASE_DIR / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


def _url_of_test_database() -> str:
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def _children_of(parent: int) -> list[int]:
    return [pid for pid, its_parent in _parents().items() if its_parent == parent]


def _parents() -> dict[int, int]:
    """The parent of every process; only some machines have both /proc and ps."""
    stats = list(Path("/proc").glob("[0-9]*/stat"))
    if not stats:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        )
        return {int(pid): int(parent) for pid, parent in map(str.split, listed.stdout.splitlines())}
    parents = {}
    for stat in stats:
        # A process may end while it is looked at.
        with suppress(FileNotFoundError, ProcessLookupError):
            # After the name, which may hold anything: the state, then the parent.
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return parents
