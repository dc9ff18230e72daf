"""What the workers do to optimize: load, call the pure core, store with the transition."""

import time
from collections.abc import Callable

from django.db import transaction

from optimization.lifecycle import enqueue
from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation
from optimization.validation.split import VALIDATION
from outbox.leases import Lease
from outbox.running import PermanentFailure
from scenarios.models import ScenarioMatrix, StatusChanged
from scenarios.regeneration import multiples_of


def optimize(lease: Lease) -> None:
    session, matrix = load(lease)
    if session.status != OptimizationSession.Status.OPTIMIZING:
        return finish(lease)
    cached = multiples_of(matrix, lease=lease)
    problem = allocation_problem(session=session, matrix=matrix, multiples=cached.multiples)
    allocation = allocate(problem, should_stop=lease.is_lost, clock=time.monotonic)
    if not allocation.was_found:
        raise PermanentFailure(_no_allocation(allocation))
    stored = {"solution": allocation.as_json(), "matrix_tier": cached.tier}

    def effect() -> None:
        session.validate_allocation(stored)
        enqueue(VALIDATION, session)

    return finish(lease, effect)


def load(lease: Lease) -> tuple[OptimizationSession, ScenarioMatrix]:
    session = OptimizationSession.objects.get(pk=lease.subject_id)
    matrix = ScenarioMatrix.objects.without_payload().get(sessions=session)
    return session, matrix


def finish(lease: Lease, effect: Callable[[], None] = lambda: None) -> None:
    """The job's end, the session's transition and the next job, in one transaction."""
    with transaction.atomic():
        lease.finish()
        try:
            effect()
        except StatusChanged:
            # Cancelled since it was loaded: the job is done and has no effect.
            return


def _no_allocation(allocation: Allocation) -> str:
    if allocation.status == "infeasible":
        return f"{allocation.infeasibility} Loosen a limit and ask again."
    return (
        "The time limit was reached before any allocation inside the limits was found."
        " Allow more time, use fewer optimization scenarios or loosen a limit."
    )
