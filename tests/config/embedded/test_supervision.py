from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded.instance import Instance
from config.embedded.refusal import Refusal
from config.embedded.run_directory import RunDirectory, remove_ended_runs
from config.embedded.supervision import ProcessPlan, Supervisor
from tests.config.embedded.processes import processes_of, wait_for

SLEEP = "import time; time.sleep(600)"


@pytest.fixture
def run(instance: Instance) -> RunDirectory:
    return RunDirectory(instance, command="up")


@pytest.fixture
def supervisor(project: Path, run: RunDirectory) -> Iterator[Supervisor]:
    supervisor = Supervisor(
        project=project, run=run, environment={}, tend_servers=lambda: None, stop_grace_seconds=0.5
    )
    yield supervisor
    supervisor.stop()


def python(name: str, code: str, *, essential: bool = False) -> ProcessPlan:
    return ProcessPlan(name, ["-c", code], essential=essential)


def tend_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    def tended() -> bool:
        supervisor.tend()
        return condition()

    wait_for(tended)


def test_dead_process_is_started_again(supervisor: Supervisor, run: RunDirectory) -> None:
    code = f"print('started', flush=True); {SLEEP}"
    supervisor.keep_running(python("worker", code))
    log = run.log("worker")
    wait_for(lambda: log.exists() and "started" in log.read_text())
    supervisor.child("worker").process.kill()
    tend_until(supervisor, lambda: log.read_text().count("started") == 2)


def test_process_that_keeps_dying_ends_the_run_with_its_last_words(supervisor: Supervisor) -> None:
    supervisor.keep_running(python("worker", "raise SystemExit('no broker')"))
    with pytest.raises(Refusal, match=r"(?s)worker ended with exit code 1.*no broker"):
        tend_until(supervisor, lambda: False)


def test_death_of_an_essential_process_ends_the_run_at_once(supervisor: Supervisor) -> None:
    supervisor.keep_running(python("web", "raise SystemExit(3)", essential=True))
    with pytest.raises(Refusal, match="web ended with exit code 3"):
        tend_until(supervisor, lambda: False)


def test_failed_step_is_quoted(supervisor: Supervisor) -> None:
    step = supervisor.start(python("migrate", "raise SystemExit('no such table')"))
    with pytest.raises(Refusal, match="no such table"):
        supervisor.wait_for_success(step)


def test_results_of_a_step_are_kept_apart_from_its_log(
    supervisor: Supervisor, run: RunDirectory, tmp_path: Path
) -> None:
    code = "import sys; print('{}'); print('a warning', file=sys.stderr)"
    results = tmp_path / "results"
    supervisor.wait_for_success(supervisor.start(python("load_demo", code), results=results))
    assert results.read_text() == "{}\n"
    assert run.log("load_demo").read_text() == "a warning\n"


def test_stop_reaches_a_process_that_ignores_it_and_its_children(
    supervisor: Supervisor, project: Path, run: RunDirectory
) -> None:
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"subprocess.Popen([sys.executable, '-c', '{SLEEP}']);"
        f"print('ready', flush=True); {SLEEP}"
    )
    supervisor.keep_running(python("worker", stubborn))
    log = run.log("worker")
    wait_for(lambda: log.exists() and "ready" in log.read_text())
    assert len(processes_of(project)) == 2
    supervisor.stop()
    wait_for(lambda: processes_of(project) == [])


def test_next_run_stops_what_a_killed_run_left_and_removes_its_directory(
    instance: Instance, supervisor: Supervisor, run: RunDirectory, project: Path
) -> None:
    supervisor.start(python("worker", SLEEP))
    wait_for(lambda: len(processes_of(project)) == 1)
    run.leave()  # what the kernel does for a run that was killed
    remove_ended_runs(instance)
    assert processes_of(project) == []
    assert not run.path.exists()


def test_next_run_leaves_a_running_one_alone(
    instance: Instance, supervisor: Supervisor, run: RunDirectory, project: Path
) -> None:
    supervisor.start(python("worker", SLEEP))
    remove_ended_runs(instance)
    assert len(processes_of(project)) == 1
    assert run.path.exists()
