"""Jobs whose queue has a window of its own are dispatched whatever crowds the others, and back."""

import pytest
from pytest_django import Settings

from outbox import kinds, relay
from outbox.models import OutboxJob
from tests.outbox.brokers import Broker
from tests.outbox.jobs import Status, make_job, reread

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def windows(settings: Settings) -> None:
    settings.OUTBOX_DISPATCH_WINDOW = 2
    settings.OUTBOX_OWN_WINDOWS = {"ranges": 3}


def test_lanes_are_the_queues_with_windows_of_their_own_and_one_for_all_others() -> None:
    assert kinds.lanes() == [kinds.Lane("ranges", 3), kinds.Lane(kinds.SHARED_LANE, 2)]
    assert kinds.own_lanes() == {"measure": "ranges"}


@pytest.mark.parametrize("status", OutboxJob.LEASED)
def test_full_shared_window_leaves_the_own_one_free(status: str, broker: Broker) -> None:
    for _ in range(2):
        make_job(status=status)
    crowd = [make_job() for _ in range(2)]
    job = make_job(kind="measure")
    assert relay.drain_once() == 1
    assert broker.job_ids("ranges") == [str(job.job_id)]
    assert {reread(waiting).status for waiting in crowd} == {Status.PENDING}


@pytest.mark.parametrize("status", OutboxJob.LEASED)
def test_full_own_window_leaves_the_shared_one_free(status: str, broker: Broker) -> None:
    for _ in range(3):
        make_job(kind="measure", status=status)
    crowd = [make_job(kind="measure") for _ in range(2)]
    job = make_job()
    assert relay.drain_once() == 1
    assert broker.job_ids() == [str(job.job_id)]
    assert {reread(waiting).status for waiting in crowd} == {Status.PENDING}


def test_crowd_that_is_due_earlier_and_more_urgent_takes_no_place_of_the_other_lane() -> None:
    for _ in range(5):
        make_job(kind="measure", priority=1)
    last = make_job(priority=200)
    assert relay.drain_once() == 4
    assert reread(last).status == Status.ENQUEUED


def test_queues_without_a_window_of_their_own_share_one() -> None:
    for kind in ("count", "weigh", "count", "weigh"):
        make_job(kind=kind)
    assert relay.drain_once() == 2


def test_each_window_is_filled_and_not_overfilled() -> None:
    for _ in range(5):
        make_job()
        make_job(kind="measure")
    assert relay.drain_once() == 5
    out = OutboxJob.objects.filter(status=Status.ENQUEUED).values_list("kind", flat=True)
    assert sorted(out) == ["count"] * 2 + ["measure"] * 3
    assert relay.drain_once() == 0


def test_undeclared_kind_is_in_the_shared_lane() -> None:
    """There it is noticed and logged, and comes back when the kind does."""
    orphan = make_job(kind="abolished")
    relay.drain_once()
    assert reread(orphan).publish_failures == 1
