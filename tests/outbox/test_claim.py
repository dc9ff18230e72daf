"""Which jobs the drainer takes: the due ones, in order, as many as the window has room for."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from outbox import relay
from outbox.models import OutboxJob
from tests.outbox.brokers import Broker
from tests.outbox.jobs import Status, columns, make_job, reread
from tests.outbox.threads import PATIENCE_SECONDS, at_once, background


@pytest.mark.django_db
def test_job_that_is_not_yet_due_stays(broker: Broker) -> None:
    job = make_job(next_run_at=Now() + timedelta(minutes=1))
    before = columns(job)
    assert relay.drain_once() == 0
    assert columns(job) == before
    assert not broker.messages("matrix")


@pytest.mark.django_db
@pytest.mark.parametrize("status", [s for s in Status if s != Status.PENDING])
def test_job_that_is_not_pending_stays(status: str, broker: Broker) -> None:
    job = make_job(status=status)
    before = columns(job)
    assert relay.drain_once() == 0
    assert columns(job) == before


@pytest.mark.django_db
def test_lower_priority_number_goes_first(settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 1
    make_job(priority=100, next_run_at=Now() - timedelta(hours=1))
    urgent = make_job(priority=10, next_run_at=Now() - timedelta(minutes=1))
    relay.drain_once()
    assert OutboxJob.objects.get(status=Status.ENQUEUED) == urgent


@pytest.mark.django_db
def test_among_equal_priorities_the_longest_due_goes_first(settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 1
    make_job(next_run_at=Now() - timedelta(minutes=1))
    longest_due = make_job(next_run_at=Now() - timedelta(hours=1))
    relay.drain_once()
    assert OutboxJob.objects.get(status=Status.ENQUEUED) == longest_due


@pytest.mark.django_db
def test_among_jobs_due_at_the_same_time_the_oldest_goes_first(settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 1
    oldest = make_job()
    make_job(next_run_at=oldest.next_run_at)
    relay.drain_once()
    assert OutboxJob.objects.get(status=Status.ENQUEUED) == oldest


@pytest.mark.django_db
def test_jobs_of_one_batch_reach_the_queue_in_that_order(broker: Broker) -> None:
    """Whatever plan the database makes: joined by hash, rows come as they lie in the table."""
    due_in_this_order = [
        make_job(priority=rank, next_run_at=Now() - timedelta(minutes=rank))
        for rank in range(8, 0, -1)
    ][::-1]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off")
    relay.drain_once()
    assert broker.job_ids() == [str(job.job_id) for job in due_in_this_order]


@pytest.mark.django_db
def test_drainer_takes_no_more_jobs_than_the_window(settings: Settings, broker: Broker) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 3
    for _ in range(5):
        make_job()
    assert relay.drain_once() == 3
    assert len(broker.messages("matrix")) == 3
    assert OutboxJob.objects.filter(status=Status.PENDING).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("status", OutboxJob.LEASED)
def test_job_that_is_under_way_takes_a_place_in_the_window(status: str, settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 2
    make_job(status=status)
    for _ in range(3):
        make_job()
    assert relay.drain_once() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("status", OutboxJob.ENDED)
def test_job_that_has_ended_takes_no_place_in_the_window(status: str, settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 1
    make_job(status=status)
    make_job()
    assert relay.drain_once() == 1


@pytest.mark.django_db
def test_window_smaller_than_what_is_under_way_stops_the_drainer(settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 1
    make_job(status=Status.RUNNING)
    make_job(status=Status.RUNNING)
    make_job()
    assert relay.drain_once() == 0


@pytest.mark.django_db
def test_draining_for_a_time_ends_early_when_nothing_is_left(settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 100
    for _ in range(5):
        make_job()
    assert relay.drain(for_seconds=3600) == 5


@pytest.mark.django_db
def test_draining_for_a_time_ends_early_when_the_window_is_full(settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 2
    for _ in range(5):
        make_job()
    assert relay.drain(for_seconds=3600) == 2


@pytest.mark.django_db
def test_draining_for_no_time_takes_nothing() -> None:
    job = make_job()
    assert relay.drain(for_seconds=0) == 0
    assert reread(job).status == Status.PENDING


@pytest.mark.django_db(transaction=True)
def test_several_drainers_at_once_publish_each_of_200_jobs_once(
    settings: Settings, broker: Broker
) -> None:
    """The window is much smaller than the backlog, so they meet again and again."""
    settings.OUTBOX_DISPATCH_WINDOW = 16
    jobs = {str(make_job().job_id) for _ in range(200)}
    at_once([drain_and_finish_until_no_job_is_left] * 4)
    job_ids = broker.job_ids()
    assert len(job_ids) == 200
    assert set(job_ids) == jobs
    assert set(OutboxJob.objects.values_list("dispatches", "lease_token")) == {(1, 1)}


@pytest.mark.django_db(transaction=True)
def test_several_drainers_at_once_respect_the_window(settings: Settings, broker: Broker) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 10
    for _ in range(200):
        make_job()
    at_once([lambda: [relay.drain_once() for _ in range(20)]] * 4)
    assert len(broker.messages("matrix")) == 10
    assert OutboxJob.objects.filter(status=Status.ENQUEUED).count() == 10
    assert OutboxJob.objects.filter(status=Status.PENDING).count() == 190


@pytest.mark.django_db(transaction=True)
def test_job_that_is_just_being_cancelled_is_not_waited_for() -> None:
    cancelled, other = make_job(), make_job()
    with background() as start, transaction.atomic():
        OutboxJob.objects.filter(pk=cancelled.pk).cancel()
        assert start(relay.drain_once).result(PATIENCE_SECONDS) == 1
    assert reread(cancelled).status == Status.CANCELLED
    assert reread(other).status == Status.ENQUEUED


def drain_and_finish_until_no_job_is_left() -> None:
    while OutboxJob.objects.live().exists():
        relay.drain_once()
        OutboxJob.objects.filter(status=Status.ENQUEUED).update(
            status=Status.DONE, lease_expires_at=None, finished_at=Now()
        )
