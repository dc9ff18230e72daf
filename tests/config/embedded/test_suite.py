import subprocess
import sys
from pathlib import Path

from config.embedded.file_locks import SharedUse
from config.embedded.instance import open_throwaway_instance
from config.embedded.process_identity import write_record
from config.embedded.suite import remove_abandoned_instances


def test_leftovers_of_a_killed_test_run_are_removed(project: Path) -> None:
    abandoned = open_throwaway_instance(project)
    pytest_process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    write_record(abandoned.record("pytest"), pytest_process.pid)
    remove_abandoned_instances(project)
    assert pytest_process.wait() != 0
    assert not abandoned.directory.exists()


def test_instance_of_a_test_run_that_goes_on_is_left_alone(project: Path) -> None:
    in_use = open_throwaway_instance(project)
    use = SharedUse(in_use.users)
    use.enter()
    remove_abandoned_instances(project)
    still_there = in_use.directory.exists()
    use.leave()
    assert still_there
