import uuid
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.outbox.brokers import Broker, real_redis
from tests.outbox.declared_kinds import KINDS


@pytest.fixture(autouse=True)
def job_kinds(settings: Settings) -> None:
    settings.OUTBOX_JOB_KINDS = KINDS


@pytest.fixture(autouse=True)
def broker() -> Iterator[Broker]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:") as redis:
        yield redis
