"""What the database holds a chunk to: for each rule a row that fits and one that is refused."""

from typing import Any

import pytest
from django.db.models.functions import Now

from optimization.models import OptimizationSession
from optimization.validation.chunk import ValidationChunk
from optimization.validation.payload import MOST_PAYLOAD_BYTES
from scenarios.models import StatusChanged
from tests.funds.refusals import refused_by
from tests.optimization.rows import Status, insert_session

pytestmark = pytest.mark.django_db

PAYLOAD = "exactly_done_validation_chunks_have_a_payload"


@pytest.fixture
def session() -> OptimizationSession:
    return insert_session(Status.VALIDATING)


def waiting(session: OptimizationSession, **changes: Any) -> ValidationChunk:
    fields = {"first_scenario": 0, "scenarios": 1000} | changes
    return ValidationChunk.objects.create(session=session, **fields)


def done(session: OptimizationSession, **changes: Any) -> ValidationChunk:
    fields = {
        "status": "done",
        "payload": b"12345678",
        "layout": "validation-part-1",
        "sha256": "0" * 64,
        "buckets": 4,
        "done_at": Now(),
    }
    return waiting(session, **(fields | changes))


def test_rows_with_everything_fit(session: OptimizationSession) -> None:
    waiting(session)
    done(session, first_scenario=1000)
    assert session.validation_chunks.count() == 2


def test_session_has_one_chunk_for_a_range(session: OptimizationSession) -> None:
    waiting(session)
    waiting(insert_session(Status.VALIDATING))
    with refused_by("one_validation_chunk_per_range"):
        waiting(session, scenarios=500)


def test_chunk_without_scenarios_is_refused(session: OptimizationSession) -> None:
    with refused_by("validation_chunks_have_scenarios"):
        waiting(session, scenarios=0)


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": None},
        {"buckets": None},
        {"done_at": None},
        {"sha256": ""},
        {"sha256": "0" * 63 + "g"},
    ],
)
def test_chunk_is_not_done_without_all_that_proves_it(
    changes: dict[str, Any], session: OptimizationSession
) -> None:
    with refused_by(PAYLOAD):
        done(session, **changes)


@pytest.mark.parametrize(
    "changes", [{"payload": b"1"}, {"buckets": 4}, {"done_at": Now()}, {"sha256": "0" * 64}]
)
def test_chunk_that_waits_has_nothing_yet(
    changes: dict[str, Any], session: OptimizationSession
) -> None:
    with refused_by(PAYLOAD):
        waiting(session, **changes)


def test_status_that_does_not_exist_is_refused(session: OptimizationSession) -> None:
    with refused_by(PAYLOAD):
        done(session, status="paused")


def test_payload_larger_than_any_chunk_is_refused(session: OptimizationSession) -> None:
    done(session, payload=bytes(MOST_PAYLOAD_BYTES))
    with refused_by("validation_chunk_payloads_are_bounded"):
        done(session, first_scenario=1000, payload=bytes(MOST_PAYLOAD_BYTES + 1))


def test_chunk_that_is_done_is_not_done_again(session: OptimizationSession) -> None:
    chunk = done(session)
    with pytest.raises(StatusChanged, match="no longer waiting"):
        chunk.complete(chunk.encoded())


def test_chunk_that_waits_cannot_begin_again(session: OptimizationSession) -> None:
    with pytest.raises(StatusChanged, match="no longer done"):
        waiting(session).begin_again()


def test_chunk_that_begins_again_counts_its_damages(session: OptimizationSession) -> None:
    chunk = done(session)
    chunk.begin_again()
    chunk.refresh_from_db()
    assert (chunk.status, chunk.damages, chunk.payload) == ("waiting", 1, None)


def test_chunk_gives_back_what_it_was_completed_with(session: OptimizationSession) -> None:
    chunk = waiting(session)
    stored = done(session, first_scenario=1000, scenarios=1000).encoded()
    chunk.complete(stored)
    chunk.refresh_from_db()
    assert chunk.encoded().payload == stored.payload
    assert (chunk.encoded().sha256, chunk.encoded().buckets) == (stored.sha256, stored.buckets)


def test_chunk_names_its_scenarios(session: OptimizationSession) -> None:
    chunk = waiting(session, first_scenario=2000, scenarios=500)
    assert str(chunk) == f"scenarios 2000 to 2499 of {session.pk} (waiting)"
