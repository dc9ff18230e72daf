"""A Redis that is never silent and never done: a byte now and then, without end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PAUSE_SECONDS = 0.01


@dataclass(slots=True)
class DrippingRedis:
    url: str
    calls: int = 0
    clients: list[threading.Thread] = field(default_factory=list)

    def forget_clients(self) -> None:
        """Wait until all have hung up."""
        for client in self.clients:
            client.join()


@contextmanager
def dripping_redis(directory: Path) -> Iterator[DrippingRedis]:
    path = directory / "dripping.sock"
    server = DrippingRedis(url=f"unix://{path}?db=0")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(8)
        accepting = threading.Thread(target=_accept, args=[listener, server])
        accepting.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listener: socket.socket, server: DrippingRedis) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server.calls += 1
        server.clients.append(threading.Thread(target=_drip, args=[client]))
        server.clients[-1].start()


def _drip(client: socket.socket) -> None:
    """One answer that never ends, until the client hangs up."""
    stop = threading.Event()
    with client:
        try:
            client.sendall(b"+")
            while not stop.wait(PAUSE_SECONDS):
                client.sendall(b"O")
        except OSError:
            return
