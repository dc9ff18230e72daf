"""Cancelling ends live jobs, whoever holds them, and no others."""

import pytest

from outbox import relay
from outbox.models import OutboxJob
from tests.outbox.brokers import Broker
from tests.outbox.jobs import Status, columns, enqueue, make_job, reread, started

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", OutboxJob.LIVE)
def test_live_job_is_cancelled(status: str) -> None:
    job = make_job(status=status)
    assert OutboxJob.objects.cancel() == 1
    job = reread(job)
    assert (job.status, job.lease_expires_at) == (Status.CANCELLED, None)
    assert job.finished_at is not None


@pytest.mark.parametrize("status", OutboxJob.ENDED)
def test_ended_job_stays_as_it_ended(status: str) -> None:
    job = make_job(status=status)
    before = columns(job)
    assert OutboxJob.objects.cancel() == 0
    assert columns(job) == before


def test_only_the_jobs_asked_for_are_cancelled() -> None:
    make_job(subject_id="a")
    other = make_job(subject_id="b")
    OutboxJob.objects.filter(subject_id="a").cancel()
    assert reread(other).status == Status.PENDING


def test_cancellation_takes_the_job_out_of_its_holders_hands() -> None:
    job = make_job(status=Status.ENQUEUED)
    lease = started(job)
    OutboxJob.objects.cancel()
    assert reread(job).lease_token > lease.token


def test_message_of_a_cancelled_job_starts_nothing(broker: Broker) -> None:
    job = make_job()
    relay.drain_once()
    OutboxJob.objects.cancel()
    assert len(broker.messages("matrix")) == 1
    with pytest.raises(AssertionError, match="did not wait to be run"):
        started(job)


def test_subject_of_a_cancelled_job_can_get_another() -> None:
    make_job(subject_id="a")
    OutboxJob.objects.cancel()
    enqueue("a")
    assert OutboxJob.objects.live().count() == 1
