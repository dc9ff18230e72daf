"""Loaded into a Celery worker with `--include`: tells the supervisor that it takes tasks now."""

import os
from pathlib import Path

from celery.signals import worker_ready


@worker_ready.connect
def note_ready(**_signal: object) -> None:
    Path(os.environ["KEEL_WORKER_READY_FILE"]).touch()
