import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded.instance import Instance
from tests.config.embedded.processes import processes_of, wait_for

PACKAGES = Path(__file__).parents[3] / "config"
# What `./dev up` does, with a process that needs no Django.
LONG_RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from embedded import command_line, demo, instance, services, supervision, up

def run(project):
    opened = instance.open_instance(project, "demo")
    with (
        services.running_services(opened, throwaway=True) as both,
        demo.supervised(project, opened, both, command="up") as (supervisor, run),
    ):
        code = "import time; time.sleep(600)"
        supervisor.keep_running(supervision.ProcessPlan("worker", ["-c", code]))
        print("ready", flush=True)
        if sys.argv[3:] == ["fail"]:
            raise RuntimeError("a defect")
        return up.tend_until_stopped(supervisor)

sys.exit(command_line.run(Path(sys.argv[2]), "nothing", run))
"""


def long_run(project: Path, *arguments: str) -> "subprocess.Popen[str]":
    started = subprocess.Popen(
        [sys.executable, "-c", LONG_RUN, str(PACKAGES), str(project), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signal_stops_everything(used_project: Path, number: signal.Signals) -> None:
    run = long_run(used_project)
    run.send_signal(number)
    run.communicate(timeout=30)
    assert run.returncode == 0
    assert processes_of(used_project) == []


def test_failure_stops_everything(used_project: Path) -> None:
    run = long_run(used_project, "fail")
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "a defect" in errors
    assert processes_of(used_project) == []


def test_next_run_clears_up_after_one_that_was_killed(
    used_project: Path, used_instance: Instance
) -> None:
    killed = long_run(used_project)
    killed.kill()
    killed.communicate(timeout=30)
    left_behind = processes_of(used_project)
    workers_left = [process for process in left_behind if "time.sleep" in process]
    next_run = long_run(used_project)
    still_there = [process for process in processes_of(used_project) if process in workers_left]
    next_run.send_signal(signal.SIGTERM)
    _, errors = next_run.communicate(timeout=30)
    assert len(workers_left) == 1
    assert still_there == []
    assert "stopping worker" in errors
    assert next_run.returncode == 0
    assert processes_of(used_project) == []


def test_one_run_may_end_before_the_other(used_project: Path) -> None:
    first, second = long_run(used_project), long_run(used_project)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=30)
    servers_still_there = [
        process for process in processes_of(used_project) if "postgres -D" in process
    ]
    assert second.poll() is None
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=30)
    assert len(servers_still_there) == 1
    assert processes_of(used_project) == []


def test_killed_database_is_started_again_under_a_run(
    used_project: Path, used_instance: Instance
) -> None:
    run = long_run(used_project)
    pid_file = used_instance.directory / "postgres" / "data" / "postmaster.pid"
    killed = pid_file.read_text().splitlines()[0]
    os.kill(int(killed), signal.SIGKILL)
    wait_for(lambda: pid_file.exists() and pid_file.read_text().splitlines()[0] != killed)
    run.send_signal(signal.SIGTERM)
    _, errors = run.communicate(timeout=60)
    assert "starting it again" in errors
    assert run.returncode == 0
