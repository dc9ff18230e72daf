"""What the pipeline relies on in Celery: early acknowledgement, short waits, no pile of ticks."""

from typing import Any

import pytest

from config import settings as declared
from config.celery import app

BEAT: dict[str, dict[str, Any]] = declared.CELERY_BEAT_SCHEDULE
OPTIONS: dict[str, Any] = declared.CELERY_BROKER_TRANSPORT_OPTIONS


@pytest.mark.parametrize("entry", BEAT.values(), ids=BEAT)
def test_every_beat_entry_names_a_registered_task(entry: dict[str, Any]) -> None:
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks


@pytest.mark.parametrize("entry", BEAT.values(), ids=BEAT)
def test_every_tick_goes_to_the_control_queue_and_nowhere_else(entry: dict[str, Any]) -> None:
    route = app.amqp.router.route(dict(entry["options"]), entry["task"])
    assert (route["queue"].name, route["queue"].routing_key) == ("control", "control")


@pytest.mark.parametrize("entry", BEAT.values(), ids=BEAT)
def test_every_tick_expires_before_many_pile_up(entry: dict[str, Any]) -> None:
    assert 0 < entry["options"]["expires"] <= 2 * entry["schedule"]


@pytest.mark.parametrize(
    "task", ["outbox.drain", "outbox.reap", "outbox.reconcile", "outbox.prune"]
)
def test_every_part_of_the_outbox_is_on_beat(task: str) -> None:
    assert task in {entry["task"] for entry in BEAT.values()}


@pytest.mark.parametrize(("task", "seconds"), [("outbox.drain", 1), ("outbox.reap", 5)])
def test_drainer_and_reaper_come_often(task: str, seconds: float) -> None:
    (entry,) = [entry for entry in BEAT.values() if entry["task"] == task]
    assert entry["schedule"] <= seconds


def test_queues_share_no_message() -> None:
    queues = app.amqp.queues
    assert set(queues) == {"control", "matrix", "optimize", "ranges", "validate"}
    assert {queue.routing_key for queue in queues.values()} == set(queues)


def test_queue_that_is_not_declared_is_not_made() -> None:
    assert app.conf.task_create_missing_queues is False


def test_message_is_acknowledged_before_the_work() -> None:
    """Recovery is the lease's business; the broker's would run a slow job twice."""
    assert app.conf.task_acks_late is False
    assert app.conf.task_reject_on_worker_lost is False


def test_worker_takes_no_message_it_cannot_start() -> None:
    assert app.conf.worker_disable_prefetch is True
    assert app.conf.worker_prefetch_multiplier == 1


def test_loss_of_the_broker_does_not_stop_running_work() -> None:
    assert app.conf.worker_cancel_long_running_tasks_on_connection_loss is False


def test_worker_waits_for_the_broker_for_ever() -> None:
    assert app.conf.broker_connection_retry_on_startup is True
    assert app.conf.broker_connection_max_retries is None


def test_only_json_is_read() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.result_accept_content == ["json"]


def test_only_json_is_written() -> None:
    assert app.conf.task_serializer == "json"


def test_results_live_in_the_database_alone() -> None:
    assert app.conf.result_backend is None
    assert app.conf.task_ignore_result is True


def test_celery_repeats_no_publication() -> None:
    assert app.conf.task_publish_retry is False


def test_time_limits_end_a_task_before_the_deadline_of_its_job() -> None:
    soft, hard = app.conf.task_soft_time_limit, app.conf.task_time_limit
    assert soft < hard < declared.OUTBOX_JOB_DEADLINE_SECONDS


def test_message_is_not_restored_while_its_task_may_run() -> None:
    assert OPTIONS["visibility_timeout"] > app.conf.task_time_limit


def test_no_call_of_the_broker_waits_for_ever() -> None:
    assert 0 < OPTIONS["socket_timeout"] <= 5
    assert 0 < OPTIONS["socket_connect_timeout"] <= 2
    assert app.conf.broker_pool_acquire_timeout <= 5
    assert OPTIONS["max_retries"] is not None


def test_lease_outlives_several_heartbeats_and_the_reaper_comes_between() -> None:
    assert BEAT["reap"]["schedule"] < declared.OUTBOX_ENQUEUE_LEASE_SECONDS
    assert declared.OUTBOX_ENQUEUE_LEASE_SECONDS <= declared.OUTBOX_LEASE_SECONDS


def test_times_are_in_utc() -> None:
    assert app.conf.enable_utc is True
    assert str(app.timezone) == "UTC"
