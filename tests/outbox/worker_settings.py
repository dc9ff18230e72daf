"""The settings of the worker that the tests start: their database, broker keys, and kinds."""

import os

from tests.outbox.declared_kinds import KINDS
from tests.settings import *  # noqa: F403
from tests.settings import CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES

DATABASES["default"]["NAME"] = os.environ["KEEL_TEST_DATABASE"]
CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = os.environ["KEEL_TEST_BROKER_PREFIX"]
CELERY_IMPORTS = ["tests.outbox.worker_tasks"]
OUTBOX_JOB_KINDS = KINDS
OUTBOX_LEASE_SECONDS = 1.0
