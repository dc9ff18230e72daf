"""Completed sessions, carried through the real simulator, solver and validation."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from django.db import transaction

from funds.models import Fund, User
from optimization import lifecycle
from optimization.models import OptimizationSession
from optimization.session_problem import allocation_problem
from optimization.solver.allocate import allocate
from optimization.validation.metrics import validation_metrics
from scenarios.generation import simulate
from scenarios.models import ScenarioMatrix
from scenarios.simulation.matrix_bytes import decode
from tests.optimization.factories import requested_session

# The fewest scenarios that a request may ask for: enough for every figure, and fast.
SMALL = {"optimization_scenarios": 64, "validation_scenarios": 5000}


Members = Mapping[str, Any]
NO_CHANGE: Members = MappingProxyType({})


def completed_session(
    *,
    fund: Fund | None = None,
    user: User | None = None,
    metrics: Members = NO_CHANGE,
    bucket_facts: Members = NO_CHANGE,
    **fields: Any,
) -> OptimizationSession:
    """A session with the result that the workers would have stored; no broker is needed.

    ``metrics`` replace members of what validation measured and ``bucket_facts`` of what the matrix
    says of every bucket; None leaves a member out, as in sessions of earlier releases.
    """
    session = requested_session(fund=fund, user=user, **{**SMALL, **fields})
    complete(session, metrics=metrics, bucket_facts=bucket_facts)
    return session


def complete(
    session: OptimizationSession, *, metrics: Members = NO_CHANGE, bucket_facts: Members = NO_CHANGE
) -> None:
    """Do for a requested session what the workers do, one stage after the other."""
    if session.status == OptimizationSession.Status.MATRIX_GENERATING:
        _generate(session, bucket_facts)
    matrix = ScenarioMatrix.objects.get(sessions=session)
    problem = allocation_problem(session=session, matrix=matrix, multiples=decode(matrix.encoded()))
    solution = allocate(problem).as_json()
    session.validate_allocation({"solution": solution, "matrix_tier": "postgresql"})
    measured = validation_metrics(
        problem=problem,
        solution=solution,
        config=matrix.scenario_config(),
        scenarios=session.request["validation_scenarios"],
        should_stop=lambda: False,
    )
    session.complete(_changed(measured, metrics))


@transaction.atomic
def _generate(session: OptimizationSession, bucket_facts: Members) -> None:
    matrix = ScenarioMatrix.objects.get(sessions=session)
    generated = simulate(config=matrix.scenario_config(), scenarios=matrix.scenarios)
    buckets = [_changed(facts, bucket_facts) for facts in generated.buckets]
    matrix.complete(replace(generated, buckets=buckets))
    lifecycle.wake_sessions_waiting_for_matrix(matrix)
    session.refresh_from_db()


def _changed(members: Members, changes: Members) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}
