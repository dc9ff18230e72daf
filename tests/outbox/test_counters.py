"""Counters rise whoever counts, and what is counted is what happened."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from outbox import reaper, upkeep
from outbox.counters import RECONCILED_SUBJECTS, RESCUED_JOBS, count, counts
from tests.outbox.jobs import Status, make_job, make_lapsed_job
from tests.outbox.threads import at_once

pytestmark = pytest.mark.django_db


def test_counter_begins_at_its_first_count() -> None:
    assert counts("sheets") == {}
    count("sheets")
    assert counts("sheets") == {"": 1}


def test_labels_are_counted_apart() -> None:
    for label in ("white", "blue", "white"):
        count("sheets", label)
    count("pens", "white")
    assert counts("sheets") == {"white": 2, "blue": 1}


def test_several_are_counted_at_once() -> None:
    count("sheets", by=3)
    count("sheets", by=4)
    assert counts("sheets") == {"": 7}


@pytest.mark.django_db(transaction=True)
def test_no_count_is_lost_between_processes() -> None:
    def count_ten_times() -> None:
        for _ in range(10):
            count("sheets")

    at_once([count_ten_times] * 5)
    assert counts("sheets") == {"": 50}


def test_rescues_are_counted_whatever_becomes_of_the_job() -> None:
    make_lapsed_job(status=Status.RUNNING)
    make_lapsed_job(status=Status.ENQUEUED)
    make_lapsed_job(status=Status.RUNNING, crashes=1)
    make_job(status=Status.RUNNING)
    reaper.reap()
    assert counts(RESCUED_JOBS) == {"": 3}


def test_job_past_its_deadline_is_not_counted_as_rescued() -> None:
    make_job(status=Status.RUNNING, started_at=Now() - timedelta(days=1))
    reaper.reap()
    assert counts(RESCUED_JOBS) == {}


def test_repairs_are_counted(settings: Settings) -> None:
    settings.OUTBOX_RECONCILERS = [
        f"tests.outbox.test_upkeep.{name}" for name in ("repair_one", "repair_two", "repair_none")
    ]
    upkeep.reconcile()
    assert counts(RECONCILED_SUBJECTS) == {"": 3}
