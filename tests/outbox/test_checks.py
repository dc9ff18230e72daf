"""A process that has a database but no Redis says so, instead of looking for another broker."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as declared
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from kombu import Connection
from pytest_django import Settings

from config.celery import app


def test_database_without_redis_is_refused(settings: Settings) -> None:
    settings.REDIS_URL = ""
    with pytest.raises(SystemCheckError, match="REDIS_URL is not, so no worker"):
        call_command("check")


def test_database_with_redis_is_accepted() -> None:
    call_command("check")


def test_commands_that_need_neither_run_without_both() -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    }
    command = [sys.executable, "manage.py", "simulate_matrix", "--print-default-config"]
    done = subprocess.run(
        command, cwd=declared.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_without_redis_there_is_no_other_broker() -> None:
    """Celery's own default is an AMQP server on this machine."""
    code = "from config.settings import CELERY_BROKER_URL; print(CELERY_BROKER_URL)"
    environment = {**os.environ, "REDIS_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=declared.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    url = done.stdout.strip()
    with pytest.raises(KeyError, match="No such transport: redis-url-is-not-set"):
        Connection(url).connect()
    assert app.conf.broker_url == declared.CELERY_BROKER_URL != url
