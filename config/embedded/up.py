"""`./dev up`: the site, the workers and beat, until a stop signal."""

import errno
import http.client
import json
import socket
import sys
import time
from pathlib import Path

from .demo import INSTANCE, migrate, supervised
from .instance import open_instance
from .interrupt import Interrupted, pause
from .keel_processes import manage, pipeline, ranges_worker, web, worker_ready_file
from .kernels import kernels_being_compiled
from .refusal import Refusal, say
from .services import running_services
from .supervision import Supervisor

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 120.0


def up(project: Path, *, port: int, as_json: bool) -> int:
    """Return 0 once a stop signal has ended it."""
    with listening_socket(port) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}/"
        instance = open_instance(project, INSTANCE)
        with (
            kernels_being_compiled(project) as wait_for_kernels,
            running_services(instance) as services,
            supervised(project, instance, services, command="up") as (supervisor, run),
        ):
            collect_static = supervisor.start(
                manage("collectstatic", "--no-input", "--verbosity", "0")
            )
            migrate(project, instance, services, supervisor)
            wait_for_kernels()
            log_in = run.path / "log-in.json"
            load_demo = supervisor.start(manage("load_demo", "--json"), results=log_in)
            for plan in pipeline(run):
                supervisor.keep_running(plan)
            supervisor.wait_for_success(collect_static)
            supervisor.keep_running(web(listener))
            supervisor.wait_for_success(load_demo)
            wait_until_ready(supervisor, address=address, ready_file=worker_ready_file(run))
            # Last: while it loads, it would keep the others from being ready.
            supervisor.keep_running(ranges_worker())
            announce(address, json.loads(log_in.read_text()), as_json=as_json)
            return tend_until_stopped(supervisor)


def listening_socket(port: int) -> socket.socket:
    """Return a socket that listens; port 0 means any free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Refusal(
                f"port {port} of {HOST} is in use, perhaps by another ./dev up. Choose another:"
                f" ./dev up --port {port + 1 if port < 65535 else 8000}"
            ) from error
        raise Refusal(f"port {port} of {HOST} cannot be opened: {error.strerror}") from error
    listener.listen(64)
    return listener


def wait_until_ready(supervisor: Supervisor, *, address: str, ready_file: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not (ready_file.exists() and shows_log_in(address)):
        if time.monotonic() > deadline:
            raise Refusal(
                f"the site or the worker was not ready within {START_TIMEOUT_SECONDS:.0f} s\n"
                f"{supervisor.last_words_of_all()}"
            )
        supervisor.tend()
        pause()


def shows_log_in(address: str) -> bool:
    connection = http.client.HTTPConnection(address.split("/")[2], timeout=2.0)
    try:
        connection.request("GET", "/log-in/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def announce(address: str, log_in: dict[str, str], *, as_json: bool) -> None:
    shown = {"url": address, **{key: log_in[key] for key in ("username", "password", "token")}}
    if as_json:
        sys.stdout.write(json.dumps(shown) + "\n")
    else:
        sys.stdout.write(
            "\nKeel runs at {url}\n"
            "  log in as   {username}\n"
            "  password    {password}\n"
            "  API token   {token}\n"
            "Ctrl-C stops it.\n\n".format(**shown)
        )
    sys.stdout.flush()


def tend_until_stopped(supervisor: Supervisor) -> int:
    try:
        while True:
            supervisor.tend()
            pause(0.2)
    except Interrupted:
        say("stopping")
        return 0
