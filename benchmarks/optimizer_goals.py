"""The goals of the optimizer, held against what was measured.

Ratios and times are of the processor, so that other programs on the machine do not decide. A peer
that did not finish counts with the time it had, so its ratio is a lower bound.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.optimizer_table import agree, by_instance
from benchmarks.solver_runs import Run

WANTED_SECONDS = 2.0
WANTED_RATIO = 8.0
WANTED_SLACK_RATIO = 100.0
WANTED_OPEN_GAP = 3e-3
WORST_OPEN_GAP = 1e-2
WANTED_CVAR_RATIOS = {"HiGHS": 10.0, "skfolio": 100.0}
WANTED_LARGE_CVAR_SECONDS = 1.0
WANTED_PASS_RATIO = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one instance gave, less being better; None where the search did not finish. Open ones
    are only known to be at most so large.
    """

    instance: str
    value: float | None
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """``met`` of the ``measured`` instances reach it; of the ``open`` ones it is not known."""

    wanted: str
    met: int
    open: int
    measured: int
    worst: str

    def line(self) -> str:
        not_known = f", {self.open} not known" if self.open else ""
        return f"{self.wanted}: {self.met} of {self.measured}{not_known}; worst {self.worst}"


def goals(runs: Sequence[Run]) -> list[Goal]:
    """Those for which there is a measurement."""
    return [goal for goal in _all_goals(runs) if goal.measured]


def _all_goals(runs: Sequence[Run]) -> Iterator[Goal]:
    exact = [run for run in runs if run.solver == "exact"]
    for family, strengths in (("div", "mild strong"), ("macro", "mild strong"), ("conc", "mild")):
        for strength in strengths.split():
            these = [run for run in exact if run.instance.startswith(f"{family} 50x400 {strength}")]
            yield _in_time(f"{family} 50x400 {strength}: proved in ", these, WANTED_SECONDS)
            yield _faster(f"{family} 50x400 {strength}", these, runs, "PuLP", WANTED_RATIO)
    open_family = [run for run in exact if run.instance.startswith("conc 50x400 strong")]
    for wanted in (WANTED_OPEN_GAP, WORST_OPEN_GAP):
        yield _goal(
            f"conc 50x400 strong: gap <= {100 * wanted:.1g} %",
            [Figure(instance=run.instance, value=run.gap) for run in open_family],
            within=wanted,
            show=lambda gap: f"{100 * gap:.2g} %",
        )
    slack = [run for run in exact if " slack " in run.instance]
    yield _faster("slack", slack, runs, "PuLP", WANTED_SLACK_RATIO)
    for peer, ratio in WANTED_CVAR_RATIOS.items():
        these = [run for run in exact if run.instance.startswith("cvar 50x5000 ")]
        yield _faster("cvar 50x5000", these, runs, peer, ratio)
    yield _in_time(
        "cvar 100x100000: ",
        [run for run in exact if "100x100000" in run.instance],
        WANTED_LARGE_CVAR_SECONDS,
    )
    for kind, these in (("slack", slack), ("other", [run for run in exact if run not in slack])):
        yield _beside_the_first(
            f"second pass, {kind}", these, lambda run: run.second_pass_processor_seconds
        )
        yield _beside_the_first(
            f"relaxation, {kind}", these, lambda run: run.relaxation_processor_seconds
        )
    groups = list(by_instance(runs).values())
    met = sum(agree(group) for group in groups)
    yield Goal(wanted="solvers agree", met=met, open=0, measured=len(groups), worst="-")


def _in_time(name: str, exact: Sequence[Run], wanted: float) -> Goal:
    return _goal(
        f"{name}<= {wanted:g} s",
        [
            Figure(instance=run.instance, value=run.processor_seconds if run.is_done else None)
            for run in exact
        ],
        within=wanted,
        show=lambda seconds: f"{seconds:.2f} s",
    )


def _faster(name: str, exact: Sequence[Run], runs: Sequence[Run], peer: str, wanted: float) -> Goal:
    """Our share of the peer's time, which is to be at most 1 / wanted."""
    peers = {run.instance: run for run in runs if run.solver == peer}
    shares = []
    for run in exact:
        other = peers.get(run.instance)
        if other is None or other.processor_seconds is None:
            continue
        share = (run.processor_seconds or 0.0) / other.processor_seconds
        shares.append(
            Figure(
                instance=run.instance,
                value=share if run.is_done else None,
                is_open=not other.is_done,
            )
        )
    return _goal(
        f"{name}: >= {wanted:g}x faster than {peer}",
        shares,
        within=1 / wanted,
        show=lambda share: f"{1 / share:.3g}x",
    )


def _beside_the_first(
    name: str, exact: Sequence[Run], seconds_of: Callable[[Run], float | None]
) -> Goal:
    return _goal(
        f"{name}: <= {WANTED_PASS_RATIO:g}x the first pass",
        [
            Figure(instance=run.instance, value=seconds / run.processor_seconds)
            for run in exact
            if (seconds := seconds_of(run)) is not None and run.processor_seconds
        ],
        within=WANTED_PASS_RATIO,
        show=lambda ratio: f"{ratio:.2f}x",
    )


def _goal(
    wanted: str, figures: Sequence[Figure], *, within: float, show: Callable[[float], str]
) -> Goal:
    met = [figure for figure in figures if figure.value is not None and figure.value <= within]
    unknown = [figure for figure in figures if figure.value is not None and figure.is_open]
    return Goal(
        wanted=wanted,
        met=len(met),
        open=sum(figure not in met for figure in unknown),
        measured=len(figures),
        worst=_worst(figures, show) if figures else "-",
    )


def _worst(figures: Sequence[Figure], show: Callable[[float], str]) -> str:
    unfinished = [figure.instance for figure in figures if figure.value is None]
    if unfinished:
        return f"unproved: {', '.join(unfinished)}"
    value, is_open = max((figure.value or 0.0, figure.is_open) for figure in figures)
    return f">{show(value)}" if is_open else show(value)
