"""Drops the numbers of matrices that nobody needs any more, and has matrices generated again."""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Greatest, Now
from django.utils.module_loading import import_string

from scenarios.bounded_redis import OutOfReach
from scenarios.generation import owe_generation
from scenarios.matrix_cache import drop_hot_copy
from scenarios.models import ScenarioMatrix, ScenarioMatrixQuerySet

logger = logging.getLogger(__name__)


@transaction.atomic
def regenerate(matrix: ScenarioMatrix) -> None:
    """Have a worker generate the matrix anew.

    :raises StatusChanged: it is being generated already
    :raises OtherKernel: this version of Keel would generate other numbers
    """
    matrix.scenario_config()
    current = ScenarioMatrix.objects.locked().get(pk=matrix.pk)
    current.begin_again()
    owe_generation(current)


def evict_unused() -> int:
    """Evict the matrices that were not read for the time of retention; returns how many.

    Never one that an unfinished session needs. Finished sessions show facts of the row alone.
    """
    evicted = [pk for pk in _unread().values_list("pk", flat=True) if _evict_if_unneeded(pk)]
    if evicted:
        logger.info("evicted %d scenario matrices", len(evicted))
    return len(evicted)


def _unread() -> ScenarioMatrixQuerySet:
    retention = timedelta(days=settings.MATRIX_RETENTION_DAYS)
    # PostgreSQL passes over NULL: a matrix that was never read was last used when it was made.
    used_at = Greatest("last_read_at", "completed_at")
    return ScenarioMatrix.objects.annotate(used_at=used_at).filter(
        status=ScenarioMatrix.Status.COMPLETE, used_at__lt=Now() - retention
    )


def _evict_if_unneeded(pk: uuid.UUID) -> bool:
    is_needed: Callable[[ScenarioMatrix], bool] = import_string(settings.MATRIX_IS_NEEDED)
    with transaction.atomic():
        # A matrix that is locked is about to be used: by a request, or by a worker.
        rows = _unread().without_payload().select_for_update(no_key=True, skip_locked=True)
        matrix = rows.filter(pk=pk).first()
        # A later statement sees the sessions that committed before the lock was granted.
        if matrix is None or is_needed(matrix):
            return False
        matrix.evict()
    try:
        drop_hot_copy(matrix)
    except OutOfReach as error:
        logger.warning("the copy of %s in Redis stays until it expires: %s", matrix, error)
    return True
