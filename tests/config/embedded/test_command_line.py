import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded.instance import open_instance
from config.embedded.refusal import Refusal
from config.embedded.up import listening_socket

PROJECT = Path(__file__).parents[3]


def dev(*arguments: str, cwd: Path = PROJECT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, PROJECT / "dev", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("deploy",)])
def test_unknown_command_prints_the_usage(arguments: tuple[str, ...]) -> None:
    ended = dev(*arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("usage: ./dev COMMAND")


def test_help_is_no_error() -> None:
    ended = dev("--help")
    assert ended.returncode == 0
    assert ended.stdout.startswith("usage: ./dev COMMAND")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("demo", "--fast"), "./dev demo: unknown argument --fast"),
        (("up", "--port"), "./dev up: --port takes a number from 0 (any free port) to 65535"),
        (("up", "--port", "65536"), "./dev up: --port takes a number"),
        (("up", "--port", "http"), "./dev up: --port takes a number"),
        (("reset", "now"), "./dev reset: unknown argument now"),
    ],
)
def test_wrong_arguments_are_named(arguments: tuple[str, ...], complaint: str) -> None:
    ended = dev(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith(complaint)


def test_taken_port_is_named_with_a_way_out() -> None:
    with listening_socket(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match=rf"port {port} of 127\.0\.0\.1 is in use.*--port"):
            listening_socket(port)


def test_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / ".keel").touch()
    with pytest.raises(Refusal, match=r"\.keel cannot be made: File exists"):
        open_instance(tmp_path, "demo")


def test_directory_of_another_user_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".keel").mkdir()
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(Refusal, match=r"\.keel belongs to another user"):
        open_instance(tmp_path, "demo")


def test_doctor_finds_nothing_in_the_way_from_any_directory(tmp_path: Path) -> None:
    ended = dev("doctor", cwd=tmp_path)
    assert ended.returncode == 0
    assert str(PROJECT / ".keel") in ended.stdout
    assert "PROBLEM" not in ended.stdout
