"""Makes `.venv` from the hashed locks; anew when they change or an install broke off."""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .file_locks import SharedUse, alone, exclusive
from .instance import state_directory
from .interrupt import pause
from .refusal import Refusal, say

RUNTIME_LOCK = "requirements.lock"
DEVELOPER_LOCK = "requirements-dev.lock"  # holds every pin of the runtime lock as well


class Environment:
    def __init__(self, project: Path) -> None:
        self.project = project
        self.directory = project / ".venv"
        self.python = self.directory / "bin" / "python"
        self._stamp = self.directory / "keel-stamp.json"

    def is_ready(self, *, developer: bool) -> bool:
        wanted = [RUNTIME_LOCK, DEVELOPER_LOCK] if developer else [RUNTIME_LOCK]
        installed = self._installed()
        return os.access(self.python, os.X_OK) and all(
            installed.get(lock) == self._digest(lock) for lock in wanted
        )

    def make_ready(self, *, developer: bool) -> SharedUse:
        """Install what is missing.

        Returns the hold on `.venv` that keeps other runs from removing it; it survives exec.
        """
        state = state_directory(self.project)
        use = SharedUse(state / "environment.users")
        waiting = "another ./dev is installing; waiting for it"
        while True:
            # Only what is ready may be held: who installs takes any holder for a running ./dev.
            if self.is_ready(developer=developer):
                use.enter(survive_exec=True)
                if self.is_ready(developer=developer):
                    return use
                use.leave()
            with exclusive(state / "environment.install", when_waiting=waiting) as held:
                if not self.is_ready(developer=developer):
                    self._install(developer, users=state / "environment.users", held=held)

    def _install(self, developer: bool, *, users: Path, held: int) -> None:
        locks = [RUNTIME_LOCK, DEVELOPER_LOCK] if developer else [RUNTIME_LOCK]
        say(f"making .venv from {locks[-1]} (a minute or so)")
        if self.is_ready(developer=False):
            # Only added to: whoever runs from .venv now is not disturbed.
            self._stamp.unlink()
        else:
            with alone(users) as nobody_uses_it:
                if not nobody_uses_it:
                    raise Refusal(
                        ".venv has to be made anew, because the locks changed or an install broke"
                        " off, but another ./dev runs from it. Stop that one, then run this again."
                    )
                self._make_empty(held)
        self._install_packages(self.project / locks[-1], held)
        unfinished = self._stamp.with_suffix(".new")
        unfinished.write_text(json.dumps({lock: self._digest(lock) for lock in locks}))
        unfinished.replace(self._stamp)

    def _make_empty(self, held: int) -> None:
        try:
            if self.directory.is_symlink():
                self.directory.unlink()
            elif self.directory.exists():
                say("removing the old .venv: it is unfinished, or the locks changed")
                shutil.rmtree(self.directory)
        except PermissionError as error:
            raise Refusal(
                f"{error.filename} cannot be removed: .venv was made by another user. Remove"
                " .venv as that user, or work in a clone of your own."
            ) from error
        # The interpreter this runs on may itself be in the .venv that was just removed.
        base_python = getattr(sys, "_base_executable", sys.executable)
        run_installer([base_python, "-m", "venv", "--without-pip", str(self.directory)], held=held)

    def _install_packages(self, lock: Path, held: int) -> None:
        options = ["install", "--quiet", "--require-hashes", "-r", str(lock)]
        if uv := shutil.which("uv"):
            command = [uv, "pip", *options, "--compile-bytecode", "--python", str(self.python)]
            try:
                run_installer(command, held=held)
            except Refusal as refusal:
                # It reads other settings than pip: a proxy or certificate may be known to one only.
                say(f"{refusal}\nTrying pip instead.")
            else:
                return
        if importlib.util.find_spec("ensurepip") is None:
            raise Refusal(
                "this Python has no ensurepip, and without it there is no pip in .venv. Install"
                " python3-venv (on Debian and Ubuntu: apt install python3-venv) or uv, then run"
                " this again."
            )
        run_installer([str(self.python), "-m", "ensurepip"], held=held)
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        run_installer([*pip, *options, "--root-user-action=ignore"], held=held)

    def _installed(self) -> dict[str, str]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            installed: dict[str, str] = json.loads(self._stamp.read_text())
            return installed
        return {}

    def _digest(self, lock: str) -> str:
        return hashlib.sha256((self.project / lock).read_bytes()).hexdigest()


def run_installer(
    command: Sequence[str], *, held: int | None = None, cwd: Path | None = None
) -> None:
    """Run a packaging tool; its words are shown only if it fails, without addresses of indexes.

    It holds the lock `held` too, so that a next run waits for it if this one is killed.
    """
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            pass_fds=() if held is None else (held,),
        )
        try:
            while process.poll() is None:
                pause()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            output.seek(0)
            last_lines = map(without_addresses, output.read().strip().splitlines()[-20:])
            raise Refusal("\n".join([f"{command[0]} failed:", *last_lines]))


def without_addresses(line: str) -> str:
    """Hide the package index's host: its address may hold credentials."""
    line = re.sub(r"[\w+.-]+://[^\s'\",]+", "<package index>", line)
    return re.sub(r"host='[^']*'", "host=<package index>", line)
