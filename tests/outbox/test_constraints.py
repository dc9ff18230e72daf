"""What the database refuses, whoever asks: one row that fits each rule and one that does not."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from outbox.models import OutboxJob
from tests.outbox.jobs import FUND_ID, Status, make_job

pytestmark = pytest.mark.django_db

LEASE_RULE = "exactly_leased_jobs_have_a_lease_end"
END_RULE = "exactly_ended_jobs_have_finished_at"
UNIQUE_RULE = "one_live_job_per_idempotency_key"


@transaction.atomic
def insert(**fields: Any) -> OutboxJob:
    key = {"idempotency_key": str(uuid.uuid4())}
    return OutboxJob.objects.create(kind="count", subject_id="a", fund_id=FUND_ID, **key | fields)


@pytest.mark.parametrize("status", OutboxJob.LEASED)
def test_leased_job_has_a_lease_end(status: str) -> None:
    insert(status=status, lease_expires_at=Now())
    with pytest.raises(IntegrityError, match=LEASE_RULE):
        insert(status=status, lease_expires_at=None)


@pytest.mark.parametrize("status", OutboxJob.ENDED)
def test_ended_job_has_no_lease_end(status: str) -> None:
    insert(status=status, finished_at=Now(), lease_expires_at=None)
    with pytest.raises(IntegrityError, match=LEASE_RULE):
        insert(status=status, finished_at=Now(), lease_expires_at=Now())


def test_pending_job_has_no_lease_end() -> None:
    insert(status=Status.PENDING, lease_expires_at=None)
    with pytest.raises(IntegrityError, match=LEASE_RULE):
        insert(status=Status.PENDING, lease_expires_at=Now())


@pytest.mark.parametrize("status", OutboxJob.ENDED)
def test_ended_job_says_when_it_ended(status: str) -> None:
    insert(status=status, finished_at=Now())
    with pytest.raises(IntegrityError, match=END_RULE):
        insert(status=status, finished_at=None)


@pytest.mark.parametrize("status", OutboxJob.LEASED)
def test_leased_job_has_not_ended(status: str) -> None:
    insert(status=status, lease_expires_at=Now(), finished_at=None)
    with pytest.raises(IntegrityError, match=END_RULE):
        insert(status=status, lease_expires_at=Now(), finished_at=Now())


def test_pending_job_has_not_ended() -> None:
    insert(status=Status.PENDING, finished_at=None)
    with pytest.raises(IntegrityError, match=END_RULE):
        insert(status=Status.PENDING, finished_at=Now())


@pytest.mark.parametrize("status", ["", "PENDING", "finished"])
def test_status_is_one_of_the_seven(status: str) -> None:
    with pytest.raises(IntegrityError, match=f"{LEASE_RULE}|{END_RULE}"):
        insert(status=status)


@pytest.mark.parametrize("status", OutboxJob.LIVE)
def test_idempotency_key_has_one_live_job(status: str) -> None:
    live = make_job(status=status)
    insert(idempotency_key="another key")
    with pytest.raises(IntegrityError, match=UNIQUE_RULE):
        insert(idempotency_key=live.idempotency_key)


@pytest.mark.parametrize("status", OutboxJob.ENDED)
def test_idempotency_key_may_have_many_ended_jobs(status: str) -> None:
    for _ in range(2):
        insert(status=status, finished_at=Now(), idempotency_key="used before")
    assert OutboxJob.objects.filter(idempotency_key="used before").count() == 2


def test_job_id_is_never_used_twice() -> None:
    ended = make_job(status=Status.DONE)
    insert(job_id=uuid.uuid4())
    with pytest.raises(IntegrityError, match="job_id"):
        insert(job_id=ended.job_id)


@pytest.mark.parametrize(
    "counter",
    ["attempts", "max_attempts", "crashes", "max_crashes", "dispatches", "publish_failures"],
)
def test_counter_does_not_go_below_zero(counter: str) -> None:
    insert(**{counter: 0})
    with pytest.raises(IntegrityError, match=counter):
        insert(**{counter: -1})
