import os
import signal
from pathlib import Path

import pytest
from redis import Redis as Client

from config.embedded.instance import Instance
from config.embedded.process_identity import read_record
from config.embedded.services import Services, restart_dead_servers, running_services
from tests.config.embedded.processes import processes_of, wait_for


def test_both_answer_while_used_and_are_gone_afterwards(
    used_instance: Instance, used_project: Path
) -> None:
    with running_services(used_instance, throwaway=True) as services:
        assert services.postgres is not None
        assert services.postgres.query("SELECT 1") == "1"
        with Client.from_url(services.redis_url) as client:
            assert client.ping()
    assert processes_of(used_project) == []


def test_servers_go_on_until_the_last_user_leaves(
    used_instance: Instance, used_project: Path
) -> None:
    first = running_services(used_instance, throwaway=True)
    starter = first.__enter__()
    with running_services(used_instance) as adopter:
        assert adopter.database_url == starter.database_url
        assert adopter.secret_key == starter.secret_key
    assert starter.postgres is not None
    assert starter.postgres.query("SELECT 1") == "1"
    first.__exit__(None, None, None)
    assert processes_of(used_project) == []


def kill_servers(instance: Instance, *, starter: Services) -> None:
    for server in ("postgres", "redis"):
        pid = read_record(instance.record(server))
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: running(starter) == [False, False])


def running(services: Services) -> list[bool]:
    assert services.postgres is not None
    assert services.redis is not None
    return [services.postgres.is_running(), services.redis.is_running()]


def test_dead_servers_are_started_again(used_instance: Instance) -> None:
    with running_services(used_instance, throwaway=True) as services:
        kill_servers(used_instance, starter=services)
        restart_dead_servers(used_instance, services)
        assert services.postgres is not None
        assert services.postgres.query("SELECT 1") == "1"
        with Client.from_url(services.redis_url) as client:
            assert client.ping()


def test_run_accepts_the_servers_another_run_started_again(used_instance: Instance) -> None:
    first = running_services(used_instance, throwaway=True)
    starter = first.__enter__()
    with running_services(used_instance, throwaway=True) as adopter:
        kill_servers(used_instance, starter=starter)
        restart_dead_servers(used_instance, adopter)
        restart_dead_servers(used_instance, starter)
        states = running(starter), running(adopter)
        first.__exit__(None, None, None)
    assert states == ([True, True], [True, True])


def test_named_services_are_used_instead(
    instance: Instance, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://database.example.com/keel")
    monkeypatch.setenv("REDIS_URL", "redis://redis.example.com/0")
    with running_services(instance) as services:
        environment = services.environment()
        assert processes_of(project) == []
    assert environment["DATABASE_URL"] == "postgresql://database.example.com/keel"
    assert environment["REDIS_URL"] == "redis://redis.example.com/0"


def test_secret_key_is_kept_private_and_stays_the_same(instance: Instance) -> None:
    key = instance.secret_key()
    assert (instance.directory / "secret-key").stat().st_mode & 0o777 == 0o600
    assert instance.secret_key() == key
    assert len(key) >= 50
