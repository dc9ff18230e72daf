"""A job is part of the caller's transaction, and a subject has one live job of a kind."""

import pytest
from django.db import transaction

from outbox.kinds import UnknownJobKind
from outbox.models import OutboxJob
from tests.outbox.jobs import FUND_ID, Status, enqueue, make_job
from tests.outbox.threads import (
    PATIENCE_SECONDS,
    another_connection_waits_for_a_lock,
    at_once,
    background,
    wait_until,
)


@pytest.mark.django_db
def test_enqueued_job_waits_to_be_drained() -> None:
    enqueue("a")
    job = OutboxJob.objects.get()
    assert (job.kind, job.subject_id, job.fund_id) == ("count", "a", FUND_ID)
    assert (job.status, job.attempts, job.lease_token) == (Status.PENDING, 0, 0)


@pytest.mark.django_db
def test_rolled_back_transaction_leaves_no_job() -> None:
    with transaction.atomic():
        enqueue("a")
        transaction.set_rollback(True)
    assert not OutboxJob.objects.exists()


@pytest.mark.django_db
def test_job_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownJobKind, match="'paint' is not in OUTBOX_JOB_KINDS"):
        enqueue("a", kind="paint")
    assert not OutboxJob.objects.exists()


@pytest.mark.django_db
def test_each_subject_gets_its_own_job() -> None:
    enqueue("a", "b")
    assert set(OutboxJob.objects.values_list("subject_id", flat=True)) == {"a", "b"}


@pytest.mark.django_db
def test_each_kind_of_one_subject_gets_its_own_job() -> None:
    enqueue("a", kind="count")
    enqueue("a", kind="weigh")
    assert set(OutboxJob.objects.values_list("kind", flat=True)) == {"count", "weigh"}


@pytest.mark.django_db
def test_nobody_to_work_for_adds_no_job() -> None:
    enqueue()
    assert not OutboxJob.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("status", OutboxJob.LIVE)
def test_subject_with_a_live_job_keeps_that_one(status: str) -> None:
    job = make_job(status=status, subject_id="a")
    enqueue("a")
    assert OutboxJob.objects.get().pk == job.pk


@pytest.mark.django_db
@pytest.mark.parametrize("status", OutboxJob.ENDED)
def test_subject_whose_job_has_ended_gets_a_new_one(status: str) -> None:
    make_job(status=status, subject_id="a")
    enqueue("a")
    assert OutboxJob.objects.filter(subject_id="a").live().count() == 1


@pytest.mark.django_db
def test_subject_with_a_live_job_does_not_keep_others_from_getting_theirs() -> None:
    make_job(subject_id="a")
    enqueue("a", "b")
    assert OutboxJob.objects.filter(subject_id="b").live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_transactions_that_ask_for_the_same_job_get_one() -> None:
    with background() as start:
        with transaction.atomic():
            enqueue("a")
            rival = start(lambda: enqueue("a"))
            wait_until(another_connection_waits_for_a_lock)
        rival.result(PATIENCE_SECONDS)
    assert OutboxJob.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_transaction_that_waited_for_one_that_rolled_back_adds_the_job() -> None:
    with background() as start:
        with transaction.atomic():
            enqueue("a")
            rival = start(lambda: enqueue("a"))
            wait_until(another_connection_waits_for_a_lock)
            transaction.set_rollback(True)
        rival.result(PATIENCE_SECONDS)
    assert OutboxJob.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_job_asked_for_while_the_one_before_it_ends_is_not_lost() -> None:
    """The rival must wait and see: the job it would have relied on is ending as it asks."""
    ending = make_job(status=Status.RUNNING, subject_id="a")
    with background() as start:
        with transaction.atomic():
            OutboxJob.objects.filter(pk=ending.pk).cancel()
            rival = start(lambda: enqueue("a"))
            wait_until(another_connection_waits_for_a_lock)
        rival.result(PATIENCE_SECONDS)
    assert OutboxJob.objects.live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_requests_at_once_for_the_same_job_get_one() -> None:
    at_once([lambda: enqueue("a")] * 10)
    assert OutboxJob.objects.count() == 1
