import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from config.embedded.instance import Instance
from config.embedded.postgres import Postgres
from config.embedded.refusal import Refusal
from config.embedded.services import running_services
from tests.config.embedded.processes import processes_of, wait_for


def started(instance: Instance) -> Postgres:
    postgres = Postgres(instance, throwaway=True)
    postgres.begin_start()
    postgres.finish_start()
    return postgres


@contextmanager
def replaced(file: Path, text: str) -> Iterator[None]:
    """Give a file of the server another text for a while, in place, so that it keeps its owner."""
    original = file.read_text()
    file.write_text(text)
    yield
    file.write_text(original)


def stop(*, adopter: Postgres, starter: Postgres) -> None:
    """Stop the one server of both; only its starter can clear the ended process away."""
    adopter.stop()
    starter.stop()


def running_pid(postgres: Postgres) -> int:
    running = postgres.running_server()
    assert running is not None
    return running[0]


def test_database_url_leads_django_to_the_server(used_instance: Instance) -> None:
    postgres = started(used_instance)
    with psycopg.connect(postgres.url) as connection:
        answered = connection.execute("SELECT current_user, current_database()").fetchone()
    postgres.stop()
    assert answered == ("keel", "keel")


def test_server_listens_on_a_private_unix_socket_only(used_instance: Instance) -> None:
    postgres = started(used_instance)
    listens_on_tcp = postgres.query("SHOW listen_addresses")
    sockets = Path(postgres.query("SHOW unix_socket_directories"))
    modes = [
        stat.S_IMODE(sockets.stat().st_mode),
        stat.S_IMODE((sockets / ".s.PGSQL.5432").stat().st_mode),
    ]
    postgres.stop()
    assert listens_on_tcp == ""
    assert modes == [0o700, 0o700]


def test_stopped_server_leaves_no_process(used_instance: Instance, used_project: Path) -> None:
    postgres = started(used_instance)
    running = processes_of(used_project)
    postgres.stop()
    assert running
    assert processes_of(used_project) == []


def test_killed_server_recovers_its_data_at_the_next_start(used_instance: Instance) -> None:
    postgres = started(used_instance)
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE survivors AS SELECT 42 AS number")
    os.kill(running_pid(postgres), signal.SIGKILL)
    recovered = started(used_instance)
    number = recovered.query("SELECT number FROM survivors")
    recovered.query("DROP TABLE survivors")
    stop(adopter=recovered, starter=postgres)
    assert number == "42"


def test_server_that_already_runs_is_adopted(used_instance: Instance) -> None:
    first = started(used_instance)
    second = started(used_instance)
    same_server = running_pid(first) == running_pid(second)
    same_address = first.url == second.url
    stop(adopter=second, starter=first)
    assert same_server
    assert same_address


def test_server_started_by_somebody_else_is_left_running(
    used_instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = started(used_instance)
    record = used_instance.record("postgres")
    taken_away = record.rename(record.with_suffix(".taken-away"))
    with running_services(used_instance):
        pass
    still_answers = owner.query("SELECT 1")
    taken_away.rename(record)
    owner.stop()
    assert still_answers == "1"
    assert "./dev did not start it" in capsys.readouterr().err


def test_pid_file_that_names_another_program_does_not_block_the_start(
    used_instance: Instance,
) -> None:
    postgres = started(used_instance)
    postgres.stop()
    pid_file = postgres.home / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{postgres.home / 'data'}\n")
    again = started(used_instance)
    answer = again.query("SELECT 1")
    again.stop()
    assert answer == "1"


def test_data_of_another_major_version_is_refused(used_instance: Instance) -> None:
    postgres = started(used_instance)
    postgres.stop()
    with (
        replaced(postgres.home / "data" / "PG_VERSION", "16\n"),
        pytest.raises(Refusal, match="was made by PostgreSQL 16; the programs found are 18"),
    ):
        started(used_instance)


def test_first_start_that_was_interrupted_is_done_anew(instance: Instance) -> None:
    unfinished = Postgres(instance).home / "data.new"
    unfinished.mkdir()
    (unfinished / "half").touch()
    postgres = started(instance)
    answer = postgres.query("SELECT 1")
    postgres.stop()
    assert answer == "1"


def test_server_that_cannot_start_is_quoted(used_instance: Instance) -> None:
    postgres = started(used_instance)
    postgres.stop()
    broken = Postgres(used_instance)
    with replaced(postgres.home / "data" / "postgresql.conf", "no_such_setting = 1\n"):
        broken.begin_start()
        with pytest.raises(Refusal, match="unrecognized configuration parameter"):
            broken.finish_start()
    broken.stop()


def test_project_path_too_long_for_a_socket_gets_one_elsewhere(project: Path) -> None:
    deep = project / ("d" * 100)
    deep.mkdir(mode=0o700)
    deep.chmod(0o755)
    instance = Instance(deep)
    postgres = started(instance)
    sockets = Path(postgres.query("SHOW unix_socket_directories"))
    answer = postgres.query("SELECT 1")
    postgres.stop()
    mode = stat.S_IMODE(sockets.stat().st_mode)
    instance.remove()
    assert answer == "1"
    assert mode == 0o700
    assert not sockets.exists()


def test_settings_of_the_callers_shell_lead_nowhere_else(
    used_instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "9")
    monkeypatch.setenv("PGHOST", "database.example.com")
    postgres = started(used_instance)
    answer = postgres.query("SELECT 1")
    postgres.stop()
    assert answer == "1"


def test_server_that_dies_under_its_user_is_noticed(used_instance: Instance) -> None:
    postgres = started(used_instance)
    os.kill(running_pid(postgres), signal.SIGKILL)
    wait_for(lambda: not postgres.is_running())
    postgres.stop()
