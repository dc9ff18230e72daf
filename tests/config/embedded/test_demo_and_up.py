"""The commands a newcomer runs, from end to end, on an instance of their own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from config.embedded.instance import Instance, open_instance
from tests.config.embedded.processes import processes_of, wait_for

PROJECT = Path(__file__).parents[3]
# `./dev` in the environment of the tests, on another instance than a developer may be using.
DEV = """
import sys
from pathlib import Path
project, instance, command, *arguments = sys.argv[1:]
sys.path.insert(0, str(Path(project, "config")))
from embedded import command_line, demo, up
demo.INSTANCE = up.INSTANCE = instance
action = command_line.COMMANDS[command].read(arguments)
sys.exit(command_line.run(Path(project), "nothing", action))
"""


@pytest.fixture(scope="module")
def own_instance() -> Iterator[Instance]:
    instance = open_instance(PROJECT, f"commands-{os.getpid()}")
    yield instance
    left_over = processes_of(instance.directory)
    instance.remove()
    assert left_over == []


def start(instance: Instance, *arguments: str) -> "subprocess.Popen[str]":
    services = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
    return subprocess.Popen(
        [sys.executable, "-c", DEV, str(PROJECT), instance.directory.name, *arguments],
        env={name: value for name, value in os.environ.items() if name not in services},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def demonstrate(instance: Instance) -> dict[str, Any]:
    run = start(instance, "demo", "--json")
    printed, said = run.communicate()
    assert run.returncode == 0, said
    assert processes_of(instance.directory) == []
    result: dict[str, Any] = json.loads(printed)
    return result


def call(shown: dict[str, str], path: str, *, body: object = None) -> dict[str, Any]:
    """Get, or post a body, with the address and the token that `up` printed."""
    request = urllib.request.Request(  # noqa: S310 - its own address, over http
        urljoin(shown["url"], path),
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {shown['token']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


def test_demo_prints_one_json_object_and_the_next_one_finds_its_matrix(
    own_instance: Instance,
) -> None:
    first, second = demonstrate(own_instance), demonstrate(own_instance)
    assert first["session"]["status"] == "COMPLETED"
    assert first["timings_seconds"]["matrix"] > 0
    assert second["session"]["status"] == "COMPLETED"
    assert second["timings_seconds"]["matrix"] is None
    assert second["session"]["id"] != first["session"]["id"]


def test_interrupted_demo_leaves_nothing_behind(own_instance: Instance) -> None:
    run = start(own_instance, "demo")
    assert run.stderr is not None
    while "OPTIMIZING" not in run.stderr.readline():
        pass
    run.send_signal(signal.SIGINT)
    run.communicate()
    assert run.returncode == 128 + signal.SIGINT
    assert processes_of(own_instance.directory) == []


def test_up_serves_with_the_token_it_prints_and_answers_forms_until_it_is_stopped(
    own_instance: Instance,
) -> None:
    run = start(own_instance, "up", "--port", "0", "--json")
    assert run.stdout is not None
    shown = json.loads(run.stdout.readline())
    funds = call(shown, "/api/v1/funds")["data"]
    asked = call(
        shown,
        "/api/v1/attainable-ranges",
        body={"fund": funds[0]["id"], "optimization_scenarios": 400},
    )
    question = f"/api/v1/attainable-ranges/{asked['id']}"
    wait_for(lambda: bool(call(shown, question)["is_finished"]))
    answered = call(shown, question)
    run.send_signal(signal.SIGTERM)
    rest, _ = run.communicate()
    assert sorted(shown) == ["password", "token", "url", "username"]
    assert [fund["is_sample"] for fund in funds] == [True]
    assert answered["status"] == "complete", answered["failure_reason"]
    assert rest == ""
    assert run.returncode == 0
    assert processes_of(own_instance.directory) == []
