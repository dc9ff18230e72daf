"""PostgreSQL refuses to run as root; then it runs as `nobody`, without opening any directory up."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from .refusal import Refusal


@dataclass(frozen=True, slots=True)
class ServerUser:
    uid: int
    gid: int


class UserArguments(TypedDict, total=False):
    user: int
    group: int
    extra_groups: Sequence[int]


def server_user() -> ServerUser | None:
    """Return the user the database server has to run as; None means the present one."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise Refusal(
            "PostgreSQL does not run as root, and this system has no user `nobody` to run it as."
            " Run ./dev as a normal user, or set DATABASE_URL."
        ) from error
    return ServerUser(uid=nobody.pw_uid, gid=nobody.pw_gid)


def run_as(user: ServerUser | None) -> UserArguments:
    """Return the arguments that make subprocess start a program as `user`."""
    if user is None:
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": ()}


def can_enter(directory: Path, user: ServerUser | None) -> bool:
    """Tell, by trying it, whether the user reaches the directory through all of its parents."""
    tried = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        **run_as(user),
    )
    return tried.returncode == 0


def can_run(program: Path, user: ServerUser | None) -> bool:
    """Tell, by trying it, whether the user can run the program and load its libraries."""
    try:
        tried = subprocess.run(
            [program, "--version"],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **run_as(user),
        )
    except (FileNotFoundError, PermissionError):
        return False
    return tried.returncode == 0
