"""Jobs that find the same damage at the same time, each on a connection of its own."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest
from django.db import connection

from outbox.leases import Lease
from outbox.models import OutboxJob
from scenarios import generation, regeneration
from scenarios.matrix_cache import CachedMultiples, Tier
from scenarios.models import GeneratedMatrix, MatrixIncident, ScenarioMatrix
from scenarios.regeneration import multiples_of
from tests.optimization.work import publish
from tests.outbox.brokers import real_redis
from tests.outbox.threads import (
    PATIENCE_SECONDS,
    another_connection_waits_for_a_lock,
    background,
    wait_until,
)
from tests.scenarios.matrices import simulated, started_matrix

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


@pytest.fixture
def damaged() -> ScenarioMatrix:
    matrix = started_matrix()
    matrix.complete(simulated(matrix))
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(payload=b"damaged")
    return ScenarioMatrix.objects.without_payload().get(pk=matrix.pk)


@pytest.fixture
def need(damaged: ScenarioMatrix) -> Callable[[], CachedMultiples]:
    """The work of another job each time."""

    def need() -> CachedMultiples:
        session = str(uuid.uuid4())
        OutboxJob.objects.enqueue(
            kind="optimization", subject_ids=[session], fund_id=damaged.fund_id
        )
        job = OutboxJob.objects.get(subject_id=session)
        publish(job)
        lease = Lease.start(job_id=str(job.job_id), owner="worker")
        assert lease is not None
        return multiples_of(damaged, lease=lease)

    return need


def test_one_generates_and_the_other_reads_what_it_stored(
    damaged: ScenarioMatrix,
    need: Callable[[], CachedMultiples],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulate = generation.simulate

    with background() as start:

        def joined(**law: object) -> GeneratedMatrix:
            """The other job comes, and waits for its turn, while this one simulates."""
            other.append(start(need))
            wait_until(another_connection_waits_for_a_lock)
            return simulate(**law)  # type: ignore[arg-type]

        other: list[Future[CachedMultiples]] = []
        monkeypatch.setattr(regeneration, "simulate", joined)
        assert need().tier == Tier.REGENERATED
        (second,) = other
        assert second.result(PATIENCE_SECONDS).tier == Tier.POSTGRESQL
    assert ScenarioMatrix.objects.get(pk=damaged.pk).generation == 2
    assert MatrixIncident.objects.count() == 1


def test_job_that_waited_in_vain_generates_beside_the_other(
    damaged: ScenarioMatrix,
    need: Callable[[], CachedMultiples],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulate = generation.simulate

    def impatient() -> CachedMultiples:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        return need()

    with background() as start:

        def overtaken(**law: object) -> GeneratedMatrix:
            monkeypatch.setattr(regeneration, "simulate", simulate)
            assert start(impatient).result(PATIENCE_SECONDS).tier == Tier.REGENERATED
            return simulate(**law)  # type: ignore[arg-type]

        monkeypatch.setattr(regeneration, "simulate", overtaken)
        assert need().tier == Tier.REGENERATED
    assert ScenarioMatrix.objects.get(pk=damaged.pk).generation == 2
    assert MatrixIncident.objects.count() == 1


def test_turn_ends_with_the_work_even_if_that_fails(
    need: Callable[[], CachedMultiples], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Exception):
        pass

    def break_down(**_: object) -> None:
        raise Broken

    with monkeypatch.context() as broken:
        broken.setattr(regeneration, "simulate", break_down)
        with pytest.raises(Broken):
            need()
    with background() as start:
        assert start(need).result(PATIENCE_SECONDS).tier == Tier.REGENERATED
