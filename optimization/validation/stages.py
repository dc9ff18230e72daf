"""What the workers do to validate: all at once, or split into chunks that are merged at the end."""

import logging
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from optimization.frontier.stages import validate_frontier
from optimization.models import OptimizationSession
from optimization.session_problem import all_in_costs_usd, allocation_problem
from optimization.solver.stated.problem import AllocationProblem
from optimization.stages import finish, load
from optimization.validation.chunk import ValidationChunk
from optimization.validation.metrics import metrics_of_part, validation_metrics
from optimization.validation.part import (
    ValidationCase,
    ValidationPart,
    ValidationStopped,
    merge_parts,
    simulate_part,
)
from optimization.validation.payload import CorruptPart, decode_part, encode_part
from optimization.validation.progress import SessionEnded, SessionWatch
from optimization.validation.split import (
    complete_chunk,
    is_to_be_split,
    redo_chunk,
    split_validation,
)
from outbox.leases import Lease
from outbox.running import PermanentFailure
from scenarios.generation import law_of
from scenarios.models import ScenarioMatrix
from scenarios.regeneration import multiples_of

logger = logging.getLogger(__name__)

# The first time a disk or a network may be to blame; what happens again has another cause.
MOST_DAMAGES = 2
DAMAGED_AGAIN = (
    "A part of the validation was damaged in the database more than once and was not used. Tell"
    " the staff, and ask again."
)


class DamagedChunk(Exception):
    """The stored bytes of a chunk are not those that its worker wrote."""

    def __init__(self, chunk: ValidationChunk) -> None:
        super().__init__(str(chunk))
        self.chunk = chunk


def validate(lease: Lease) -> None:
    session, matrix = load(lease)
    if not _is_validating(session) or session.validation_chunks.exists():
        return finish(lease)
    if session.is_frontier:
        return validate_frontier(lease, session, matrix)
    if is_to_be_split(session.request["validation_scenarios"]):
        return finish(lease, lambda: split_validation(session))
    return _validate_at_once(lease, session, matrix)


def validate_chunk(lease: Lease) -> None:
    chunk = (
        ValidationChunk.objects.waiting()
        .select_related("session")
        .filter(pk=lease.subject_id)
        .first()
    )
    if chunk is None or not _is_validating(chunk.session):
        return finish(lease)
    matrix = ScenarioMatrix.objects.without_payload().get(sessions=chunk.session)
    try:
        part = simulate_part(
            case=_case(chunk.session, matrix),
            first_scenario=chunk.first_scenario,
            scenarios=chunk.scenarios,
            should_stop=lease.is_lost,
            progress=SessionWatch(session=chunk.session, lease=lease, of_all=False),
        )
    except SessionEnded:
        return finish(lease)
    encoded = encode_part(part)
    return finish(lease, lambda: complete_chunk(chunk, encoded))


def merge_validation(lease: Lease) -> None:
    session, matrix = load(lease)
    chunks = session.validation_chunks.order_by("first_scenario")
    statuses = dict(chunks.values_list("pk", "status"))
    if not _is_validating(session) or set(statuses.values()) != {ValidationChunk.Status.DONE}:
        return finish(lease)
    case = _case(session, matrix)
    try:
        part = merge_parts(
            _stored_parts(list(statuses), lease),
            scenarios=session.request["validation_scenarios"],
            buckets=case.bucket_count,
        )
    except DamagedChunk as damage:
        return _redo(lease, damage)
    except SessionEnded:
        return finish(lease)
    metrics = metrics_of_part(
        problem=_problem(session, matrix, lease),
        solution=_solution(session),
        case=case,
        part=part,
    )

    def effect() -> None:
        session.complete(metrics)
        session.validation_chunks.all().delete()

    return finish(lease, effect)


def _validate_at_once(lease: Lease, session: OptimizationSession, matrix: ScenarioMatrix) -> None:
    try:
        metrics = validation_metrics(
            problem=_problem(session, matrix, lease),
            solution=_solution(session),
            config=law_of(matrix),
            scenarios=session.request["validation_scenarios"],
            should_stop=lease.is_lost,
            progress=SessionWatch(session=session, lease=lease, of_all=True),
        )
    except SessionEnded:
        return finish(lease)
    return finish(lease, lambda: session.complete(metrics))


def _stored_parts(chunk_ids: Sequence[UUID], lease: Lease) -> Iterator[ValidationPart]:
    """One at a time, so that only one payload is in memory beside what is put together.

    :raises DamagedChunk: its bytes are not those that were stored
    :raises SessionEnded: the chunks were deleted meanwhile
    """
    for pk in chunk_ids:
        if lease.is_lost():
            raise ValidationStopped("stopped while the chunks were merged")
        chunk = ValidationChunk.objects.select_related("session").filter(pk=pk).first()
        if chunk is None:
            raise SessionEnded(f"chunk {pk} was deleted, as it is when its session ends")
        try:
            yield decode_part(chunk.encoded())
        except CorruptPart as error:
            raise DamagedChunk(chunk) from error


def _redo(lease: Lease, damage: DamagedChunk) -> None:
    if damage.chunk.damages + 1 >= MOST_DAMAGES:
        raise PermanentFailure(DAMAGED_AGAIN) from damage
    logger.error("%s is damaged (%s) and is simulated again", damage, damage.__cause__)
    finish(lease, lambda: redo_chunk(damage.chunk))


def _is_validating(session: OptimizationSession) -> bool:
    return session.status == OptimizationSession.Status.VALIDATING


def _solution(session: OptimizationSession) -> dict[str, Any]:
    """A validating session has an allocation: the database sees to it."""
    allocation: dict[str, Any] = session.allocation or {}
    solution: dict[str, Any] = allocation["solution"]
    return solution


def _problem(
    session: OptimizationSession, matrix: ScenarioMatrix, lease: Lease
) -> AllocationProblem:
    multiples = multiples_of(matrix, lease=lease).multiples
    return allocation_problem(session=session, matrix=matrix, multiples=multiples)


def _case(session: OptimizationSession, matrix: ScenarioMatrix) -> ValidationCase:
    return ValidationCase.of(
        config=law_of(matrix),
        weights=_solution(session)["weights"],
        capital_usd=Decimal(session.request["capital_usd"]),
        all_in_costs_usd=all_in_costs_usd(session),
    )
