"""Runs PuLP programs through HiGHS with fixed, verified options and one budget for all of them.

PuLP calls a solve that ran out of time "Optimal" and drops options that HiGHS refuses, so status,
bound and options are read from HiGHS itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

RunStatus = Literal["optimal", "infeasible", "time_limit", "node_limit"]

FEASIBILITY_TOLERANCE = 1e-9
RANDOM_SEED = 0

_OPTIONS: dict[str, Any] = {
    "threads": 1,
    "random_seed": RANDOM_SEED,
    "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    "dual_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    "mip_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    "mip_abs_gap": 1e-9,
}
_STATUS: dict[highspy.HighsModelStatus, RunStatus] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    # Every variable of the model is bounded, so of the two it can only be infeasible.
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kSolutionLimit: "node_limit",
}
_INTERRUPT_CALLBACKS = (
    highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
    highspy.cb.HighsCallbackType.kCallbackIpmInterrupt,
    highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
)


class SolveInterrupted(Exception):
    """``should_stop`` turned true while the solver was at work; there is no result."""


class SolverFailed(RuntimeError):
    """HiGHS refused an option, or ended in a state that says nothing about the problem."""


@dataclass(frozen=True, slots=True)
class HighsRun:
    """One solve: ``values`` by column (None without a feasible point), and the ``bound`` proved on
    the objective in the program's own sense (infinite when nothing was proved).
    """

    status: RunStatus
    values: NDArray[np.float64] | None
    objective: float
    bound: float

    def negated(self) -> "HighsRun":
        return replace(self, objective=-self.objective, bound=-self.bound)


@dataclass(slots=True)
class BudgetedHighs:
    """Solves programs one after another, with ``time_limit_seconds`` for all of them.

    ``seconds`` adds up those spent inside HiGHS. With a ``clock``, in seconds, the limit counts
    from now and covers everything done between two solves as well; without one it is held against
    ``seconds``, so that nothing outside the solver is read.
    """

    time_limit_seconds: float
    should_stop: Callable[[], bool] | None = None
    clock: Callable[[], float] | None = None
    seconds: float = 0.0
    nodes: int = 0
    iterations: int = 0
    _started_seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_seconds = 0.0 if self.clock is None else self.clock()

    def solve(
        self,
        program: pulp.LpProblem,
        *,
        mip_gap: float = 0.0,
        max_nodes: int | None = None,
        start: Mapping[pulp.LpVariable, float] | None = None,
    ) -> HighsRun:
        """Solves within the budget; ``start`` has a value for every integer variable, which HiGHS
        completes to a point to begin from if one exists.

        Raises `SolveInterrupted` or `SolverFailed`; running out of budget is a status.
        """
        options = {"mip_rel_gap": mip_gap, "time_limit": self.seconds_left}
        if max_nodes is not None:
            options["mip_max_nodes"] = max_nodes
        return self._solve(program, options=options, start=start)

    def solve_to_the_end(self, program: pulp.LpProblem) -> HighsRun:
        """Solves a linear program however long it takes; its seconds are counted all the same."""
        return self._solve(program, options={}, start=None)

    def _solve(
        self,
        program: pulp.LpProblem,
        *,
        options: dict[str, Any],
        start: Mapping[pulp.LpVariable, float] | None,
    ) -> HighsRun:
        options = _OPTIONS | options
        solver = pulp.HiGHS(msg=False, **options)
        solver.createAndConfigureSolver(program)
        verify_options(program.solverModel, options)
        solver.buildSolverModel(program)
        if start is not None:
            _begin_from(program.solverModel, start)
        run = self.run(program.solverModel, is_mip=bool(program.isMIP()))
        # PuLP hands HiGHS a maximisation as the minimisation of the negated objective.
        return run.negated() if program.sense == pulp.LpMaximize else run

    def run(self, highs: highspy.Highs, *, is_mip: bool = False) -> HighsRun:
        """Solves the minimisation that is loaded in ``highs``."""
        self._listen_for_stop(highs)
        started_seconds = highs.getRunTime()
        outcome = highs.run()
        info = highs.getInfo()
        self.seconds += highs.getRunTime() - started_seconds
        self.nodes += max(0, info.mip_node_count)
        self.iterations += max(0, info.simplex_iteration_count)
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInterrupt:
            raise SolveInterrupted
        if outcome == highspy.HighsStatus.kError or status not in _STATUS:
            raise SolverFailed(f"HiGHS ended with status {highs.modelStatusToString(status)}")
        return _read_run(highs, _STATUS[status], is_mip=is_mip)

    @property
    def seconds_left(self) -> float:
        used = self.seconds if self.clock is None else self.clock() - self._started_seconds
        return max(0.0, self.time_limit_seconds - used)

    def _listen_for_stop(self, highs: highspy.Highs) -> None:
        should_stop = self.should_stop
        if should_stop is None:
            return
        if should_stop():
            raise SolveInterrupted

        def interrupt_when_told(
            _kind: object, _message: str, _out: object, into: Any, _data: object
        ) -> None:
            if should_stop():
                into.user_interrupt = True

        highs.setCallback(interrupt_when_told, None)
        for kind in _INTERRUPT_CALLBACKS:
            highs.startCallback(kind)


def set_verified_options(highs: highspy.Highs, options: Mapping[str, Any]) -> None:
    """Sets options; raises `SolverFailed` when HiGHS does not take one."""
    for name, wanted in options.items():
        highs.setOptionValue(name, wanted)
    verify_options(highs, options)


def verify_options(highs: highspy.Highs, options: Mapping[str, Any]) -> None:
    for name, wanted in options.items():
        status, value = highs.getOptionValue(name)
        if status != highspy.HighsStatus.kOk or value != wanted:
            raise SolverFailed(f"HiGHS has option {name} at {value!r}, wanted {wanted!r}")


def _begin_from(highs: highspy.Highs, values: Mapping[pulp.LpVariable, float]) -> None:
    columns = np.array([variable.index for variable in values], dtype=np.int32)
    numbers = np.array(list(values.values()), dtype=np.float64)
    if highs.setSolution(columns.size, columns, numbers) == highspy.HighsStatus.kError:
        raise SolverFailed("HiGHS refused the point to begin from")


def _read_run(highs: highspy.Highs, status: RunStatus, *, is_mip: bool) -> HighsRun:
    info = highs.getInfo()
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status == "optimal" and not has_point:
        raise SolverFailed("HiGHS reports an optimum without a feasible point")
    objective = float(info.objective_function_value) if has_point else np.nan
    proved_without_binaries = objective if status == "optimal" else -np.inf
    return HighsRun(
        status=status,
        values=np.array(highs.getSolution().col_value) if has_point else None,
        objective=objective,
        bound=float(info.mip_dual_bound) if is_mip else proved_without_binaries,
    )
