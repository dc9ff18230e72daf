"""Subjects that are owed a job get one; jobs that ended long ago go."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from pytest_django import Settings

from outbox import upkeep
from outbox.models import JobEvent, OutboxJob
from tests.outbox.jobs import Status, enqueue, make_job
from tests.outbox.threads import PATIENCE_SECONDS, background

pytestmark = pytest.mark.django_db


class ReconcilerFailed(Exception):
    pass


def repair_one() -> int:
    enqueue("one")
    return 1


def repair_two() -> int:
    enqueue("two", "three")
    return 2


def repair_none() -> int:
    return 0


def break_down() -> int:
    raise ReconcilerFailed


def configure(settings: Settings, *names: str) -> None:
    settings.OUTBOX_RECONCILERS = [f"tests.outbox.test_upkeep.{name}" for name in names]


def test_every_reconciler_repairs_its_own(settings: Settings) -> None:
    configure(settings, "repair_one", "repair_two")
    assert upkeep.reconcile() == 3
    assert OutboxJob.objects.count() == 3


def test_healthy_system_has_nothing_to_repair(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    configure(settings, "repair_none")
    assert upkeep.reconcile() == 0
    assert not caplog.records


def test_repair_is_reported(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    configure(settings, "repair_two")
    upkeep.reconcile()
    assert caplog.messages == ["reconciled 2 subjects that had no live job"]


def test_reconciliation_that_fails_changes_nothing(settings: Settings) -> None:
    configure(settings, "repair_one", "break_down")
    with pytest.raises(ReconcilerFailed):
        upkeep.reconcile()
    assert not OutboxJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_only_one_process_reconciles_at_a_time(settings: Settings) -> None:
    rivals.clear()
    configure(settings, "repair_while_another_tries")
    assert upkeep.reconcile() == 1
    assert rivals == [0]


@pytest.mark.django_db(transaction=True)
def test_process_reconciles_after_another_has_done_so(settings: Settings) -> None:
    configure(settings, "repair_one")
    upkeep.reconcile()
    with background() as start:
        assert start(upkeep.reconcile).result(PATIENCE_SECONDS) == 1


rivals: list[int] = []


def repair_while_another_tries() -> int:
    with background() as start:
        rivals.append(start(upkeep.reconcile).result(PATIENCE_SECONDS))
    return 1


@pytest.mark.parametrize(
    ("status", "days"), [(Status.DONE, 7), (Status.FAILED, 90), (Status.CANCELLED, 90)]
)
def test_ended_job_is_kept_for_its_time_and_then_deleted(status: str, days: int) -> None:
    make_job(status=status, finished_at=Now() - timedelta(days=days, minutes=1))
    kept = make_job(status=status, finished_at=Now() - timedelta(days=days, minutes=-1))
    assert upkeep.prune() == 1
    assert OutboxJob.objects.get() == kept


@pytest.mark.parametrize("status", OutboxJob.LIVE)
def test_live_job_is_kept_however_old(status: str) -> None:
    long_ago = Now() - timedelta(days=1000)
    make_job(status=status, created_at=long_ago, next_run_at=long_ago, started_at=long_ago)
    assert upkeep.prune() == 0
    assert OutboxJob.objects.count() == 1


def test_history_of_a_deleted_job_is_deleted_and_that_of_others_is_kept() -> None:
    make_job(status=Status.DONE, finished_at=Now() - timedelta(days=8))
    kept = make_job(status=Status.DONE)
    upkeep.prune()
    assert set(JobEvent.objects.values_list("job_id", flat=True)) == {kept.pk}


def test_pruning_goes_on_until_no_old_job_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PRUNE_BATCH", 2)
    for _ in range(5):
        make_job(status=Status.DONE, finished_at=Now() - timedelta(days=8))
    assert upkeep.prune() == 5
    assert not OutboxJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_pruning_does_not_wait_for_a_job_that_another_has_locked() -> None:
    locked = make_job(status=Status.DONE, finished_at=Now() - timedelta(days=8))
    make_job(status=Status.DONE, finished_at=Now() - timedelta(days=8))
    with background() as start, transaction.atomic():
        OutboxJob.objects.select_for_update().get(pk=locked.pk)
        assert start(upkeep.prune).result(PATIENCE_SECONDS) == 1
    assert OutboxJob.objects.get() == locked
