"""A worker makes sure, in the middle of its work, that it still holds the job."""

import pytest
from django.db import transaction

from outbox import reaper
from outbox.leases import StaleLease
from outbox.models import OutboxJob
from tests.outbox.jobs import columns, lapse, start_new_job
from tests.outbox.threads import PATIENCE_SECONDS, background

pytestmark = pytest.mark.django_db


def test_held_lease_is_confirmed_and_unchanged() -> None:
    job, lease = start_new_job()
    before = columns(job)
    with transaction.atomic():
        lease.confirm()
    assert columns(job) == before


def test_lease_of_a_cancelled_job_is_not_confirmed() -> None:
    _, lease = start_new_job()
    OutboxJob.objects.cancel()
    with pytest.raises(StaleLease), transaction.atomic():
        lease.confirm()


@pytest.mark.django_db(transaction=True)
def test_job_cannot_be_taken_between_the_confirmation_and_its_commit() -> None:
    job, lease = start_new_job()
    lapse(job)
    with background() as start:
        with transaction.atomic():
            lease.confirm()
            assert start(reaper.reap).result(PATIENCE_SECONDS) == 0
        assert start(reaper.reap).result(PATIENCE_SECONDS) == 1
