"""The embedded PostgreSQL: one data directory, one private socket, no TCP."""

import os
import shutil
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from .child import last_lines
from .instance import Instance, make_directory_of
from .interrupt import pause
from .postgres_programs import PostgresPrograms, find_programs, programs_reachable_by
from .process_identity import identity, is_postgres_in, is_zombie, read_record, write_record
from .refusal import Refusal, say
from .server_user import run_as, server_user
from .stopping import stop_process

NAME = "keel"  # of the role and of the database
PORT = "5432"  # only a part of the socket's file name; nothing listens on TCP
SOCKET_NAME = f".s.PGSQL.{PORT}"
START_TIMEOUT_SECONDS = 60.0
# PostgreSQL's "fast" stop, which rolls transactions back, then its "immediate" one.
STOP_STEPS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))


class Postgres:
    """Starts the server of an instance, or adopts the one that runs on its data directory.

    `throwaway` is for tests: data that is removed afterwards need not survive a power cut.
    """

    def __init__(self, instance: Instance, *, throwaway: bool = False) -> None:
        self._instance = instance
        self._throwaway = throwaway
        self._user = server_user()
        self._place = instance.place_for_server()
        # What root does in a directory of `nobody` must not follow what `nobody` puts there, so
        # the directories of the programs and of the socket lie beside it, not in it.
        self.home = make_directory_of(self._user, self._place / "postgres")
        self._data = self.home / "data"
        self._sockets = Path()
        self._server: subprocess.Popen[bytes] | None = None
        self._pid = 0

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self._sockets), safe='/')}"

    @property
    def description(self) -> str:
        return f"PostgreSQL {self._programs.version}"

    @cached_property
    def _programs(self) -> PostgresPrograms:
        return find_programs()

    @cached_property
    def _server_programs(self) -> PostgresPrograms:
        copy = self._place / "postgres-programs"
        return programs_reachable_by(self._user, found=self._programs, copy=copy)

    def begin_start(self) -> None:
        """Adopt a running server or start one; `finish_start` waits until it answers."""
        running = self.running_server()
        if running is not None:
            self._pid, self._sockets = running
            self._server = None  # An own one that died: another run has started its successor.
            return
        self._refuse_other_major()
        if not self._data.exists():
            self._create_data()
        self._sockets = self._own_sockets()
        self._spawn()

    def finish_start(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while (has_database := self._probe()) is None:
            if not self.is_running():
                self._start_again()
            if time.monotonic() > deadline:
                raise Refusal(
                    f"PostgreSQL (process {self._pid}) did not answer within"
                    f" {START_TIMEOUT_SECONDS:.0f} s:\n{last_lines(self._log)}"
                )
            pause()
        if not has_database:
            self._psql("postgres", f"CREATE DATABASE {NAME}")

    def is_running(self) -> bool:
        if self._server is not None and self._server.poll() is not None:
            return False
        return identity(self._pid) is not None

    def query(self, sql: str) -> str:
        """Return the single value a query yields, "" for no row or NULL."""
        return self._psql(NAME, sql)

    def stop(self) -> None:
        """Stop the server if a run of `./dev` started it; leave any other alone."""
        record = self._instance.record("postgres")
        pid = read_record(record)
        if pid is not None:
            stop_process(pid, STOP_STEPS)
        elif (running := self.running_server()) is not None:
            say(f"leaving PostgreSQL (process {running[0]}) running: ./dev did not start it")
            return
        if self._server is not None:
            self._server.wait()
        record.unlink(missing_ok=True)

    def psql_command(self, database: str = NAME) -> list[str]:
        return [
            *[str(self._programs.path("psql")), "-X", "-h", str(self._sockets), "-p", PORT],
            *["-U", NAME, "-d", database],
        ]

    @property
    def _log(self) -> Path:
        return self._instance.log("postgres")

    def running_server(self) -> tuple[int, Path] | None:
        """Return the process and the socket directory of a server on this data directory."""
        pid_file = self._data / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            return None
        pid = int(lines[0])
        if identity(pid) is None and not is_zombie(pid):
            return None
        if not is_postgres_in(pid, self._data):
            # PostgreSQL takes any process of that number for a running server and would refuse
            # to start: another program that was given it later, or a zombie nobody cleans up.
            pid_file.unlink()
            self._remove_stale_socket()
            return None
        # A starting server has not written all its lines yet.
        sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else self._own_sockets()
        return pid, sockets

    def _own_sockets(self) -> Path:
        return self._instance.socket_directory(self._place / "sockets", owner=self._user)

    def _remove_stale_socket(self) -> None:
        for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
            (self._own_sockets() / name).unlink(missing_ok=True)

    def _refuse_other_major(self) -> None:
        try:
            major = int((self._data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return
        if major != self._programs.major:
            raise Refusal(
                f"{self._data} was made by PostgreSQL {major}; the programs found are"
                f" {self._programs.version}, in {self._programs.directory}. To keep the data, dump"
                f" it with PostgreSQL {major}; to drop it, run ./dev reset."
            )

    def _create_data(self) -> None:
        unfinished = self.home / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        created = subprocess.run(
            [
                *[str(self._server_programs.path("initdb")), "-D", str(unfinished), "-U", NAME],
                "--auth=trust",
                *["--encoding=UTF8", *_locale_options(self._programs)],
                *(["--no-sync"] if self._throwaway else []),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            env=environment_without_postgres_settings(),
            start_new_session=True,
            **run_as(self._user),
        )
        if created.returncode:
            raise Refusal(f"initdb failed in {self.home}:\n{created.stdout}{created.stderr}")
        unfinished.rename(self._data)

    def _spawn(self) -> None:
        options = {
            "port": PORT,
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "shared_buffers": "64MB",
            "max_connections": "60",
            "jit": "off",
        }
        if self._throwaway:
            options |= {"fsync": "off", "full_page_writes": "off"}
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                [
                    *[str(self._server_programs.path("postgres")), "-D", str(self._data)],
                    *[
                        word
                        for name, value in options.items()
                        for word in ("-c", f"{name}={value}")
                    ],
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data,
                env=environment_without_postgres_settings(),
                start_new_session=True,
                **run_as(self._user),
            )
        self._pid = self._server.pid
        write_record(self._instance.record("postgres"), self._pid)

    def _start_again(self) -> None:
        """Start once more if the server gave way to an earlier one that was still leaving."""
        said = last_lines(self._log)
        if self._server is not None and "still in use" not in said and "lock file" not in said:
            raise Refusal(f"PostgreSQL did not start:\n{said}")
        pause(0.2)
        self.begin_start()

    def _probe(self) -> bool | None:
        """Connect; return whether the database exists, None if the server does not answer yet."""
        if not (self._sockets / SOCKET_NAME).exists():
            return None
        answered = self._run_psql("postgres", "SELECT datname FROM pg_database")
        return None if answered.returncode else NAME in answered.stdout.splitlines()

    def _psql(self, database: str, sql: str) -> str:
        answered = self._run_psql(database, sql)
        if answered.returncode:
            raise Refusal(f"PostgreSQL refused {sql!r}: {answered.stderr.strip()}")
        return answered.stdout.strip()

    def _run_psql(self, database: str, sql: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.psql_command(database), "-A", "-t", "-c", sql],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=environment_without_postgres_settings() | {"PGCONNECT_TIMEOUT": "5"},
        )


def environment_without_postgres_settings() -> dict[str, str]:
    """PGPORT, PGDATA and their like in the caller's shell would lead libpq somewhere else."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _locale_options(programs: PostgresPrograms) -> list[str]:
    """Sort by code point on every system; the provider that promises it came with version 17."""
    if programs.major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8", "--data-checksums"]
