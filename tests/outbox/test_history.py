"""The database itself writes the history of a job and refuses to revive an ended one."""

from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from outbox.models import JobEvent, OutboxJob
from tests.outbox.jobs import Status, columns, enqueue, make_job, reread

pytestmark = pytest.mark.django_db


def history(job: OutboxJob) -> list[tuple[str, str]]:
    return list(job.events.order_by("id").values_list("from_status", "to_status"))


def test_new_job_has_its_first_event() -> None:
    assert history(make_job()) == [("", "pending")]


def test_every_job_of_a_bulk_insert_has_its_first_event() -> None:
    enqueue("a", "b", "c")
    assert JobEvent.objects.filter(from_status="", to_status="pending").count() == 3


def test_refused_insert_writes_no_event() -> None:
    make_job(subject_id="a")
    enqueue("a")
    assert JobEvent.objects.count() == 1


def test_saving_a_changed_status_writes_an_event() -> None:
    job = make_job()
    job.status = Status.PROCESSING
    job.lease_expires_at = Now()
    job.save()
    assert history(job) == [("", "pending"), ("pending", "processing")]


def test_updating_many_jobs_writes_an_event_for_each() -> None:
    jobs = [make_job() for _ in range(3)]
    OutboxJob.objects.update(status=Status.CANCELLED, finished_at=Now())
    assert [history(job)[1:] for job in jobs] == [[("pending", "cancelled")]] * 3


def test_statement_written_by_hand_writes_an_event() -> None:
    job = make_job()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_job SET status = 'cancelled', finished_at = now()")
    assert history(job)[1:] == [("pending", "cancelled")]


def test_change_of_anything_but_the_status_writes_no_event() -> None:
    job = make_job()
    job.priority = 1
    job.save()
    OutboxJob.objects.update(rescues=1)
    assert history(job) == [("", "pending")]


def test_event_says_who_held_the_job_with_which_token_and_when() -> None:
    job = make_job(status=Status.ENQUEUED, lease_token=4)
    OutboxJob.objects.update(
        status=Status.RUNNING, lease_token=5, lease_owner="worker", started_at=Now()
    )
    event = job.events.latest("id")
    assert (event.lease_token, event.lease_owner) == (5, "worker")
    assert reread(job).created_at < event.at


def test_rolled_back_change_leaves_no_event() -> None:
    job = make_job()
    with transaction.atomic():
        OutboxJob.objects.cancel()
        transaction.set_rollback(True)
    assert history(job) == [("", "pending")]


def test_deleted_job_takes_its_history_with_it_and_no_other() -> None:
    job, kept = make_job(), make_job()
    job.delete()
    assert [event.job_id for event in JobEvent.objects.all()] == [kept.pk]


def test_event_cannot_be_changed() -> None:
    job = make_job()
    with (
        pytest.raises(IntegrityError, match="stays as it was written"),
        transaction.atomic(),
    ):
        job.events.update(to_status=Status.DONE)
    assert history(job) == [("", "pending")]


@pytest.mark.parametrize("status", Status)
def test_event_cannot_be_deleted_without_its_job(status: str) -> None:
    job = make_job(status=status)
    with (
        pytest.raises(IntegrityError, match="stays as it was written"),
        transaction.atomic(),
    ):
        job.events.all().delete()
    assert history(job) == [("", status)]


@pytest.mark.parametrize(
    ("ended", "status"),
    [(ended, status) for ended, status in product(OutboxJob.ENDED, Status) if ended != status],
)
def test_ended_job_never_becomes_anything_else(ended: str, status: str) -> None:
    job = make_job(status=ended)
    before = columns(job)
    leased = status in OutboxJob.LEASED
    with pytest.raises(IntegrityError, match=f"has ended as {ended}; it cannot become {status}"):
        change(
            job,
            status=status,
            lease_expires_at=Now() if leased else None,
            finished_at=Now() if status in OutboxJob.ENDED else None,
        )
    assert columns(job) == before
    assert history(job) == [("", ended)]


@pytest.mark.parametrize("ended", OutboxJob.ENDED)
def test_facts_about_an_ended_job_may_still_be_corrected(ended: str) -> None:
    job = make_job(status=ended)
    change(job, status=ended, error_reason="the reason in better words")
    assert reread(job).error_reason == "the reason in better words"


@transaction.atomic
def change(job: OutboxJob, **fields: object) -> None:
    OutboxJob.objects.filter(pk=job.pk).update(**fields)
