"""Where numba keeps the machine code of kernels: a directory for each state of all that decides it.

numba takes stored code for current if the source file of the kernel itself is unchanged. It looks
neither at the kernels and constants that this one takes from other files, nor at its own settings,
and while it replaces outdated code another process can read the old. In a directory whose name is
a digest of everything that decides the code, nothing is ever outdated.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import llvmlite
import llvmlite.binding
import numba
import numba.misc.appdirs
import numpy as np

CHOSEN_BY = "NUMBA_CACHE_DIR"


class NoCodeDirectory(RuntimeError):
    """There is no directory that machine code can be written to."""


def writable_code_directory(*, package: Path, chosen: str) -> Path:
    """Return a directory that exists and can be written, for the code of the package as it is now.

    It lies in the ``chosen`` directory, which NUMBA_CACHE_DIR names, or if that is empty in the
    ``__pycache__`` of the package, or if that cannot be written in the user's own cache.

    Raises NoCodeDirectory.
    """
    tried = [Path(chosen)] if chosen else [package / "__pycache__", _cache_of_the_user()]
    for parent in tried:
        directory = parent / f"kernels-{digest_of_all_that_decides_the_code(package)}"
        if parent.is_absolute() and _can_be_written(directory):
            return directory
    raise NoCodeDirectory(
        f"machine code of kernels cannot be written to {' or '.join(map(str, tried))};"
        f" set {CHOSEN_BY} to the absolute path of a directory that this user may write"
    )


def digest_of_all_that_decides_the_code(package: Path) -> str:
    """Return 16 hexadecimal digits that differ when a source, a version, numba's settings or the
    processor do."""
    settings = sorted(f"{name}={value}" for name, value in os.environ.items() if _is_setting(name))
    sources = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    parts = [
        *(module.__version__.encode() for module in (numba, llvmlite, np)),
        llvmlite.binding.get_host_cpu_name().encode(),
        llvmlite.binding.get_host_cpu_features().flatten().encode(),
        "\n".join(settings).encode(),
        *(part for name in sorted(sources) for part in (name.encode(), sources[name].read_bytes())),
    ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def _is_setting(name: str) -> bool:
    return name.startswith("NUMBA_") and name != CHOSEN_BY


def _cache_of_the_user() -> Path:
    return Path(numba.misc.appdirs.user_cache_dir("keel"))


def _can_be_written(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # A root user may write what the mode forbids, and nobody what lies on a read-only disk.
        tempfile.TemporaryFile(dir=directory).close()
    except OSError:
        return False
    return True
