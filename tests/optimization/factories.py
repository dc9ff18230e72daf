"""Sessions in any state, made by the same calls that make real ones."""

from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Now

from funds.models import Fund, User
from optimization import lifecycle
from optimization.models import OptimizationSession
from optimization.request.checked_request import parse_request
from optimization.request.fund_facts import fund_facts
from tests.funds.factories import FundFactory, MembershipFactory

Status = OptimizationSession.Status

# The statuses after those that a request passes through by itself, and what each needs.
LATER: dict[str, Sequence[tuple[str, dict[str, Any]]]] = {
    Status.MATRIX_GENERATING: [],
    Status.OPTIMIZING: [(Status.OPTIMIZING, {})],
    Status.VALIDATING: [(Status.OPTIMIZING, {}), (Status.VALIDATING, {"allocation": {}})],
    Status.COMPLETED: [
        (Status.OPTIMIZING, {}),
        (Status.VALIDATING, {"allocation": {}}),
        (Status.COMPLETED, {"validation_metrics": {}, "finished_at": Now()}),
    ],
    Status.FAILED: [
        (Status.FAILED, {"failure_reason": "No allocation meets it.", "finished_at": Now()})
    ],
    Status.CANCELLED: [(Status.CANCELLED, {"finished_at": Now()})],
}


def requested_session(
    *, fund: Fund | None = None, user: User | None = None, **fields: Any
) -> OptimizationSession:
    """A session of ``fund`` just as a request leaves it; ``fields`` are those of a request."""
    fund = fund or FundFactory.create()
    user = user or MembershipFactory.create(organisation=fund.organisation).user
    facts = fund_facts(fund)
    request = parse_request({"name": "Base case", **fields}, fund=facts)
    return lifecycle.request_session(user=user, fund=fund, request=request, facts=facts)


def session_at(
    status: str, *, fund: Fund | None = None, user: User | None = None, **fields: Any
) -> OptimizationSession:
    """A session that has come to ``status``; what workers would have stored is left empty."""
    session = requested_session(fund=fund, user=user, **fields)
    row = OptimizationSession.objects.filter(pk=session.pk)
    for target, values in LATER[status]:
        row.move(sources=Status.values, target=target, **values)
    session.refresh_from_db()
    return session
