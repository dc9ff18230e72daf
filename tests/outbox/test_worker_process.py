"""A real worker process, from the commit that asks for a job to the job's effect."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from outbox import reaper
from outbox.models import OutboxJob
from tests.outbox.brokers import Broker, real_redis
from tests.outbox.jobs import Status, effects, enqueue
from tests.outbox.threads import PATIENCE_SECONDS, wait_until
from tests.outbox.worker_tasks import KILLS_ITS_FIRST_WORKER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:") as redis:
        yield redis


@pytest.fixture(scope="module", autouse=True)
def worker(
    django_db_setup: None, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    log = tmp_path_factory.mktemp("worker") / "log"
    command = [sys.executable, "-m", "celery", "-A", "config", "worker"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [
                *command,
                "-Q",
                "control,matrix",
                "-c",
                "1",
                "-l",
                "INFO",
                "--without-mingle",
                "--without-gossip",
            ],
            cwd=settings.BASE_DIR,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "tests.outbox.worker_settings",
                "KEEL_TEST_DATABASE": str(connection.settings_dict["NAME"]),
                "KEEL_TEST_BROKER_PREFIX": broker.prefix,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_until(lambda: b" ready." in log.read_bytes())
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def job_of(subject_id: str) -> OutboxJob:
    return OutboxJob.objects.get(kind="count", subject_id=subject_id)


def wait_until_done(subject_id: str) -> None:
    wait_until(lambda: job_of(subject_id).status == Status.DONE)


def test_job_goes_from_the_commit_to_its_effect_without_beat() -> None:
    enqueue("a")
    wait_until_done("a")
    assert effects() == 1
    assert list(job_of("a").events.order_by("id").values_list("to_status", flat=True)) in (
        ["pending", "processing", "enqueued", "running", "done"],
        # The worker was quicker than the drainer's mark.
        ["pending", "processing", "running", "done"],
    )


def test_job_whose_worker_was_killed_runs_again_and_has_one_effect() -> None:
    enqueue(KILLS_ITS_FIRST_WORKER)
    wait_until(lambda: reaper.reap() == 1)
    assert job_of(KILLS_ITS_FIRST_WORKER).crashes == 1
    OutboxJob.objects.update(next_run_at=Now())
    enqueue("another, whose bell wakes the drainer")
    wait_until_done(KILLS_ITS_FIRST_WORKER)
    assert job_of(KILLS_ITS_FIRST_WORKER).attempts == 2
    wait_until_done("another, whose bell wakes the drainer")
    assert effects() == 2
