"""Sessions inserted as they stand, to try what the database makes of them."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from funds.models import Fund
from optimization.models import OptimizationSession
from scenarios.models import ScenarioMatrix
from tests.funds.factories import CalibrationSnapshotFactory, FundFactory, UserFactory

Status = OptimizationSession.Status

UNFINISHED = (Status.REQUESTED, Status.MATRIX_GENERATING, Status.OPTIMIZING, Status.VALIDATING)
ENDED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)


def insert_matrix(fund: Fund) -> ScenarioMatrix:
    return ScenarioMatrix.objects.create(
        fund=fund,
        matrix_key=f"{ScenarioMatrix.objects.count():064x}",
        config={},
        scenarios=64,
        kernel_version="1",
    )


def insert_session(status: str, *, fund: Fund | None = None, **changes: Any) -> OptimizationSession:
    """A row of this status that has all that any status needs, but for the changes."""
    fund = fund or FundFactory.create(buckets=False)
    fields: dict[str, Any] = {
        "requested_by": changes.pop("requested_by", None) or UserFactory.create(),
        "matrix": changes.pop("matrix") if "matrix" in changes else insert_matrix(fund),
        "request": {},
        "allocation": {"solution": {}},
        "validation_metrics": {"checks": []},
        "failure_reason": "No allocation meets every limit.",
        "finished_at": Now() if status in ENDED else None,
    }
    session = OptimizationSession.objects.create(
        fund=fund,
        name="Base case",
        status=status,
        buckets=[],
        calibration=CalibrationSnapshotFactory.create(),
        **(fields | changes),
    )
    session.refresh_from_db()
    return session


def force(session: OptimizationSession, **columns: Any) -> int:
    """Write columns as any code could, past the methods of the model."""
    with transaction.atomic():
        return OptimizationSession.objects.filter(pk=session.pk).update(**columns)


def columns(session: OptimizationSession) -> dict[str, Any]:
    """All that the table holds of the session, to show that something changed nothing."""
    return dict(OptimizationSession.objects.filter(pk=session.pk).values().get())


def history(session: OptimizationSession) -> list[str]:
    """The statuses that the session has had, by its events."""
    return list(session.events.order_by("pk").values_list("to_status", flat=True))
