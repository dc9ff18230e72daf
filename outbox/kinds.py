"""The kinds of job that the settings declare: which task runs each, on which queue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from outbox.models import OutboxJob


@dataclass(frozen=True, slots=True)
class JobKind:
    name: str
    task: str
    queue: str
    failed: str

    def report_failure(self, job: "OutboxJob") -> None:
        """Tell the owner of the subject, inside the transaction that ends the job."""
        owner: Callable[[OutboxJob], None] = import_string(self.failed)
        owner(job)


class UnknownJobKind(LookupError):
    """No entry of OUTBOX_JOB_KINDS has this name."""


def by_name(name: str) -> JobKind:
    try:
        declared = settings.OUTBOX_JOB_KINDS[name]
    except KeyError:
        raise UnknownJobKind(f"{name!r} is not in OUTBOX_JOB_KINDS") from None
    return JobKind(name=name, **declared)
