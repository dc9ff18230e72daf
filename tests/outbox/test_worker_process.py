"""A real worker process, from the commit that asks for a job to the job's effect.

The worker goes once through all that is told in ``ended_jobs``; each test looks at one part of it.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from config.celery import app
from outbox import reaper
from outbox.models import OutboxJob
from tests.outbox.brokers import Broker, real_redis
from tests.outbox.declared_kinds import KINDS
from tests.outbox.jobs import Status, enqueue
from tests.outbox.threads import PATIENCE_SECONDS, wait_until
from tests.outbox.worker_tasks import KILLS_ITS_FIRST_WORKER

# Without the mark there would be no test database, and ended_jobs would speak to the real one.
pytestmark = pytest.mark.django_db

ORDINARY = "ordinary"
AFTER_BAD_MESSAGES = "after bad messages"


@dataclass(frozen=True, slots=True)
class EndedJob:
    attempts: int
    crashes: int
    history: list[str]
    effects: int


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:") as redis:
        yield redis


@pytest.fixture(scope="module")
def ended_jobs(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    broker: Broker,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, EndedJob]:
    """By subject."""
    log = tmp_path_factory.mktemp("worker") / "log"
    with django_db_blocker.unblock(), override_settings(OUTBOX_JOB_KINDS=KINDS):
        try:
            with worker(log, broker_prefix=broker.prefix):
                run_ordinary_job()
                run_job_that_kills_its_first_worker()
                send_bad_messages()
                run_job_after_bad_messages()
            return {job.subject_id: ended(job) for job in OutboxJob.objects.filter(kind="count")}
        finally:
            OutboxJob.objects.all().delete()


@contextmanager
def worker(log: Path, *, broker_prefix: str) -> Iterator[None]:
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.outbox.worker_settings",
        "KEEL_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "KEEL_TEST_BROKER_PREFIX": broker_prefix,
    }
    queues = ["-Q", "control,matrix"]
    command = ["celery", "-A", "config", "worker", *queues, "-c", "1", "-l", "INFO"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=settings.BASE_DIR,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: b" ready." in log.read_bytes())
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def run_ordinary_job() -> None:
    enqueue(ORDINARY)
    wait_until_done(ORDINARY)


def run_job_that_kills_its_first_worker() -> None:
    enqueue(KILLS_ITS_FIRST_WORKER)
    wait_until(lambda: reaper.reap() == 1)
    OutboxJob.objects.filter(subject_id=KILLS_ITS_FIRST_WORKER).update(next_run_at=Now())
    app.send_task("outbox.drain", queue="control")
    wait_until_done(KILLS_ITS_FIRST_WORKER)


def send_bad_messages() -> None:
    app.send_task("tests.count", queue="matrix", kwargs={"job": "another word for it"})
    app.send_task("tests.count", queue="matrix", kwargs={"job_id": "not a UUID"})
    app.send_task("tests.count", queue="matrix", kwargs={"job_id": str(uuid.uuid4())})
    app.send_task("tests.count", queue="matrix", serializer="pickle")
    app.send_task("tests.task-of-another-release", queue="matrix")


def run_job_after_bad_messages() -> None:
    enqueue(AFTER_BAD_MESSAGES)
    wait_until_done(AFTER_BAD_MESSAGES)


def wait_until_done(subject_id: str) -> None:
    jobs = OutboxJob.objects.filter(kind="count", subject_id=subject_id)
    wait_until(jobs.filter(status=Status.DONE).exists)


def ended(job: OutboxJob) -> EndedJob:
    return EndedJob(
        attempts=job.attempts,
        crashes=job.crashes,
        history=list(job.events.order_by("id").values_list("to_status", flat=True)),
        effects=OutboxJob.objects.filter(kind="weigh", subject_id=job.subject_id).count(),
    )


def test_job_goes_from_the_commit_to_its_effect_without_beat(
    ended_jobs: dict[str, EndedJob],
) -> None:
    job = ended_jobs[ORDINARY]
    assert (job.attempts, job.crashes, job.effects) == (1, 0, 1)
    # The worker may be quicker than the drainer, who then marks nothing as enqueued.
    assert [status for status in job.history if status != Status.ENQUEUED] == [
        Status.PENDING,
        Status.PROCESSING,
        Status.RUNNING,
        Status.DONE,
    ]


def test_job_whose_worker_was_killed_runs_again_and_has_one_effect(
    ended_jobs: dict[str, EndedJob],
) -> None:
    job = ended_jobs[KILLS_ITS_FIRST_WORKER]
    assert (job.attempts, job.crashes, job.effects) == (2, 1, 1)
    assert job.history.count(Status.RUNNING) == 2


def test_messages_that_nobody_can_read_do_not_stop_the_worker(
    ended_jobs: dict[str, EndedJob],
) -> None:
    job = ended_jobs[AFTER_BAD_MESSAGES]
    assert (job.attempts, job.crashes, job.effects) == (1, 0, 1)
