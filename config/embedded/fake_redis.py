"""A Redis look-alike for machines without a Redis binary: one process, memory only, demo only.

    python fake_redis.py SOCKET

Serves fakeredis on a private unix socket instead of the TCP port it opens by default, which any
user of the machine could talk to.
"""

import os
import socket
import sys
from itertools import count
from typing import Any

from fakeredis import TcpFakeServer
from fakeredis._clients._tcp_server import TCPFakeRequestHandler
from redis.exceptions import ResponseError


class LastingConnection(TCPFakeRequestHandler):
    """Goes on after a command that failed, where fakeredis hangs up on the client."""

    def setup(self) -> None:
        super().setup()
        read_response = self.current_client.read_response

        def response_or_error() -> Any:
            try:
                return read_response()
            except ResponseError as error:
                return error

        # The loop that hangs up calls this method of this one connection and nothing else.
        self.current_client.read_response = response_or_error  # type: ignore[method-assign, assignment]


class UnixFakeServer(TcpFakeServer):
    address_family = socket.AF_UNIX

    def __init__(self, path: str) -> None:
        self._client_numbers = count(1)
        super().__init__(path)  # type: ignore[arg-type]  # socketserver takes any address
        self.RequestHandlerClass = LastingConnection

    def get_request(self) -> tuple[socket.socket, Any]:
        """Number the clients: peers on a unix socket have no address to tell them apart by."""
        connection, _ = super().get_request()
        return connection, ("unix", next(self._client_numbers))


def serve(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)
    os.umask(0o177)
    UnixFakeServer(path).serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
