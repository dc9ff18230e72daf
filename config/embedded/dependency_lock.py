"""`./dev lock`: pins every package, with hashes, for all the Pythons and systems it may run on."""

import shutil
from pathlib import Path

from .environment import DEVELOPER_LOCK, RUNTIME_LOCK, run_installer
from .refusal import Refusal, say


def lock(project: Path, *, upgrade: bool) -> int:
    uv = shutil.which("uv")
    if uv is None:
        raise Refusal("./dev lock needs uv on PATH; installing from a lock does not.")
    options = [
        *["--quiet", "--universal", "--generate-hashes", "--no-emit-index-url"],
        *["--custom-compile-command", "./dev lock", *(["--upgrade"] if upgrade else [])],
    ]
    for name, more in (
        (RUNTIME_LOCK, []),
        # Constrained by the first, so that what is tested is what runs.
        (DEVELOPER_LOCK, ["--group", "dev", "--constraints", RUNTIME_LOCK]),
    ):
        # Names relative to the project, because uv writes them into the lock.
        command = [uv, "pip", "compile", *options, *more, "pyproject.toml", "--output-file", name]
        run_installer(command, cwd=project)
        say(f"wrote {name}")
    return 0
