"""The broker as the tests see it: real Redis read through its lists, and two broken ones."""

import base64
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from kombu import pools
from redis import Redis

from config.celery import app


@dataclass(frozen=True, slots=True)
class Message:
    task: str
    task_id: str
    kwargs: dict[str, Any]
    expires: str | None


@dataclass(frozen=True, slots=True)
class Broker:
    """Real Redis, under a prefix of its own so that no other worker takes the messages."""

    redis: Redis
    prefix: str

    def messages(self, queue: str) -> list[Message]:
        """The waiting messages, oldest first."""
        packed: Any = self.redis.lrange(f"{self.prefix}{queue}", 0, -1)
        return [_unpacked(message) for message in reversed(packed)]

    def job_ids(self, queue: str = "matrix") -> list[str]:
        return [message.kwargs["job_id"] for message in self.messages(queue)]

    def forget_everything(self) -> None:
        for key in self.redis.scan_iter(match=f"{self.prefix}*"):
            self.redis.delete(key)


@contextmanager
def celery_using(*, broker_url: str, prefix: str = "") -> Iterator[None]:
    """Let Celery publish to another broker while the block runs."""
    before = {
        name: app.conf[name]
        for name in (
            "broker_url",
            "broker_read_url",
            "broker_write_url",
            "broker_transport_options",
        )
    }
    options = {**before["broker_transport_options"], "global_keyprefix": prefix}
    _switch(
        broker_url=broker_url,
        broker_read_url=broker_url,
        broker_write_url=broker_url,
        broker_transport_options=options,
    )
    try:
        yield
    finally:
        _switch(**before)


@contextmanager
def real_redis(*, prefix: str) -> Iterator[Broker]:
    with (
        Redis.from_url(settings.REDIS_URL) as redis,
        celery_using(broker_url=settings.CELERY_BROKER_URL, prefix=prefix),
    ):
        broker = Broker(redis=redis, prefix=prefix)
        yield broker
        broker.forget_everything()


@contextmanager
def absent_broker(directory: Path) -> Iterator[None]:
    with celery_using(broker_url=_socket_url(directory / "nobody-listens.sock")):
        yield


class CountedConnections:
    """How often a broken broker was called."""

    def __init__(self) -> None:
        self.count = 0


@contextmanager
def broken_broker(directory: Path, *, answer: bytes | None) -> Iterator[CountedConnections]:
    """A broker that gives every command the same answer, or with None hangs for ever."""
    path = directory / "broken.sock"
    connections = CountedConnections()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        thread = threading.Thread(target=_serve, args=[listener, answer, connections])
        thread.start()
        try:
            with celery_using(broker_url=_socket_url(path)):
                yield connections
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, answer: bytes | None, connections: CountedConnections) -> None:
    threads = []
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            break
        connections.count += 1
        threads.append(threading.Thread(target=_answer_all, args=[client, answer]))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _answer_all(client: socket.socket, answer: bytes | None) -> None:
    """Until the client hangs up; each command of the wire protocol begins with its length."""
    with client:
        while received := client.recv(65536):
            if answer is not None:
                client.sendall(answer * len(re.findall(rb"(?m)^\*\d+\r$", received)))


def _socket_url(path: Path) -> str:
    return f"redis+socket://{path}?virtual_host=0"


def _switch(**conf: object) -> None:
    pools.reset()
    app._after_fork()  # type: ignore[attr-defined] # forgets the pools, like a new process
    app.conf.update(conf)


def _unpacked(packed: bytes) -> Message:
    message = json.loads(packed)
    _args, kwargs, _embedded = json.loads(base64.b64decode(message["body"]))
    headers = message["headers"]
    return Message(
        task=headers["task"], task_id=headers["id"], kwargs=kwargs, expires=headers["expires"]
    )
