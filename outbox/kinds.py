"""The kinds of job that the settings declare: which task runs each, on which queue and lane."""

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


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs that share a dispatch window: of one queue, or, without a name, of all other queues."""

    name: str
    window: int


SHARED_LANE = ""


def lanes() -> list[Lane]:
    own = [Lane(queue, window) for queue, window in settings.OUTBOX_OWN_WINDOWS.items()]
    return [*own, Lane(SHARED_LANE, settings.OUTBOX_DISPATCH_WINDOW)]


def own_lanes() -> dict[str, str]:
    """The lane of each kind that is not in the shared one, where undeclared kinds are too."""
    queues = {name: declared["queue"] for name, declared in settings.OUTBOX_JOB_KINDS.items()}
    return {name: queue for name, queue in queues.items() if queue in settings.OUTBOX_OWN_WINDOWS}


def by_name(name: str) -> JobKind:
    try:
        declared = settings.OUTBOX_JOB_KINDS[name]
    except KeyError:
        raise UnknownJobKind(f"{name!r} is not in OUTBOX_JOB_KINDS") from None
    return JobKind(name=name, **declared)
