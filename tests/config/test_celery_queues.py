"""Which queues there are, which jobs go to them and which processes read them."""

import re
from pathlib import Path

from config.celery import app
from config.embedded.instance import Instance
from config.embedded.keel_processes import pipeline, ranges_worker
from config.embedded.run_directory import RunDirectory
from config.embedded.supervision import ProcessPlan
from config.settings import BASE_DIR, CELERY_TASK_QUEUES, OUTBOX_JOB_KINDS, OUTBOX_OWN_WINDOWS

QUEUES = {queue.name for queue in CELERY_TASK_QUEUES}


def queues_read_by(command: str) -> set[str]:
    found = re.search(r"worker -Q (\S+)", command)
    return set(found[1].split(",")) if found else set()


def procfile() -> dict[str, str]:
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def plans_of_up(directory: Path) -> list[ProcessPlan]:
    run = RunDirectory(Instance(directory), command="up")
    run.leave()
    return [*pipeline(run), ranges_worker()]


def test_every_queue_has_a_routing_key_of_its_own() -> None:
    """Queues that share exchange and key would each receive a copy of every message."""
    queues = app.amqp.queues.values()
    assert {queue.name: queue.routing_key for queue in queues} == {
        "control": "control",
        "matrix": "matrix",
        "optimize": "optimize",
        "ranges": "ranges",
        "validate": "validate",
    }


def test_every_queue_is_read_by_exactly_one_process_of_the_procfile() -> None:
    read = [queue for command in procfile().values() for queue in queues_read_by(command)]
    assert sorted(read) == sorted(QUEUES)


def test_processes_of_up_read_what_those_of_the_procfile_read(tmp_path: Path) -> None:
    read_by_up = {
        plan.name: queues_read_by(" ".join(plan.arguments)) for plan in plans_of_up(tmp_path)
    }
    procfile_without_web = {name: line for name, line in procfile().items() if name != "web"}
    assert read_by_up == {
        name: queues_read_by(command) for name, command in procfile_without_web.items()
    }


def test_what_a_request_form_waits_for_has_a_queue_and_a_process_without_sessions() -> None:
    kinds_of_forms = {name for name, kind in OUTBOX_JOB_KINDS.items() if kind["queue"] == "ranges"}
    assert kinds_of_forms == {"attainable_ranges", "matrix_for_ranges"}
    assert queues_read_by(procfile()["ranges"]) == {"ranges"}


def test_windows_of_their_own_are_of_queues_that_exist() -> None:
    assert set(OUTBOX_OWN_WINDOWS) == {"ranges"} <= QUEUES
    assert min(OUTBOX_OWN_WINDOWS.values()) >= 1
