import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimization.solver import compiled
from optimization.solver.compiled.code_directory import (
    NoCodeDirectory,
    digest_of_all_that_decides_the_code,
    writable_code_directory,
)

PACKAGE = Path(compiled.__file__).parent


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "caller.py").write_text("calls = 1\n")
    (package / "inner" / "callee.py").write_text("called = 1\n")
    return package


def test_same_sources_have_the_same_digest(package: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(package, tmp_path / "copy")
    assert digest_of_all_that_decides_the_code(copy) == digest_of_all_that_decides_the_code(package)


def test_change_of_any_source_changes_the_digest(package: Path) -> None:
    before = digest_of_all_that_decides_the_code(package)
    callee = package / "inner" / "callee.py"
    changed_at = callee.stat()
    callee.write_text("called = 2\n")  # as long as before
    os.utime(callee, ns=(changed_at.st_atime_ns, changed_at.st_mtime_ns))
    assert digest_of_all_that_decides_the_code(package) != before


def test_moved_source_changes_the_digest(package: Path) -> None:
    before = digest_of_all_that_decides_the_code(package)
    (package / "inner" / "callee.py").rename(package / "callee.py")
    assert digest_of_all_that_decides_the_code(package) != before


def test_setting_of_numba_changes_the_digest(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest_of_all_that_decides_the_code(package)
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert digest_of_all_that_decides_the_code(package) != before


def test_code_lies_in_the_directory_of_the_operator(package: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    directory = writable_code_directory(package=package, chosen=str(chosen))
    assert directory.parent == chosen
    assert directory.is_dir()
    assert not (package / "__pycache__").exists()


def test_the_place_that_was_chosen_leaves_the_digest_as_it_is(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest_of_all_that_decides_the_code(package)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert digest_of_all_that_decides_the_code(package) == before


def test_nothing_stands_in_for_a_chosen_directory_that_cannot_be_written(
    package: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoCodeDirectory, match=r"cannot be written to .*/file; set NUMBA_CACHE_DIR"):
        writable_code_directory(package=package, chosen=str(tmp_path / "file"))


def test_relative_directory_is_refused_because_processes_run_in_several(package: Path) -> None:
    with pytest.raises(NoCodeDirectory, match="absolute path"):
        writable_code_directory(package=package, chosen="kernels")


def test_without_a_choice_code_lies_beside_the_bytecode(package: Path) -> None:
    assert writable_code_directory(package=package, chosen="").parent == package / "__pycache__"


def test_code_of_sources_that_cannot_be_written_lies_in_the_cache_of_the_user(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file in the way stops root too, whom no mode of a directory would.
    (package / "__pycache__").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = writable_code_directory(package=package, chosen="")
    assert directory.parent == tmp_path / "cache" / "keel"


def test_user_who_can_write_nowhere_is_told_what_to_set(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "__pycache__").touch()
    (tmp_path / "home").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    with pytest.raises(NoCodeDirectory, match=r"__pycache__ or .*/home/keel; set NUMBA_CACHE_DIR"):
        writable_code_directory(package=package, chosen="")


CALLER = """
from numba import njit
from optimization.solver.compiled.inner import number

@njit(cache=True)
def caller():
    return number()
"""
CALLEE = """
from numba import njit

@njit(cache=True)
def number():
    return {number}
"""
CALL = """
from optimization.solver.compiled.caller import caller
print(caller(), sum(caller.stats.cache_hits.values()))
"""


def test_kernel_follows_a_change_in_a_kernel_that_it_calls(tmp_path: Path) -> None:
    """Left to itself numba goes on returning 7: the file of the caller is the same."""
    copy = tmp_path / "optimization" / "solver" / "compiled"
    copy.mkdir(parents=True)
    for name in ("__init__.py", "code_directory.py"):
        shutil.copy(PACKAGE / name, copy)
    (copy / "caller.py").write_text(CALLER)

    def answer_and_cache_hits(number: int) -> str:
        (copy / "inner.py").write_text(CALLEE.format(number=number))
        return subprocess.run(
            [sys.executable, "-c", CALL], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    assert answer_and_cache_hits(7) == "7 0\n"
    assert answer_and_cache_hits(7) == "7 1\n"
    assert answer_and_cache_hits(8) == "8 0\n"
