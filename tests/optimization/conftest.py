import pytest

from funds.models import Fund
from tests.funds.factories import FundFactory


@pytest.fixture
def fund(db: None) -> Fund:
    """100 million USD in the buckets {seed, series_a} x {fintech, saas}."""
    fund: Fund = FundFactory.create()
    return fund
