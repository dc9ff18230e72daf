"""What the drainer tells the broker and, afterwards, the table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from config.celery import app
from outbox import reaper, relay
from outbox.leases import Lease
from outbox.models import OutboxJob
from tests.outbox.brokers import Broker, absent_broker, broken_broker
from tests.outbox.jobs import Status, columns, database_now, make_job, reread

pytestmark = pytest.mark.django_db

OnTheWire = Callable[[Callable[[], Any]], None]


@pytest.fixture
def on_the_wire(monkeypatch: pytest.MonkeyPatch) -> OnTheWire:
    """Replaces the sending of the next message by something that happens meanwhile elsewhere."""
    send_task = app.send_task

    def replace_next(event: Callable[[], Any]) -> None:
        def sent(*_args: Any, **_options: Any) -> None:
            monkeypatch.setattr(app, "send_task", send_task)
            event()

        monkeypatch.setattr(app, "send_task", sent)

    return replace_next


def test_message_names_the_job_and_nothing_else(broker: Broker) -> None:
    job = make_job()
    relay.drain_once()
    (message,) = broker.messages("matrix")
    assert (message.task, message.kwargs) == ("tests.count", {"job_id": str(job.job_id)})


def test_message_goes_to_the_queue_of_its_kind(broker: Broker) -> None:
    make_job(kind="weigh")
    relay.drain_once()
    assert [message.task for message in broker.messages("optimize")] == ["tests.weigh"]
    assert not broker.messages("matrix")


def test_message_of_a_job_does_not_expire(broker: Broker) -> None:
    make_job()
    relay.drain_once()
    assert broker.messages("matrix")[0].expires is None


def test_each_dispatch_of_a_job_has_its_own_message_id(broker: Broker) -> None:
    job = make_job()
    relay.drain_once()
    OutboxJob.objects.update(status=Status.PENDING, lease_expires_at=None)
    relay.drain_once()
    assert [message.task_id for message in broker.messages("matrix")] == [
        f"{job.job_id}:1",
        f"{job.job_id}:2",
    ]


def test_published_job_is_enqueued_for_as_long_as_a_message_may_take(settings: Settings) -> None:
    settings.OUTBOX_ENQUEUE_LEASE_SECONDS = 30
    job = make_job()
    earliest = database_now()
    relay.drain_once()
    latest = database_now()
    job = reread(job)
    assert (job.status, job.dispatches, job.attempts) == (Status.ENQUEUED, 1, 0)
    assert job.enqueued_at is not None
    assert earliest <= job.enqueued_at <= latest
    assert job.lease_expires_at is not None
    assert (job.lease_expires_at - job.enqueued_at).total_seconds() == pytest.approx(30, abs=1e-3)


def test_job_is_claimed_while_its_message_is_on_the_way(on_the_wire: OnTheWire) -> None:
    job = make_job()
    seen = []
    on_the_wire(lambda: seen.append(reread(job)))
    relay.drain_once()
    assert [(job.status, job.lease_token) for job in seen] == [(Status.PROCESSING, 1)]


def test_job_whose_message_was_refused_waits_and_loses_no_attempt(tmp_path: Path) -> None:
    job = make_job()
    with absent_broker(tmp_path):
        assert relay.drain_once() == 0
    job = reread(job)
    assert (job.status, job.attempts, job.publish_failures) == (Status.PENDING, 0, 1)
    # One failure: 0.5 to 1.5 times 2 s.
    assert 0 < (job.next_run_at - database_now()).total_seconds() <= 3


def test_job_refused_many_times_is_tried_again_within_the_cap(tmp_path: Path) -> None:
    job = make_job(publish_failures=50)
    with absent_broker(tmp_path):
        relay.drain_once()
    job = reread(job)
    assert (job.status, job.publish_failures) == (Status.PENDING, 51)
    # The cap of 3 s, spread over 0.5 to 1.5 times, less the time to read it back.
    assert 0.5 < (job.next_run_at - database_now()).total_seconds() <= 4.5


def test_no_job_of_a_batch_is_lost_when_the_broker_goes_away(
    on_the_wire: OnTheWire, tmp_path: Path
) -> None:
    first, second, third = (make_job() for _ in range(3))

    def fail() -> None:
        raise ConnectionResetError

    on_the_wire(lambda: on_the_wire(fail))
    assert relay.drain_once() == 1
    assert reread(first).status == Status.ENQUEUED
    assert [reread(job).status for job in (second, third)] == [Status.PENDING] * 2


def test_out_of_memory_broker_is_a_broker_out_of_reach(tmp_path: Path) -> None:
    job = make_job()
    with broken_broker(tmp_path, answer=b"-OOM command not allowed\r\n"):
        assert relay.drain_once() == 0
    job = reread(job)
    assert (job.status, job.attempts, job.publish_failures) == (Status.PENDING, 0, 1)


def test_publication_forgives_the_failures_before_it() -> None:
    job = make_job(publish_failures=7)
    relay.drain_once()
    assert reread(job).publish_failures == 0


def test_job_that_was_refused_is_published_once_the_broker_is_back(
    tmp_path: Path, broker: Broker
) -> None:
    job = make_job()
    with absent_broker(tmp_path):
        relay.drain_once()
    OutboxJob.objects.update(next_run_at=job.next_run_at)
    assert relay.drain_once() == 1
    assert broker.job_ids() == [str(job.job_id)]


def test_job_of_a_kind_that_is_no_longer_declared_does_not_hold_up_the_others(
    broker: Broker,
) -> None:
    orphan, job = make_job(kind="abolished"), make_job()
    relay.drain_once()
    assert broker.job_ids() == [str(job.job_id)]
    assert reread(job).status == Status.ENQUEUED
    assert reread(orphan).status == Status.PENDING


def test_worker_that_starts_before_the_mark_keeps_the_job(on_the_wire: OnTheWire) -> None:
    job = make_job()
    on_the_wire(lambda: Lease.start(job_id=str(job.job_id), owner="quick"))
    relay.drain_once()
    job = reread(job)
    assert (job.status, job.lease_owner, job.enqueued_at) == (Status.RUNNING, "quick", None)


def test_worker_that_finishes_before_the_mark_has_finished(on_the_wire: OnTheWire) -> None:
    job = make_job()

    def start_and_finish() -> None:
        lease = Lease.start(job_id=str(job.job_id), owner="quick")
        assert lease is not None
        lease.finish()

    on_the_wire(start_and_finish)
    relay.drain_once()
    assert reread(job).status == Status.DONE


def test_worker_that_starts_keeps_the_job_when_the_drainer_saw_a_timeout(
    on_the_wire: OnTheWire,
) -> None:
    """The message arrived although the broker's answer did not."""
    job = make_job()

    def start_and_time_out() -> None:
        Lease.start(job_id=str(job.job_id), owner="quick")
        raise TimeoutError

    on_the_wire(start_and_time_out)
    relay.drain_once()
    job = reread(job)
    assert (job.status, job.publish_failures) == (Status.RUNNING, 0)


def test_job_cancelled_while_its_message_is_on_the_way_stays_cancelled(
    on_the_wire: OnTheWire,
) -> None:
    job = make_job()
    on_the_wire(lambda: OutboxJob.objects.filter(pk=job.pk).cancel())
    relay.drain_once()
    assert reread(job).status == Status.CANCELLED


def test_drainer_that_stalled_past_its_lease_marks_nothing(on_the_wire: OnTheWire) -> None:
    job = make_job()
    on_the_wire(lapse_and_reap)
    relay.drain_once()
    job = reread(job)
    assert (job.status, job.lease_token, job.enqueued_at) == (Status.PENDING, 2, None)


@pytest.mark.parametrize("answer", [None, TimeoutError()], ids=["sent", "timed out"])
def test_drainer_that_stalled_past_its_lease_leaves_the_next_claim_alone(
    answer: Exception | None, on_the_wire: OnTheWire
) -> None:
    job = make_job()

    def be_overtaken() -> None:
        lapse_and_reap()
        OutboxJob.objects.update(
            status=Status.PROCESSING, lease_token=3, lease_expires_at=database_now()
        )
        claimed_by_the_next.update(columns(job))
        if answer is not None:
            raise answer

    claimed_by_the_next: dict[str, Any] = {}
    on_the_wire(be_overtaken)
    relay.drain_once()
    assert columns(job) == claimed_by_the_next


def test_job_whose_drainer_died_is_dispatched_again(broker: Broker) -> None:
    job = make_job(status=Status.PROCESSING, dispatches=1, lease_expires_at=Now())
    reaper.reap()
    OutboxJob.objects.update(next_run_at=job.next_run_at)
    relay.drain_once()
    assert [message.task_id for message in broker.messages("matrix")] == [f"{job.job_id}:2"]


def lapse_and_reap() -> None:
    OutboxJob.objects.update(lease_expires_at=Now())
    assert reaper.reap() == 1
    # Within the test's transaction now() is the time at which the test began.
    OutboxJob.objects.update(next_run_at="2000-01-01T00:00Z")
