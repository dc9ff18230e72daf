import os
import signal
import stat
from pathlib import Path

import pytest
from kombu import Connection
from redis import Redis as Client
from redis.exceptions import ResponseError

from config.embedded.instance import Instance
from config.embedded.process_identity import read_record
from config.embedded.redis_server import WHEEL_PROGRAM, Redis, RedisProgram, find_redis
from config.embedded.refusal import Refusal
from tests.config.embedded.processes import processes_of, wait_for


def program(directory: Path, name: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def imitation(tmp_path: Path) -> RedisProgram:
    return find_redis(path=str(tmp_path), site_packages=tmp_path)


def started(instance: Instance, found: RedisProgram | None = None) -> Redis:
    redis = Redis(instance, program=found)
    redis.begin_start()
    redis.finish_start()
    return redis


def kill_server(instance: Instance) -> None:
    pid = read_record(instance.record("redis"))
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def socket_of(redis: Redis) -> Path:
    return Path(redis.url.removeprefix("unix://").removesuffix("?db=0"))


def test_redis_on_path_comes_before_valkey_and_the_wheel(tmp_path: Path) -> None:
    redis = program(tmp_path / "bin", "redis-server")
    program(tmp_path / "bin", "valkey-server")
    program(tmp_path / WHEEL_PROGRAM.parent, WHEEL_PROGRAM.name)
    found = find_redis(path=str(tmp_path / "bin"), site_packages=tmp_path)
    assert found.command == (str(redis),)


def test_valkey_on_path_comes_before_the_wheel(tmp_path: Path) -> None:
    valkey = program(tmp_path / "bin", "valkey-server")
    program(tmp_path / WHEEL_PROGRAM.parent, WHEEL_PROGRAM.name)
    found = find_redis(path=str(tmp_path / "bin"), site_packages=tmp_path)
    assert found.command == (str(valkey),)


def test_wheel_comes_before_the_imitation(tmp_path: Path) -> None:
    in_wheel = program(tmp_path / WHEEL_PROGRAM.parent, WHEEL_PROGRAM.name)
    found = find_redis(path=str(tmp_path / "bin"), site_packages=tmp_path)
    assert found.command == (str(in_wheel),)
    assert not found.is_fake


def test_imitation_is_the_last_resort_and_says_so(tmp_path: Path) -> None:
    found = imitation(tmp_path)
    assert found.is_fake
    assert "for demonstration only" in found.description


def test_server_is_told_to_listen_on_its_socket_only_and_to_keep_nothing(tmp_path: Path) -> None:
    address = tmp_path / "redis.sock"
    words = RedisProgram(("redis-server",), "Redis").command_line(
        address=address, directory=tmp_path
    )
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--port"] == "0"
    assert options["--unixsocket"] == str(address)
    assert options["--save"] == ""
    assert options["--appendonly"] == "no"
    assert options["--maxmemory-policy"] == "noeviction"


def test_nobody_else_can_reach_the_socket(instance: Instance) -> None:
    redis = started(instance)
    address = socket_of(redis)
    open_to_others = [path.stat().st_mode & 0o077 for path in (address.parent, address)]
    redis.stop()
    assert open_to_others == [0, 0]


def test_server_leaves_neither_process_nor_data(instance: Instance, project: Path) -> None:
    redis = started(instance)
    with Client.from_url(redis.url) as client:
        client.set("key", "value")
    redis.stop()
    assert processes_of(project) == []
    assert list(socket_of(redis).parent.iterdir()) == []


def test_killed_server_is_replaced_in_spite_of_its_stale_socket(instance: Instance) -> None:
    killed = started(instance)
    kill_server(instance)
    wait_for(lambda: not killed.is_running())
    assert socket_of(killed).exists()
    replacement = started(instance)
    with Client.from_url(replacement.url) as client:
        answered = client.ping()
    replacement.stop()
    assert answered


def test_server_that_already_runs_is_adopted(instance: Instance) -> None:
    first = started(instance)
    with Client.from_url(first.url) as client:
        client.set("key", "value")
        second = started(instance)
        kept = client.get("key")
    second.stop()
    wait_for(lambda: not first.is_running())
    first.stop()
    assert kept == b"value"


def test_server_that_cannot_start_is_quoted(instance: Instance, tmp_path: Path) -> None:
    broken = program(tmp_path, "redis-server")
    broken.write_text("#!/bin/sh\necho 'out of luck'; exit 1\n")
    redis = Redis(instance, program=RedisProgram((str(broken),), "Redis"))
    redis.begin_start()
    with pytest.raises(Refusal, match="out of luck"):
        redis.finish_start()
    redis.stop()


def test_imitation_carries_celery_messages_between_clients(
    instance: Instance, tmp_path: Path
) -> None:
    redis = started(instance, imitation(tmp_path))
    broker = f"redis+socket://{socket_of(redis)}?virtual_host=0"
    mode = stat.S_IMODE(socket_of(redis).stat().st_mode)
    with Connection(broker) as producer, Connection(broker) as consumer:
        receiving, sending = consumer.SimpleQueue("matrix"), producer.SimpleQueue("matrix")
        sending.put({"job": 1})
        message = receiving.get(timeout=10)
        message.ack()
        receiving.close()
        sending.close()
    redis.stop()
    assert message.payload == {"job": 1}
    assert mode == 0o600


def test_imitation_knows_the_lock_that_celery_takes(instance: Instance, tmp_path: Path) -> None:
    """It is given back by a Lua script; without one a worker dies after ten seconds."""
    redis = started(instance, imitation(tmp_path))
    with Client.from_url(redis.url) as client:
        with client.lock("unacked_mutex", timeout=5):
            held = client.exists("unacked_mutex")
        given_back = not client.exists("unacked_mutex")
    redis.stop()
    assert held
    assert given_back


def test_imitation_keeps_the_connection_after_a_failed_command(
    instance: Instance, tmp_path: Path
) -> None:
    redis = started(instance, imitation(tmp_path))
    with Client.from_url(redis.url, single_connection_client=True) as client:
        before = client.client_id()
        with pytest.raises(ResponseError):
            client.execute_command("EVALSHA", "0" * 40, 0)
        after = client.client_id()
    redis.stop()
    assert before == after
