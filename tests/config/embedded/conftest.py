import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.instance import Instance, open_instance
from config.embedded.postgres import Postgres
from tests.config.embedded.processes import kill, processes_of

# These tests try what only root can: to become another user.
collect_ignore = [] if os.geteuid() == 0 else ["test_as_root.py"]


@pytest.fixture(autouse=True)
def _no_services_of_the_test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project() -> Iterator[Path]:
    """An empty project every user can get into; nothing may run in it when the test ends."""
    directory = _reachable_directory()
    yield directory
    left_over = processes_of(directory)
    kill(left_over)
    shutil.rmtree(directory)
    assert left_over == []


@pytest.fixture
def instance(project: Path) -> Instance:
    return open_instance(project, "demo")


@pytest.fixture(scope="session")
def _project_with_database() -> Iterator[Path]:
    """Made once: initdb writes a thousand files."""
    directory = _reachable_directory()
    postgres = Postgres(open_instance(directory, "demo"), throwaway=True)
    postgres.begin_start()
    postgres.finish_start()
    postgres.stop()
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def used_project(_project_with_database: Path) -> Iterator[Path]:
    """A project whose PostgreSQL has run before; a test has to leave it fit for the next one."""
    yield _project_with_database
    left_over = processes_of(_project_with_database)
    kill(left_over)
    assert left_over == []


@pytest.fixture
def used_instance(used_project: Path) -> Instance:
    return open_instance(used_project, "demo")


def _reachable_directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="keel-test-")).resolve()
    directory.chmod(0o755)
    return directory
