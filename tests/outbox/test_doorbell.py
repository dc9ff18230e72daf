"""The bell wakes the drainer after the commit, and is never in the way of the request."""

from pathlib import Path

import pytest
from django.db import transaction

from outbox import doorbell, relay
from outbox.models import OutboxJob
from tests.outbox.brokers import Broker, absent_broker, broken_broker
from tests.outbox.jobs import enqueue

pytestmark = pytest.mark.django_db(transaction=True)


def test_bell_asks_the_control_queue_to_drain(broker: Broker) -> None:
    enqueue("a")
    assert [message.task for message in broker.messages("control")] == ["outbox.drain"]


def test_bell_is_silent_until_the_commit(broker: Broker) -> None:
    with transaction.atomic():
        enqueue("a")
        heard_before_commit = broker.messages("control")
    assert not heard_before_commit
    assert len(broker.messages("control")) == 1


def test_bell_of_a_rolled_back_transaction_never_rings(broker: Broker) -> None:
    with transaction.atomic():
        enqueue("a")
        transaction.set_rollback(True)
    assert not broker.messages("control")


def test_bell_rings_once_for_many_subjects(broker: Broker) -> None:
    enqueue("a", "b", "c")
    assert len(broker.messages("control")) == 1


def test_bell_does_not_ring_when_nobody_gets_a_job(broker: Broker) -> None:
    enqueue()
    assert not broker.messages("control")


def test_ring_that_nobody_heard_expires(broker: Broker) -> None:
    enqueue("a")
    assert broker.messages("control")[0].expires is not None


def test_absent_broker_does_not_fail_the_request(tmp_path: Path) -> None:
    with absent_broker(tmp_path):
        enqueue("a")
    assert OutboxJob.objects.live().count() == 1


def test_broker_that_is_out_of_memory_does_not_fail_the_request(tmp_path: Path) -> None:
    with broken_broker(tmp_path, answer=b"-OOM command not allowed\r\n"):
        enqueue("a")
    assert OutboxJob.objects.live().count() == 1


def test_hanging_broker_does_not_fail_the_request(tmp_path: Path) -> None:
    with broken_broker(tmp_path, answer=None):
        enqueue("a")
    assert OutboxJob.objects.live().count() == 1


def test_hanging_broker_is_called_only_once(tmp_path: Path) -> None:
    """Each call costs the request a whole socket timeout."""
    with broken_broker(tmp_path, answer=None) as connections:
        enqueue("a")
    assert connections.count == 1


def test_bell_stops_waiting_after_half_a_second() -> None:
    assert doorbell.RING_TIMEOUT_SECONDS <= 0.5


def test_job_whose_bell_was_not_heard_is_drained_by_the_next_tick(
    tmp_path: Path, broker: Broker
) -> None:
    with absent_broker(tmp_path):
        enqueue("a")
    relay.drain_once()
    assert broker.job_ids() == [str(OutboxJob.objects.get().job_id)]
