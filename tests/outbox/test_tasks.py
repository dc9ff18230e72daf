"""What beat and the bell can ask for."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from config.celery import app
from outbox import tasks
from outbox.models import OutboxJob
from tests.outbox.jobs import Status, make_job, make_lapsed_job, reread

pytestmark = pytest.mark.django_db


def test_drain_publishes_due_jobs() -> None:
    job = make_job()
    app.tasks["outbox.drain"]()
    assert reread(job).status == Status.ENQUEUED


def test_drain_ends_before_the_next_tick() -> None:
    assert tasks.DRAIN_SECONDS < 1


def test_reap_takes_back_lapsed_jobs() -> None:
    job = make_lapsed_job(status=Status.ENQUEUED)
    app.tasks["outbox.reap"]()
    assert reread(job).status == Status.PENDING


def test_reconcile_repairs(settings: Settings) -> None:
    settings.OUTBOX_RECONCILERS = ["tests.outbox.test_upkeep.repair_one"]
    app.tasks["outbox.reconcile"]()
    assert OutboxJob.objects.count() == 1


def test_prune_deletes_old_jobs() -> None:
    make_job(status=Status.DONE, finished_at=Now() - timedelta(days=8))
    app.tasks["outbox.prune"]()
    assert not OutboxJob.objects.exists()


@pytest.mark.parametrize(
    "name", ["outbox.drain", "outbox.reap", "outbox.reconcile", "outbox.prune"]
)
def test_message_of_another_version_with_more_arguments_is_understood(
    name: str, settings: Settings
) -> None:
    settings.OUTBOX_RECONCILERS = []
    app.tasks[name](asked_by="a newer version")
