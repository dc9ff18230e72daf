import os

import pytest


@pytest.fixture(scope="session")
def services() -> None:
    """Stop with plain words where the database or Redis of `./dev test` is missing."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        pytest.exit(f"{' and '.join(missing)} not set: run the tests with ./dev test", returncode=4)


@pytest.fixture(scope="session")
def django_db_setup(services: None, django_db_setup: None) -> None:
    """Make the test database, once it is sure that there is a server for it."""
