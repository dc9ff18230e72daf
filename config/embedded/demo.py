"""`./dev demo`: the whole pipeline once, on the default fund, with real workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .instance import Instance, open_instance
from .keel_processes import load_and_run_demo, manage, pipeline, worker_ready_file
from .kernels import kernels_being_compiled
from .migrations import AppliedMigrations
from .refusal import say
from .run_directory import RunDirectory
from .services import Services, restart_dead_servers, running_services
from .supervision import Supervisor

INSTANCE = "demo"
# After the result nothing is under way that a worker would need time to end well.
STOP_WHEN_DONE_SECONDS = 1.0


def demo(project: Path, *, as_json: bool) -> int:
    """Return the exit code: 0 only if the session was completed."""
    instance = open_instance(project, INSTANCE)
    with (
        kernels_being_compiled(project) as wait_for_kernels,
        running_services(instance) as services,
        supervised(project, instance, services, command="demo") as (supervisor, run),
    ):
        migrate(project, instance, services, supervisor)
        wait_for_kernels()
        request = supervisor.start(load_and_run_demo(as_json=as_json), shown=True)
        for plan in pipeline(run):
            supervisor.keep_running(plan)
        exit_code = supervisor.wait_for(request)
        if exit_code:
            say(f"the demonstration failed\n{supervisor.last_words_of_all()}")
        else:
            supervisor.stop(grace_seconds=STOP_WHEN_DONE_SECONDS)
        return exit_code


@contextmanager
def supervised(
    project: Path, instance: Instance, services: Services, *, command: str
) -> Iterator[tuple[Supervisor, RunDirectory]]:
    """Yield a supervisor whose processes are all stopped at the end, however it ends."""
    run = RunDirectory(instance, command=command)
    static = instance.directory / "static"
    static.mkdir(exist_ok=True)
    supervisor = Supervisor(
        project=project,
        run=run,
        environment=services.environment()
        | {
            "KEEL_WORKER_READY_FILE": str(worker_ready_file(run)),
            "STATIC_ROOT": str(static),
        },
        tend_servers=lambda: restart_dead_servers(instance, services),
    )
    try:
        yield supervisor, run
    finally:
        supervisor.stop()
        run.leave()


def migrate(project: Path, instance: Instance, services: Services, supervisor: Supervisor) -> None:
    plan = manage("migrate", "--no-input")
    if services.postgres is None:
        say("the sample fund and a log-in with a published password go to DATABASE_URL's database")
        supervisor.wait_for_success(supervisor.start(plan))
        return
    applied = AppliedMigrations(project=project, instance=instance, postgres=services.postgres)
    if not applied.are_complete():
        say("migrating the database")
        supervisor.wait_for_success(supervisor.start(plan))
        applied.note()
