"""An instance: one database, one Redis, and the directory that holds everything of theirs."""

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .file_locks import exclusive
from .refusal import Refusal
from .server_user import ServerUser, can_enter, server_user

# sun_path is 104 bytes on macOS and 108 on Linux, with a final NUL; PostgreSQL appends
# "/.s.PGSQL.5432" to the directory.
LONGEST_SOCKET_DIRECTORY_BYTES = 104 - 1 - len("/.s.PGSQL.5432")


def state_directory(project: Path) -> Path:
    """Return `.keel`, made on first use, private to the user who made it."""
    directory = project / ".keel"
    make_private_directory(directory, searchable_by=server_user())
    return directory


def make_private_directory(directory: Path, *, searchable_by: ServerUser | None = None) -> None:
    """Make a directory only its owner can enter.

    The group of `searchable_by` may pass through, but not list: as root, the database server
    runs as that user and has to reach its own directory inside.
    """
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        owner = directory.stat().st_uid
    except OSError as error:
        raise Refusal(f"{directory} cannot be made: {error.strerror}") from error
    if owner != os.geteuid():
        raise Refusal(
            f"{directory} belongs to another user (uid {owner}): run ./dev as that user, or"
            f" remove the directory."
        )
    if searchable_by is not None:
        os.chown(directory, -1, searchable_by.gid)
        directory.chmod(0o710)


@dataclass(frozen=True, slots=True)
class Instance:
    """Directories and small files of one instance; the methods make what they return."""

    directory: Path

    @property
    def users(self) -> Path:
        """Held, shared, by every run of `./dev` that uses this instance."""
        return self.directory / "users"

    @property
    def changing(self) -> Path:
        """Held alone while servers of this instance start or stop."""
        return self.directory / "changing"

    def record(self, server: str) -> Path:
        return self.directory / f"{server}.process"

    def log(self, server: str) -> Path:
        return self.directory / f"{server}.log"

    def secret_key(self) -> str:
        path = self.directory / "secret-key"
        with exclusive(self.directory / "secret-key.lock"):
            if not path.exists():
                unfinished = path.with_suffix(".new")
                unfinished.unlink(missing_ok=True)
                descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w") as file:
                    file.write(secrets.token_urlsafe(48))
                unfinished.replace(path)
            return path.read_text()

    def place_for_server(self) -> Path:
        """Return a directory the database server can get into: this one, else one outside."""
        if can_enter(self.directory, server_user()):
            return self.directory
        return self._directory_outside()

    def socket_directory(self, preferred: Path, *, owner: ServerUser | None) -> Path:
        """Return a 0700 directory whose path is short enough for a socket."""
        if len(os.fsencode(preferred)) > LONGEST_SOCKET_DIRECTORY_BYTES:
            preferred = self._directory_outside() / preferred.name
        return make_directory_of(owner, preferred)

    def _directory_outside(self) -> Path:
        """Return a private directory outside the project, the same one at each call."""
        note = self.directory / "outside"
        with contextlib.suppress(FileNotFoundError):
            noted = Path(note.read_text())
            if _is_own_private_directory(noted):
                return noted
        user = server_user()
        parent = None if user else os.environ.get("XDG_RUNTIME_DIR")
        if parent is None or not os.access(parent, os.W_OK):
            parent = tempfile.gettempdir()
        made = Path(tempfile.mkdtemp(prefix="keel-", dir=parent))
        make_private_directory(made, searchable_by=user)
        note.write_text(str(made))
        return made

    def remove(self) -> None:
        """Delete the instance and its directory outside the project."""
        with contextlib.suppress(FileNotFoundError):
            outside = Path((self.directory / "outside").read_text())
            if _is_own_private_directory(outside):
                shutil.rmtree(outside)
        shutil.rmtree(self.directory)


def open_instance(project: Path, name: str) -> Instance:
    directory = state_directory(project) / name
    make_private_directory(directory, searchable_by=server_user())
    return Instance(directory)


def open_throwaway_instance(project: Path) -> Instance:
    """Make an instance for one run of the tests; its user removes it."""
    parent = state_directory(project)
    directory = Path(tempfile.mkdtemp(prefix="test-", dir=parent))
    make_private_directory(directory, searchable_by=server_user())
    return Instance(directory)


def make_directory_of(owner: ServerUser | None, path: Path) -> Path:
    """Make a 0700 directory of the given user; its parent has to be the caller's own."""
    path.mkdir(mode=0o700, exist_ok=True)
    if owner is not None:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
    return path


def _is_own_private_directory(path: Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o067
    return is_private and found.st_uid == os.geteuid()
