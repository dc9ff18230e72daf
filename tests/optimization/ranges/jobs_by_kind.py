"""Jobs of a subject that has several, told apart by their kinds."""

from django.db.models import Model

from outbox.leases import Lease
from outbox.models import OutboxJob
from tests.optimization.work import end_without_success, start

REASON = "There is no paper."


def take(kind: str) -> Lease:
    """Start the one live job of this kind, published as if by the drainer."""
    return start(OutboxJob.objects.live().get(kind=kind))


def give_up(kind: str) -> None:
    """Start the one live job of this kind and end it without success."""
    end_without_success(take(kind), reason=REASON)


def status(row: Model) -> str:
    """What the database has now."""
    row.refresh_from_db(fields=["status"])
    return str(row.__dict__["status"])
