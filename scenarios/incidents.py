"""Writes down stored scenarios that were not what they must be."""

import logging

from outbox.running import PermanentFailure
from scenarios.models import MatrixIncident, ScenarioMatrix
from scenarios.simulation.matrix_bytes import EncodedMatrix

logger = logging.getLogger(__name__)

OTHER_NUMBERS = (
    "Generating the scenarios of this session again gave other numbers than the first time, so"
    " they were not used. Tell the staff, and ask again with a seed of your choice to get"
    " scenarios of their own."
)


def record_incident(matrix: ScenarioMatrix, *, found: str, outcome: str) -> None:
    """Once per generation and outcome, however many jobs meet it; each of them is logged."""
    label = MatrixIncident.Outcome(outcome).label
    logger.error("incident with %s, generation %d: %s. %s", matrix, matrix.generation, found, label)
    incident = MatrixIncident(
        matrix=matrix, generation=matrix.generation, found=found[:1000], outcome=outcome
    )
    MatrixIncident.objects.bulk_create([incident], ignore_conflicts=True)


def refuse_other_numbers(matrix: ScenarioMatrix, encoded: EncodedMatrix) -> None:
    """Let through what was generated only if it is what this matrix has been before.

    Completed sessions show the SHA-256 of the row as that of the numbers they were made from.

    :raises PermanentFailure: it differs; the incident is recorded
    """
    if matrix.sha256 in ("", encoded.sha256):
        return
    found = f"generated again: SHA-256 {encoded.sha256}, was {matrix.sha256}"
    record_incident(matrix, found=found, outcome=MatrixIncident.Outcome.OTHER_NUMBERS)
    raise PermanentFailure(OTHER_NUMBERS)
