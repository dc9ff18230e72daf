"""The Celery tasks of a session: thin, named as the outbox knows them, patient with messages."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings

from config.celery import app
from funds.models import Fund
from optimization import tasks
from outbox.models import OutboxJob
from tests.optimization.rows import Status, columns
from tests.optimization.work import OPTIMIZATION, jobs_of, optimizing, publish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", settings.OUTBOX_JOB_KINDS)
def test_task_of_every_kind_of_job_exists(kind: str) -> None:
    app.loader.import_default_modules()
    assert settings.OUTBOX_JOB_KINDS[kind]["task"] in app.tasks


def test_task_carries_its_session_on(fund: Fund) -> None:
    session = optimizing(fund)
    job = OutboxJob.objects.get(kind=OPTIMIZATION)
    publish(job)
    tasks.optimize.apply(kwargs={"job_id": str(job.job_id)}, throw=True)
    assert columns(session)["status"] == Status.VALIDATING


def test_second_message_of_a_job_is_dropped(fund: Fund) -> None:
    session = optimizing(fund)
    job = OutboxJob.objects.get(kind=OPTIMIZATION)
    publish(job)
    for _message in range(2):
        tasks.optimize.apply(kwargs={"job_id": str(job.job_id)}, throw=True)
    assert jobs_of(session, OPTIMIZATION) == [OutboxJob.Status.DONE]
    assert columns(session)["version"] == session.version + 1


def test_message_of_a_job_that_does_not_exist_is_dropped() -> None:
    for task in (tasks.optimize, tasks.validate, tasks.validate_chunk, tasks.merge_validation):
        task.apply(kwargs={"job_id": str(uuid.uuid4())}, throw=True)
    assert not OutboxJob.objects.exists()


def test_field_that_only_a_later_version_sends_is_ignored() -> None:
    tasks.optimize.apply(kwargs={"job_id": str(uuid.uuid4()), "trace_id": "1"}, throw=True)


def worker_reading(*queues: str) -> Any:
    selected = SimpleNamespace(consume_from=dict.fromkeys(queues))
    return SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=selected)))


@pytest.mark.parametrize(
    ("queues", "times"), [(("matrix", "optimize"), 1), (("ranges",), 1), (("control",), 0)]
)
def test_worker_loads_the_kernels_if_its_jobs_need_them(
    queues: tuple[str, ...], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    monkeypatch.setattr(tasks, "compile_kernels", lambda: loaded.append(True))
    tasks.load_kernels(sender=worker_reading(*queues))
    assert len(loaded) == times


@pytest.mark.parametrize("kind", [OPTIMIZATION, "frontier_segment", "attainable_ranges"])
def test_jobs_that_solve_are_on_queues_that_need_kernels(kind: str) -> None:
    assert settings.OUTBOX_JOB_KINDS[kind]["queue"] in tasks.QUEUES_THAT_NEED_KERNELS
