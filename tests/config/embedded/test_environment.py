import importlib.util
import subprocess
import threading
from pathlib import Path

import pytest

from config.embedded.environment import Environment, without_addresses
from config.embedded.refusal import Refusal

# Does what uv does as far as `./dev` can see, in milliseconds, and keeps a diary.
FAKE_UV = """#!/bin/sh
echo "$1 $2" >> "{directory}/diary"
if test -e "{directory}/broken"; then
  echo "no route to https://user:secret@example.com/simple"
  exit 1
fi
"""


class FakeUv:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        program = directory / "bin" / "uv"
        program.parent.mkdir()
        program.write_text(FAKE_UV.format(directory=directory))
        program.chmod(0o755)

    def installs(self) -> int:
        diary = self._directory / "diary"
        return diary.read_text().splitlines().count("pip install") if diary.exists() else 0

    def break_down(self) -> None:
        (self._directory / "broken").touch()

    def repair(self) -> None:
        (self._directory / "broken").unlink()


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeUv:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return FakeUv(tmp_path)


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python like Debian's, which leaves pip to another package."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


@pytest.fixture
def locked_project(project: Path) -> Path:
    (project / "requirements.lock").write_text("# nothing to run\n")
    (project / "requirements-dev.lock").write_text("# nothing to develop\n")
    return project


def test_first_run_makes_the_environment_and_the_second_does_nothing(
    locked_project: Path, uv: FakeUv
) -> None:
    for _ in range(2):
        Environment(locked_project).make_ready(developer=False)
    assert uv.installs() == 1


def test_changed_lock_makes_it_anew(locked_project: Path, uv: FakeUv) -> None:
    Environment(locked_project).make_ready(developer=False).leave()
    (locked_project / ".venv" / "left-over").touch()
    (locked_project / "requirements.lock").write_text("# something else\n")
    Environment(locked_project).make_ready(developer=False)
    assert uv.installs() == 2
    assert not (locked_project / ".venv" / "left-over").exists()


def test_tests_only_add_to_what_the_demonstration_installed(
    locked_project: Path, uv: FakeUv
) -> None:
    Environment(locked_project).make_ready(developer=False)
    Environment(locked_project).make_ready(developer=True)
    assert uv.installs() == 2
    assert Environment(locked_project).is_ready(developer=True)
    assert Environment(locked_project).is_ready(developer=False)


@pytest.mark.usefixtures("no_pip")
def test_broken_off_install_is_done_anew(locked_project: Path, uv: FakeUv) -> None:
    uv.break_down()
    with pytest.raises(Refusal):
        Environment(locked_project).make_ready(developer=False)
    (locked_project / ".venv" / "half-installed").touch()
    uv.repair()
    Environment(locked_project).make_ready(developer=False)
    assert not (locked_project / ".venv" / "half-installed").exists()
    assert Environment(locked_project).is_ready(developer=False)


@pytest.mark.usefixtures("no_pip")
def test_broken_off_addition_leaves_nothing_that_passes_for_complete(
    locked_project: Path, uv: FakeUv
) -> None:
    Environment(locked_project).make_ready(developer=False)
    uv.break_down()
    with pytest.raises(Refusal):
        Environment(locked_project).make_ready(developer=True)
    assert not Environment(locked_project).is_ready(developer=False)


@pytest.mark.usefixtures("no_pip")
def test_failed_install_is_quoted_without_the_address_of_an_index(
    locked_project: Path, uv: FakeUv, capsys: pytest.CaptureFixture[str]
) -> None:
    uv.break_down()
    with pytest.raises(Refusal):
        Environment(locked_project).make_ready(developer=False)
    said = capsys.readouterr().err
    assert "no route to <package index>" in said
    assert "example.com" not in said


def test_host_named_in_an_error_of_pip_is_hidden() -> None:
    line = "HTTPSConnectionPool(host='example.com', port=443): Max retries exceeded"
    assert without_addresses(line) == (
        "HTTPSConnectionPool(host=<package index>, port=443): Max retries exceeded"
    )


def test_two_runs_at_once_install_once(locked_project: Path, uv: FakeUv) -> None:
    runs = [
        threading.Thread(target=lambda: Environment(locked_project).make_ready(developer=False))
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert uv.installs() == 1


def test_environment_in_use_is_not_pulled_away(locked_project: Path, uv: FakeUv) -> None:
    Environment(locked_project).make_ready(developer=False)
    (locked_project / "requirements.lock").write_text("# something else\n")
    with pytest.raises(Refusal, match=r"another \./dev runs from it"):
        Environment(locked_project).make_ready(developer=False)


@pytest.mark.usefixtures("no_pip")
def test_python_with_neither_uv_nor_pip_is_told_what_to_install(
    locked_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refusal, match=r"apt install python3-venv"):
        Environment(locked_project).make_ready(developer=False)


def test_pip_installs_where_uv_cannot(locked_project: Path, uv: FakeUv) -> None:
    uv.break_down()
    Environment(locked_project).make_ready(developer=False)
    python = locked_project / ".venv" / "bin" / "python"
    pip = subprocess.run(
        [python, "-m", "pip", "--version"], capture_output=True, text=True, check=True
    )
    assert str(locked_project / ".venv") in pip.stdout


def test_developer_lock_holds_every_pin_of_the_runtime_lock() -> None:
    """`./dev test` adds the one to what the other installed and takes both for installed."""
    project = Path(__file__).parents[3]

    def pins(name: str) -> set[str]:
        lines = (project / name).read_text().splitlines()
        return {line.rstrip(" \\") for line in lines if line[:1].isalnum()}

    developer = pins("requirements-dev.lock")
    # A pin without a marker holds on every system, so on those of the runtime's marker too.
    missing = {
        pin
        for pin in pins("requirements.lock")
        if pin not in developer and pin.partition(" ;")[0] not in developer
    }
    assert missing == set()
