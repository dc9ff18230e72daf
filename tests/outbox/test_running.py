"""A worker runs a job it can start, drops every other message, and keeps to its lease."""

import threading

import pytest
from django.db import OperationalError
from pytest_django import Settings

from outbox import reaper
from outbox.leases import Lease, StaleLease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure, UnfinishedWork
from tests.outbox.jobs import (
    Status,
    columns,
    effects,
    finish_with_effect,
    lapse,
    make_job,
    reread,
)
from tests.outbox.owners import reports_about
from tests.outbox.threads import wait_until
from tests.outbox.work import OutOfInk, fail, run

pytestmark = pytest.mark.django_db


def test_work_that_finishes_its_job_has_its_effect() -> None:
    job = make_job(status=Status.ENQUEUED)
    run(job, finish_with_effect)
    assert (reread(job).status, effects()) == (Status.DONE, 1)


def test_work_that_forgets_to_finish_its_job_is_an_error_and_not_a_dead_worker() -> None:
    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(UnfinishedWork):
        run(job, lambda lease: None)
    waiting = reread(job)
    assert (waiting.status, waiting.crashes) == (Status.PENDING, 0)
    assert waiting.error_class == "outbox.running.UnfinishedWork"


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in (Status.PROCESSING, Status.ENQUEUED)]
)
def test_message_for_a_job_that_does_not_wait_is_dropped(status: str) -> None:
    job = make_job(status=status)
    before = columns(job)
    run(job, finish_with_effect)
    assert columns(job) == before
    assert effects() == 0


def test_message_for_an_unknown_job_is_dropped() -> None:
    run(OutboxJob(), finish_with_effect)
    assert effects() == 0


def test_message_delivered_three_times_has_one_effect() -> None:
    job = make_job(status=Status.ENQUEUED)
    for _ in range(3):
        run(job, finish_with_effect)
    assert (reread(job).attempts, effects()) == (1, 1)


def test_lease_is_held_while_the_work_runs() -> None:
    job = make_job(status=Status.ENQUEUED)
    seen = []

    def look_and_finish(lease: Lease) -> None:
        seen.append(reread(job))
        finish_with_effect(lease)

    run(job, look_and_finish)
    assert [(job.status, job.lease_owner) for job in seen] == [(Status.RUNNING, "worker")]


def test_heartbeats_end_with_the_work() -> None:
    job = make_job(status=Status.ENQUEUED)
    threads_before = threading.active_count()
    with pytest.raises(OutOfInk):
        run(job, fail)
    assert threading.active_count() == threads_before


def test_commit_whose_reply_was_lost_keeps_its_effect() -> None:
    def succeed_unheard(lease: Lease) -> None:
        finish_with_effect(lease)
        raise OperationalError("server closed the connection unexpectedly")

    job = make_job(status=Status.ENQUEUED)
    with pytest.raises(OperationalError):
        run(job, succeed_unheard)
    assert (reread(job).status, reread(job).error_class, effects()) == (Status.DONE, "", 1)


def test_result_of_a_job_that_was_taken_over_is_dropped() -> None:
    job = make_job(status=Status.ENQUEUED)

    def be_overtaken_and_finish(lease: Lease) -> None:
        lapse(job)
        reaper.reap()
        finish_with_effect(lease)

    run(job, be_overtaken_and_finish)
    assert (reread(job).status, reread(job).error_class, effects()) == (Status.PENDING, "", 0)


@pytest.mark.parametrize("error", [OutOfInk, PermanentFailure, StaleLease])
def test_error_of_a_job_that_was_taken_over_changes_nothing(
    error: type[Exception],
) -> None:
    job = make_job(status=Status.ENQUEUED)
    taken_over = {}

    def be_overtaken_and_fail(_lease: Lease) -> None:
        lapse(job)
        reaper.reap()
        taken_over.update(columns(job))
        raise error

    if error is OutOfInk:
        with pytest.raises(OutOfInk):
            run(job, be_overtaken_and_fail)
    else:
        run(job, be_overtaken_and_fail)
    assert columns(job) == taken_over
    assert not reports_about(job)


@pytest.mark.django_db(transaction=True)
def test_work_that_stops_because_its_job_was_cancelled_is_no_error(settings: Settings) -> None:
    settings.OUTBOX_LEASE_SECONDS = 0.3
    job = make_job(status=Status.ENQUEUED)

    def stop_when_lost(lease: Lease) -> None:
        OutboxJob.objects.filter(pk=job.pk).cancel()
        wait_until(lease.is_lost)
        raise OutOfInk

    run(job, stop_when_lost)
    assert (reread(job).status, reread(job).error_class) == (Status.CANCELLED, "")
