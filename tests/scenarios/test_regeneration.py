"""A job that finds no sound copy of its matrix makes the same numbers again, or says why not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from outbox.counters import counts
from outbox.leases import Lease, StaleLease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure
from scenarios import generation, regeneration
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.matrix_cache import READS, Tier, read_multiples
from scenarios.matrix_cache import Outcome as ReadOutcome
from scenarios.models import MatrixIncident, ScenarioMatrix
from scenarios.regeneration import NeverCompleted, multiples_of
from scenarios.simulation.matrix_bytes import decode
from tests.optimization.work import publish
from tests.scenarios.matrices import columns, complete_matrix, simulated, started_matrix

pytestmark = pytest.mark.django_db

Outcome = MatrixIncident.Outcome


@pytest.fixture
def matrix() -> ScenarioMatrix:
    """As the law gives it, and no copy of it in Redis."""
    matrix = started_matrix()
    matrix.complete(simulated(matrix))
    return ScenarioMatrix.objects.without_payload().get(pk=matrix.pk)


@pytest.fixture
def lease(matrix: ScenarioMatrix) -> Lease:
    """Of a session's job; which session does not matter here."""
    OutboxJob.objects.enqueue(
        kind="optimization", subject_ids=["a session"], fund_id=matrix.fund_id
    )
    job = OutboxJob.objects.get()
    publish(job)
    lease = Lease.start(job_id=str(job.job_id), owner="worker")
    assert lease is not None
    return lease


def payload_of(matrix: ScenarioMatrix) -> bytes:
    return bytes(ScenarioMatrix.objects.get(pk=matrix.pk).payload or b"")


def stored(matrix: ScenarioMatrix) -> dict[str, Any]:
    """All that a job may not change, which is everything but when the matrix was read."""
    return columns(matrix) | {"last_read_at": None}


def truncate(matrix: ScenarioMatrix) -> None:
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(payload=payload_of(matrix)[:-1])


def incidents() -> list[tuple[int, str]]:
    return list(MatrixIncident.objects.order_by("id").values_list("generation", "outcome"))


def test_damaged_payload_is_replaced_by_the_same_numbers(
    matrix: ScenarioMatrix, lease: Lease
) -> None:
    sound = ScenarioMatrix.objects.get(pk=matrix.pk).encoded()
    truncate(matrix)
    read = multiples_of(matrix, lease=lease)
    assert read.tier == Tier.REGENERATED
    assert counts(READS) == {ReadOutcome.REGENERATED: 1}
    np.testing.assert_array_equal(read.multiples, decode(sound))
    row = ScenarioMatrix.objects.get(pk=matrix.pk)
    assert (row.encoded(), row.generation) == (sound, 2)
    assert read_multiples(row).tier == Tier.POSTGRESQL


def test_cash_flows_that_are_gone_come_back_with_the_numbers(
    matrix: ScenarioMatrix, lease: Lease
) -> None:
    before = MatrixCashFlows.objects.values().get()
    matrix.evict()
    multiples_of(matrix, lease=lease)
    assert MatrixCashFlows.objects.values().get() == before


def test_damage_is_an_incident_that_says_what_was_found_and_done(
    matrix: ScenarioMatrix, lease: Lease, caplog: pytest.LogCaptureFixture
) -> None:
    truncate(matrix)
    multiples_of(matrix, lease=lease)
    incident = MatrixIncident.objects.get()
    assert (incident.matrix, incident.generation) == (matrix, 1)
    assert incident.found == "the payload does not end with its compressed stream"
    assert incident.outcome == Outcome.REGENERATED
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert matrix.matrix_key[:12] in record.message
    assert incident.found in record.message


def test_sound_matrix_is_read_and_nothing_is_written(matrix: ScenarioMatrix, lease: Lease) -> None:
    before = stored(matrix)
    assert multiples_of(matrix, lease=lease).tier == Tier.POSTGRESQL
    assert stored(matrix) == before
    assert incidents() == []


def test_job_that_was_lost_meanwhile_stores_nothing(matrix: ScenarioMatrix, lease: Lease) -> None:
    truncate(matrix)
    before = stored(matrix)
    OutboxJob.objects.cancel()
    with pytest.raises(StaleLease):
        multiples_of(matrix, lease=lease)
    assert stored(matrix) == before
    assert incidents() == []


def test_regeneration_that_gives_other_numbers_is_refused(
    matrix: ScenarioMatrix, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    truncate(matrix)
    before = stored(matrix)
    other = simulated(started_matrix(seed="other"))
    monkeypatch.setattr(regeneration, "simulate", lambda **_: other)
    for _ in range(2):
        with pytest.raises(PermanentFailure, match="other numbers"):
            multiples_of(matrix, lease=lease)
    assert stored(matrix) == before
    assert incidents() == [(1, Outcome.OTHER_NUMBERS)]
    assert other.encoded.sha256 in MatrixIncident.objects.get().found


def test_damage_under_another_version_of_the_law_cannot_be_repaired(
    matrix: ScenarioMatrix, lease: Lease
) -> None:
    truncate(matrix)
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(kernel_version="0")
    before = stored(matrix)
    with pytest.raises(PermanentFailure, match=r"damaged, and Keel's scenario law was updated"):
        multiples_of(matrix, lease=lease)
    assert stored(matrix) == before
    assert incidents() == [(1, Outcome.OTHER_KERNEL)]


def test_matrix_that_is_being_generated_anew_is_left_to_that_job(
    matrix: ScenarioMatrix, lease: Lease
) -> None:
    """The session goes on with the same numbers and does not wait."""
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(
        status="generating", generation=2, payload=None, completed_at=None
    )
    before = stored(matrix)
    read = multiples_of(matrix, lease=lease)
    assert read.tier == Tier.REGENERATED
    np.testing.assert_array_equal(read.multiples, decode(simulated(matrix).encoded))
    assert stored(matrix) == before
    assert incidents() == []


def test_lost_payload_under_another_version_of_the_law_is_no_incident(
    matrix: ScenarioMatrix, lease: Lease
) -> None:
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(
        status="generating", payload=None, completed_at=None, kernel_version="0"
    )
    with pytest.raises(PermanentFailure, match="scenario law was updated"):
        multiples_of(matrix, lease=lease)
    assert incidents() == []


def test_numbers_of_a_matrix_that_was_never_complete_are_not_made_up(lease: Lease) -> None:
    with pytest.raises(NeverCompleted):
        multiples_of(started_matrix(), lease=lease)


def test_database_refuses_other_numbers_under_the_name_of_a_matrix() -> None:
    matrix = complete_matrix()
    with pytest.raises(IntegrityError, match="it cannot become"), transaction.atomic():
        ScenarioMatrix.objects.filter(pk=matrix.pk).update(sha256="0" * 64)


@pytest.fixture
def incident(matrix: ScenarioMatrix) -> MatrixIncident:
    return MatrixIncident.objects.create(
        matrix=matrix, generation=1, found="noise", outcome=Outcome.REGENERATED
    )


def test_incident_cannot_be_changed(incident: MatrixIncident) -> None:
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        MatrixIncident.objects.update(found="nothing", at=Now())
    incident.refresh_from_db()
    assert incident.found == "noise"


def test_incident_cannot_be_deleted(incident: MatrixIncident) -> None:
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        MatrixIncident.objects.all().delete()
    assert MatrixIncident.objects.get() == incident


def test_generation_job_completes_a_matrix_again_with_the_same_numbers_alone(
    matrix: ScenarioMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(
        status="generating", generation=2, payload=None, completed_at=None
    )
    other = simulated(started_matrix(seed="other"))
    same_facts = replace(simulated(matrix), encoded=other.encoded)
    monkeypatch.setattr(generation, "simulate", lambda **_: same_facts)
    OutboxJob.objects.enqueue(
        kind=generation.KIND, subject_ids=[str(matrix.pk)], fund_id=matrix.fund_id
    )
    job = OutboxJob.objects.get()
    publish(job)
    lease = Lease.start(job_id=str(job.job_id), owner="worker")
    assert lease is not None
    with pytest.raises(PermanentFailure, match="other numbers"):
        generation.generate_matrix(lease)
    assert incidents() == [(2, Outcome.OTHER_NUMBERS)]
