"""What the solvers did, a line for each instance; times are those of the processor."""

from collections.abc import Iterator, Sequence

from benchmarks.solver_runs import Run

# Relative; no solver keeps its limits closer than this.
AGREEMENT = 1e-6


def by_instance(runs: Sequence[Run]) -> dict[str, list[Run]]:
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(run.instance, []).append(run)
    return grouped


def agree(runs: Sequence[Run]) -> bool:
    """Whether no bound is below a multiple found; of linear programs, whether all optima are
    equal. Weights that break a limit count for nothing.
    """
    found = [run.objective for run in runs if run.objective is not None and not run.broken]
    bounds = [run.bound for run in runs if run.bound is not None]
    lowest = min(bounds if bounds else found, default=None)
    return lowest is None or lowest >= max(found, default=lowest) * (1 - AGREEMENT)


def speed_up(ours: Run, peer: Run) -> str:
    """How many times our processor time the peer took; ``>`` where it did not finish."""
    if not (ours.is_done and ours.processor_seconds and peer.processor_seconds):
        return "-"
    at_least = "" if peer.is_done else ">"
    return f"{at_least}{peer.processor_seconds / ours.processor_seconds:.3g}x"


def tables(runs: Sequence[Run]) -> str:
    """One table for loss limits and one for CVaR alone."""
    grouped = by_instance(runs)
    cvar = {name: these for name, these in grouped.items() if name.startswith("cvar")}
    losses = {name: these for name, these in grouped.items() if name not in cvar}
    return "\n\n".join("\n".join(_table(part)) for part in (losses, cvar) if part)


def _table(grouped: dict[str, list[Run]]) -> Iterator[str]:
    solvers = list(dict.fromkeys(run.solver for these in grouped.values() for run in these))
    yield f"| instance | {' | '.join(solvers)} | {solvers[0]} faster by | agree |"
    yield "|---" * (len(solvers) + 3) + "|"
    for name, these in grouped.items():
        cells = {run.solver: cell(run) for run in these}
        faster = ", ".join(speed_up(these[0], run) for run in these[1:])
        line = [name, *(cells.get(solver, "") for solver in solvers), faster or "-"]
        yield f"| {' | '.join(line)} | {'yes' if agree(these) else 'NO'} |"


def cell(run: Run) -> str:
    if run.failure is not None:
        return run.failure
    seconds = f"{run.processor_seconds:.3g} s"
    if run.objective is None:
        return f"{seconds}, nothing found"
    open_gap = "" if run.is_done or run.gap is None else f", gap {100 * run.gap:.2g} %"
    broken = f", breaks {', '.join(run.broken)}" if run.broken else ""
    return f"{seconds}{open_gap}{broken}"
