"""Completed sessions, carried through the real simulator, solver and validation."""

from typing import Any

from django.db import transaction

from funds.models import Fund, User
from optimization import lifecycle
from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.solver.allocate import allocate
from optimization.validation import validation_metrics
from scenarios.generation import simulate
from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import decode
from tests.optimization.factories import requested_session

# The fewest scenarios that a request may ask for: enough for every figure, and fast.
SMALL = {"optimization_scenarios": 64, "validation_scenarios": 5000}


def completed_session(
    *, fund: Fund | None = None, user: User | None = None, **fields: Any
) -> OptimizationSession:
    """A session with the result that the workers would have stored; no broker is needed."""
    session = requested_session(fund=fund, user=user, **{**SMALL, **fields})
    complete(session)
    return session


def complete(session: OptimizationSession) -> None:
    """Do for a requested session what the workers do, one stage after the other."""
    if session.status == OptimizationSession.Status.MATRIX_GENERATING:
        _generate(session)
    matrix = ScenarioMatrix.objects.get(sessions=session)
    problem = allocation_problem(session=session, matrix=matrix, multiples=decode(matrix.encoded()))
    solution = allocate(problem).as_json()
    session.validate_allocation({"solution": solution, "matrix_tier": "postgresql"})
    session.complete(
        validation_metrics(
            problem=problem,
            solution=solution,
            config=matrix.scenario_config(),
            scenarios=session.request["validation_scenarios"],
            should_stop=lambda: False,
        )
    )


@transaction.atomic
def _generate(session: OptimizationSession) -> None:
    matrix = ScenarioMatrix.objects.get(sessions=session)
    matrix.complete(simulate(config=matrix.scenario_config(), scenarios=matrix.scenarios))
    lifecycle.wake_sessions_waiting_for_matrix(matrix)
    session.refresh_from_db()
