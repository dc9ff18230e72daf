"""Keeps the processes of a run alive: restarts with growing pauses, or gives up."""

import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .child import Child, last_lines, start_child, stop_children
from .interrupt import pause
from .refusal import Refusal, say
from .run_directory import RunDirectory
from .stopping import send_to_group

STOP_GRACE_SECONDS = 10.0
# A process that dies this often within the window is not cured by one more restart.
HOPELESS_DEATHS = 4
DEATHS_WINDOW_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ProcessPlan:
    """How to start one process of Keel; if it is `essential`, the run ends with it."""

    name: str
    arguments: Sequence[str]  # of the Python interpreter
    essential: bool = False
    inherited: Sequence[int] = ()


class Supervisor:
    def __init__(
        self,
        *,
        project: Path,
        run: RunDirectory,
        environment: Mapping[str, str],
        tend_servers: Callable[[], None],
        stop_grace_seconds: float = STOP_GRACE_SECONDS,
    ) -> None:
        self._project = project
        self._run = run
        self._environment = environment
        self._tend_servers = tend_servers
        self._stop_grace_seconds = stop_grace_seconds
        self._plans: dict[str, ProcessPlan] = {}
        self._children: dict[str, Child] = {}
        self._deaths: dict[str, list[float]] = {}
        self._restart_at: dict[str, float] = {}

    def start(
        self, plan: ProcessPlan, *, shown: bool = False, results: Path | None = None
    ) -> Child:
        child = start_child(
            name=plan.name,
            command=[sys.executable, *plan.arguments],
            environment=self._environment,
            log=self._run.log(plan.name),
            cwd=self._project,
            shown=shown,
            results=results,
            inherited=plan.inherited,
        )
        self._run.note(child)
        self._children[plan.name] = child
        return child

    def keep_running(self, plan: ProcessPlan) -> None:
        self._plans[plan.name] = plan
        self.start(plan)

    def child(self, name: str) -> Child:
        return self._children[name]

    def tend(self) -> None:
        """Restart what died, when its pause is over; raise Refusal where that is no use."""
        self._tend_servers()
        for name, plan in self._plans.items():
            child = self._children[name]
            if name in self._restart_at:
                if time.monotonic() >= self._restart_at[name]:
                    del self._restart_at[name]
                    self.start(plan)
            elif child.has_ended():
                self._bury(plan, child)

    def wait_for(self, child: Child) -> int:
        """Return the exit code of a process that ends by itself, tending the others meanwhile."""
        while not child.has_ended():
            self.tend()
            pause()
        return child.process.returncode

    def wait_for_success(self, child: Child) -> None:
        if self.wait_for(child) != 0:
            raise Refusal(child.last_words())

    def last_words_of_all(self) -> str:
        """Return the ends of the logs of the processes that were to keep running."""
        return "\n\n".join(
            f"the end of {child.log}:\n{last_lines(child.log, count=12)}"
            for name, child in self._children.items()
            if name in self._plans
        )

    def stop(self, *, grace_seconds: float | None = None) -> None:
        if grace_seconds is None:
            grace_seconds = self._stop_grace_seconds
        stop_children(list(self._children.values()), grace_seconds=grace_seconds)

    def _bury(self, plan: ProcessPlan, child: Child) -> None:
        now = time.monotonic()
        send_to_group(child.process.pid, signal.SIGKILL)
        deaths = [at for at in self._deaths.get(plan.name, []) if now - at < DEATHS_WINDOW_SECONDS]
        deaths.append(now)
        self._deaths[plan.name] = deaths
        if plan.essential or len(deaths) >= HOPELESS_DEATHS:
            raise Refusal(child.last_words())
        wait_seconds = FIRST_PAUSE_SECONDS * 2 ** (len(deaths) - 1)
        say(f"{child.name} died; starting it again in {wait_seconds:.1f} s")
        self._restart_at[plan.name] = now + wait_seconds
