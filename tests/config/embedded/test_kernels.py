from pathlib import Path

import pytest

from config.embedded import kernels
from config.embedded.kernels import kernels_being_compiled
from config.embedded.refusal import Refusal


def make_compiler(project: Path, script: str) -> None:
    """A package that stands where that of the kernels does, without numba."""
    package = project / "optimization" / "solver" / "compiled"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text(script)


def test_compiled_kernels_are_not_mentioned(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_compiler(project, "print('numerical kernels are compiled')")
    with kernels_being_compiled(project) as wait_for_kernels:
        wait_for_kernels()
    assert capsys.readouterr() == ("", "")


def test_long_compilation_is_mentioned_once(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "WORTH_MENTIONING_SECONDS", 0.0)
    make_compiler(project, "import time; time.sleep(0.3)")
    with kernels_being_compiled(project) as wait_for_kernels:
        wait_for_kernels()
    assert capsys.readouterr().err.count("compiling the numerical kernels") == 1


def test_compilation_that_fails_is_quoted(project: Path) -> None:
    make_compiler(project, "import sys; sys.exit('no room for machine code')")
    with (
        kernels_being_compiled(project) as wait_for_kernels,
        pytest.raises(Refusal, match="cannot be compiled:\nno room for machine code"),
    ):
        wait_for_kernels()


def test_compilation_ends_with_the_command_it_is_for(project: Path) -> None:
    make_compiler(project, "import time; time.sleep(600)")
    with pytest.raises(Refusal), kernels_being_compiled(project):
        raise Refusal("no database")
    # That nothing runs on is what the fixture looks for.
