"""What the workers do to optimize: load, call the pure core, store with the transition."""

import time
from collections.abc import Callable

from django.db import transaction

from optimization.frontier.split import split_frontier
from optimization.models import OptimizationSession
from optimization.rounds.after_search import after_search
from optimization.session_problem import allocation_problem
from optimization.solver.allocate import allocate
from outbox.leases import Lease
from scenarios.models import ScenarioMatrix, StatusChanged
from scenarios.regeneration import multiples_of


def optimize(lease: Lease) -> None:
    session, matrix = load(lease)
    if session.status != OptimizationSession.Status.OPTIMIZING:
        return finish(lease)
    if session.is_frontier:
        return finish(lease, lambda: split_frontier(session))
    cached = multiples_of(matrix, lease=lease)
    problem = allocation_problem(session=session, matrix=matrix, multiples=cached.multiples)
    allocation = allocate(problem, should_stop=lease.is_lost, clock=time.monotonic)
    effect = after_search(
        session=session, matrix=matrix, allocation=allocation, matrix_tier=cached.tier
    )
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
            with transaction.atomic():
                effect()
        except StatusChanged:
            # Cancelled since it was loaded: the job is done and has no effect, not a part of one.
            return
