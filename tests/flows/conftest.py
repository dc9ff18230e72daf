import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.test import Client
from knox.models import AuthToken
from pytest_django import Settings

from funds.loading import load_calibration, load_fund, load_taxonomy
from funds.models import Fund, Organisation
from funds.shipped import benchmark_calibration, default_fund, taxonomy
from tests.flows.pipeline import Pipeline, own_redis, pipeline_around
from tests.funds.factories import MembershipFactory
from tests.outbox.brokers import celery_using


@pytest.fixture
def start_pipeline(transactional_db: None, settings: Settings) -> Iterator[Callable[..., Pipeline]]:
    """Gives a function that makes ready a pipeline with settings of its own, without processes.

    The web side of the test uses the same Redis. All has stopped before the tables are emptied.
    """
    with ExitStack() as resources:
        # The name of a socket must be short.
        directory = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="keel-flow-")))
        redis_socket = resources.enter_context(own_redis(directory))
        broker_url = f"redis+socket://{redis_socket}?virtual_host=0"
        prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
        resources.enter_context(celery_using(broker_url=broker_url, prefix=prefix))

        def start(**environment: str) -> Pipeline:
            pipeline = pipeline_around(redis_socket, directory=directory, **environment)
            return resources.enter_context(pipeline)

        yield start


@pytest.fixture
def shipped_fund(transactional_db: None) -> Fund:
    """The sample fund of twelve buckets, with its limits."""
    load_taxonomy(taxonomy())
    load_calibration(benchmark_calibration())
    organisation = Organisation.objects.create(name="Harbour Light Capital")
    return load_fund(default_fund(), organisation=organisation)


@pytest.fixture
def analyst(shipped_fund: Fund) -> Client:
    """A program of an analyst of the fund, with a token."""
    user = MembershipFactory.create(organisation=shipped_fund.organisation).user
    _, token = AuthToken.objects.create(user)
    return Client(headers={"authorization": f"Bearer {token}"})
