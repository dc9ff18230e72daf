from pathlib import Path

import pytest

from config.embedded.postgres_programs import WHEEL_PROGRAMS, find_programs
from config.embedded.refusal import Refusal


def install(directory: Path, *, version: str) -> None:
    directory.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        program.chmod(0o755)


def test_programs_of_the_wheel_come_first(tmp_path: Path) -> None:
    install(tmp_path / "packages" / WHEEL_PROGRAMS, version="18.4")
    install(tmp_path / "debian" / "17" / "bin", version="17.2")
    found = find_programs(site_packages=tmp_path / "packages", debian=tmp_path / "debian")
    assert found.version == "18.4"
    assert found.major == 18


def test_without_the_wheel_the_newest_of_the_system_is_taken(tmp_path: Path) -> None:
    install(tmp_path / "debian" / "9" / "bin", version="9.6.24")
    install(tmp_path / "debian" / "15" / "bin", version="15.18 (Debian 15.18-0+deb12u1)")
    install(tmp_path / "debian" / "16" / "bin", version="16.3")
    (tmp_path / "debian" / "17" / "bin").mkdir(parents=True)  # a client without a server
    found = find_programs(site_packages=tmp_path, debian=tmp_path / "debian")
    assert found.version == "16.3"


def test_too_old_server_is_no_server(tmp_path: Path) -> None:
    install(tmp_path / "debian" / "13" / "bin", version="13.1")
    with pytest.raises(Refusal, match=r"no PostgreSQL was found.*set DATABASE_URL"):
        find_programs(site_packages=tmp_path, debian=tmp_path / "debian")
