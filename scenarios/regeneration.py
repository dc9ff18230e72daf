"""What a job does when no store holds its matrix undamaged: it generates the same numbers again.

The law is deterministic and the row keeps the SHA-256 of what was stored first, so it is known
whether the numbers are the same. No session has to go back or wait, and whoever of several jobs
is first stores what it made.
"""

import logging

from django.db import transaction

from outbox.leases import Lease
from outbox.running import PermanentFailure
from scenarios.generation import LAW_HAS_CHANGED, simulate
from scenarios.incidents import record_incident, refuse_other_numbers
from scenarios.matrix_cache import (
    CachedMultiples,
    NoSoundCopy,
    Outcome,
    Tier,
    note_read,
    read_multiples,
)
from scenarios.models import (
    GeneratedMatrix,
    MatrixIncident,
    OtherKernel,
    ScenarioMatrix,
    StatusChanged,
)
from scenarios.simulation.config import ScenarioConfig
from scenarios.simulation.matrix_bytes import decode

logger = logging.getLogger(__name__)

DAMAGED_AND_LAW_HAS_CHANGED = (
    "The stored scenarios of this session are damaged, and Keel's scenario law was updated since,"
    " so they cannot be generated again. Ask again to get a result under the new law."
)


class NeverCompleted(LookupError):
    """The matrix has not been generated yet, so nothing says what its numbers must be."""


def multiples_of(matrix: ScenarioMatrix, *, lease: Lease) -> CachedMultiples:
    """The multiples of a matrix that is or was complete, for the holder of a job.

    :raises PermanentFailure: they are lost or damaged and cannot be had again
    :raises StaleLease: the job was lost meanwhile; nothing was stored
    """
    try:
        return read_multiples(matrix)
    except NoSoundCopy as loss:
        if not loss.row.sha256:
            raise NeverCompleted(f"{loss.row} has never been complete") from loss
        generated = simulate(config=_law_of(loss), scenarios=loss.row.scenarios)
        refuse_other_numbers(loss.row, generated.encoded)
        with transaction.atomic():
            lease.confirm()
            _store(generated, loss)
        note_read(matrix, Outcome.REGENERATED)
        return CachedMultiples(multiples=decode(generated.encoded), tier=Tier.REGENERATED)


def _law_of(loss: NoSoundCopy) -> ScenarioConfig:
    try:
        return loss.row.scenario_config()
    except OtherKernel as error:
        if not loss.damage:
            raise PermanentFailure(LAW_HAS_CHANGED) from error
        outcome = MatrixIncident.Outcome.OTHER_KERNEL
        record_incident(loss.row, found=loss.damage, outcome=outcome)
        raise PermanentFailure(DAMAGED_AND_LAW_HAS_CHANGED) from error


def _store(generated: GeneratedMatrix, loss: NoSoundCopy) -> None:
    try:
        loss.row.store_again(generated)
    except StatusChanged as change:
        logger.info("regenerated for one job alone: %s", change)
        return
    if loss.damage:
        outcome = MatrixIncident.Outcome.REGENERATED
        record_incident(loss.row, found=loss.damage, outcome=outcome)
