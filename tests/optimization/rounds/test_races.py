"""A search that ends while the scenarios of the next one are finished for another session."""

import uuid
from collections.abc import Iterator

import pytest

from funds.models import Fund
from optimization.models import OptimizationSession
from tests.optimization.races import first_and_then
from tests.optimization.rows import Status, columns
from tests.optimization.work import OPTIMIZATION, do, live_jobs_of, matrix_of, optimizing
from tests.outbox.brokers import real_redis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broker() -> Iterator[None]:
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


def ready_to_search(fund: Fund) -> OptimizationSession:
    """A session that will buy 2.5 of the 10 deals simulated in each bucket."""
    return optimizing(fund, capital_usd="20000000.00", limits={"max_bucket_weight": 0.25})


@pytest.mark.parametrize("search_ends_first", [True, False])
def test_session_is_searched_again_whichever_ends_first(
    fund: Fund, search_ends_first: bool
) -> None:
    ahead, behind = ready_to_search(fund), ready_to_search(fund)
    do(ahead)
    matrix = matrix_of(ahead)
    first, then = (behind, matrix) if search_ends_first else (matrix, behind)
    first_and_then(lambda: do(first), lambda: do(then))
    for session in (ahead, behind):
        assert columns(session)["status"] == Status.OPTIMIZING
        assert columns(session)["matrix_id"] == matrix.pk
        assert live_jobs_of(session) == [OPTIMIZATION]
