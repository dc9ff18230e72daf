"""What a job does when no store holds its matrix undamaged: it generates the same numbers again.

The law is deterministic and the row keeps the SHA-256 of what was stored first, so it is known
whether the numbers are the same, and no session has to go back. Of several jobs one generates and
stores; the others read what it stored.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

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
from scenarios.simulation.configuration.config import ScenarioConfig
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
    except NoSoundCopy:
        with _one_at_a_time(matrix):
            try:
                # Another job may have generated them while this one waited for its turn.
                return read_multiples(matrix)
            except NoSoundCopy as loss:
                return _regenerated(loss, lease=lease)


@contextmanager
def _one_at_a_time(matrix: ScenarioMatrix) -> Iterator[None]:
    """Wait while another job generates this matrix, for the database's lock_timeout at most.

    The lock belongs to the connection: a transaction may not stay open for as long as simulating
    takes. It saves work and protects nothing, so a job that waits in vain goes on without it.
    """
    key = int.from_bytes(matrix.pk.bytes[:8], signed=True)
    is_alone = _has_lock(key)
    if not is_alone:
        logger.warning("generating %s while another job does so too", matrix)
    try:
        yield
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _has_lock(key: int) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [key])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise
    return True


def _regenerated(loss: NoSoundCopy, *, lease: Lease) -> CachedMultiples:
    row = loss.row
    if not row.sha256:
        raise NeverCompleted(f"{row} has never been complete") from loss
    generated = simulate(config=_law_of(loss), scenarios=row.scenarios)
    refuse_other_numbers(row, generated.encoded)
    with transaction.atomic():
        lease.confirm()
        _store(generated, loss)
    note_read(row, Outcome.REGENERATED)
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
