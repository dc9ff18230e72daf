"""Tells whether the embedded database already has every migration, without starting Django."""

import hashlib
from pathlib import Path

from .instance import Instance
from .postgres import Postgres

# Whatever a migration of Keel or of a package it uses could come from.
SOURCES = ("*/migrations/*.py", "config/settings.py", "requirements.lock")
APPLIED = (
    "SELECT md5(string_agg(app || '.' || name, ',' ORDER BY app, name)) FROM django_migrations"
)


class AppliedMigrations:
    """Remembers which files led to which applied migrations; any change of either is noticed."""

    def __init__(self, *, project: Path, instance: Instance, postgres: Postgres) -> None:
        self._project = project
        self._note = instance.directory / "migrated"
        self._postgres = postgres

    def are_complete(self) -> bool:
        return self._note.exists() and self._note.read_text() == self._present_state()

    def note(self) -> None:
        self._note.write_text(self._present_state())

    def _present_state(self) -> str:
        if self._postgres.query("SELECT to_regclass('django_migrations')") == "":
            return "nothing applied"
        digest = hashlib.sha256()
        for pattern in SOURCES:
            for path in sorted(self._project.glob(pattern)):
                digest.update(path.relative_to(self._project).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
        return f"{digest.hexdigest()} {self._postgres.query(APPLIED)}"
