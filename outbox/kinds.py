"""The kinds of job that the settings declare: which task runs each, on which queue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class JobKind:
    name: str
    task: str
    queue: str
    failed: str

    def owner_of_failure(self) -> Callable[[Any], None]:
        """What tells the owner of the subject that its job has ended without success."""
        owner: Callable[[Any], None] = import_string(self.failed)
        return owner


class UnknownJobKind(LookupError):
    """No entry of OUTBOX_JOB_KINDS has this name."""


def by_name(name: str) -> JobKind:
    try:
        declared = settings.OUTBOX_JOB_KINDS[name]
    except KeyError:
        raise UnknownJobKind(f"{name!r} is not in OUTBOX_JOB_KINDS") from None
    return JobKind(name=name, **declared)
