"""The subcommands of `./dev`, what each needs installed, and how each ends."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, NoReturn

from . import checks, database_commands, demo, dependency_lock, doctor, suite, up
from .environment import Environment
from .interrupt import Interrupted, catch_stop_signals
from .refusal import Refusal, say

Needs = Literal["nothing", "runtime", "developer"]
DEFAULT_PORT = 8000
USAGE_EXIT_CODE = 2

USAGE = """\
usage: ./dev COMMAND

  demo [--json]             run the whole pipeline once on the default fund
  up [--port N] [--json]    run the site and its workers until Ctrl-C
  test [pytest arguments]   run the tests against a database of their own
  check                     formatting, lint, types, imports, migrations, deployment
  manage ARGUMENTS          run a Django management command
  psql [psql arguments]     open the demonstration database
  reset                     delete the demonstration database
  doctor                    show what this machine offers
  lock [--upgrade]          pin the packages anew (needs uv)

DATABASE_URL and REDIS_URL, when set, are used instead of the embedded services.
"""


class BadUsage(Exception):
    """The arguments are not among those of the usage text."""


Action = Callable[[Path], int]


@dataclass(frozen=True, slots=True)
class Command:
    needs: Needs
    read: Callable[[Sequence[str]], Action]


def main(project: Path, arguments: Sequence[str]) -> int:
    if arguments and arguments[0] in ("help", "--help", "-h"):
        sys.stdout.write(USAGE)
        return 0
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        sys.stderr.write(USAGE)
        return USAGE_EXIT_CODE
    try:
        action = command.read(arguments[1:])
    except BadUsage as error:
        sys.stderr.write(f"./dev {arguments[0]}: {error}\n\n{USAGE}")
        return USAGE_EXIT_CODE
    return run(project, command.needs, action)


def run(project: Path, needs: Needs, action: Action) -> int:
    try:
        catch_stop_signals()
        enter_environment(project, needs)
        return action(project)
    except Refusal as refusal:
        say(str(refusal))
        return 1
    except Interrupted as interrupted:
        say("stopped")
        return 128 + interrupted.number


def enter_environment(project: Path, needs: Needs) -> None:
    """Go on in `.venv`'s Python, with everything the command needs installed there."""
    environment = Environment(project)
    if needs == "nothing" and not environment.is_ready(developer=False):
        return
    if needs != "nothing":
        environment.make_ready(developer=needs == "developer")
    if Path(sys.prefix) != environment.directory:
        restart_with(environment.python)


def restart_with(python: Path) -> NoReturn:
    os.execv(python, [str(python), *sys.argv])


def _demo(arguments: Sequence[str]) -> Action:
    return partial(demo.demo, as_json=_only_flag(arguments, "--json"))


def _up(arguments: Sequence[str]) -> Action:
    rest = list(arguments)
    port = DEFAULT_PORT
    if "--port" in rest:
        at = rest.index("--port")
        port = _port(rest[at + 1 : at + 2])
        del rest[at : at + 2]
    return partial(up.up, port=port, as_json=_only_flag(rest, "--json"))


def _port(words: Sequence[str]) -> int:
    if not words or not words[0].isdecimal() or int(words[0]) > 65535:
        raise BadUsage("--port takes a number from 0 (any free port) to 65535")
    return int(words[0])


def _lock(arguments: Sequence[str]) -> Action:
    return partial(dependency_lock.lock, upgrade=_only_flag(arguments, "--upgrade"))


def _only_flag(arguments: Sequence[str], flag: str) -> bool:
    """Return whether the flag is given; refuse anything else."""
    for word in arguments:
        if word != flag:
            raise BadUsage(f"unknown argument {word}")
    return bool(arguments)


def _alone(action: Action) -> Callable[[Sequence[str]], Action]:
    def read(arguments: Sequence[str]) -> Action:
        if arguments:
            raise BadUsage(f"unknown argument {arguments[0]}")
        return action

    return read


def _passing_on(
    action: Callable[[Path, Sequence[str]], int],
) -> Callable[[Sequence[str]], Action]:
    return lambda arguments: lambda project: action(project, arguments)


COMMANDS = {
    "demo": Command("runtime", _demo),
    "up": Command("runtime", _up),
    "test": Command("developer", _passing_on(suite.run_suite)),
    "check": Command("developer", _alone(checks.check)),
    "manage": Command("runtime", _passing_on(database_commands.manage)),
    "psql": Command("runtime", _passing_on(database_commands.psql)),
    "reset": Command("nothing", _alone(database_commands.reset)),
    "doctor": Command("nothing", _alone(doctor.doctor)),
    "lock": Command("nothing", _lock),
}
