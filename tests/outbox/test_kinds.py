"""Each kind of job names a task, a queue that exists and an owner that can be told."""

import pytest
from django.utils.module_loading import import_string
from pytest_django import Settings

from config import settings as declared
from config.celery import app
from outbox import kinds
from outbox.models import OutboxJob
from tests.outbox.jobs import FUND_ID

KINDS = declared.OUTBOX_JOB_KINDS


def declared_queues() -> set[str]:
    return {queue.name for queue in declared.CELERY_TASK_QUEUES}


def test_kind_is_found_by_its_name() -> None:
    kind = kinds.by_name("weigh")
    assert (kind.name, kind.task, kind.queue) == ("weigh", "tests.weigh", "optimize")


def test_undeclared_kind_is_refused() -> None:
    with pytest.raises(kinds.UnknownJobKind, match="'paint' is not in OUTBOX_JOB_KINDS"):
        kinds.by_name("paint")


@pytest.mark.parametrize("kind", KINDS)
def test_task_of_every_kind_is_registered(kind: str) -> None:
    app.loader.import_default_modules()
    assert KINDS[kind]["task"] in app.tasks


@pytest.mark.parametrize("kind", KINDS)
def test_queue_of_every_kind_is_declared_and_not_that_of_the_drainer(kind: str) -> None:
    assert KINDS[kind]["queue"] in declared_queues() - {"control"}


@pytest.mark.parametrize("kind", KINDS)
def test_owner_of_every_kind_can_be_told(kind: str) -> None:
    assert callable(import_string(KINDS[kind]["failed"]))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_name_of_every_kind_and_the_key_of_its_jobs_fit_the_table(
    kind: str, settings: Settings
) -> None:
    settings.OUTBOX_JOB_KINDS = KINDS
    longest_subject_id = "x" * 64
    OutboxJob.objects.enqueue(kind=kind, subject_ids=[longest_subject_id], fund_id=FUND_ID)
    job = OutboxJob.objects.get()
    assert (job.kind, job.subject_id) == (kind, longest_subject_id)


@pytest.mark.parametrize("name", declared.OUTBOX_RECONCILERS)
def test_every_reconciler_exists(name: str) -> None:
    assert callable(import_string(name))
