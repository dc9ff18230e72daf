"""Rates of leaving a stage, per financing round and in the long run, from observed spells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from funds.calibration.aalen_johansen import (
    OPEN,
    CumulativeIncidence,
    cumulative_incidence,
    first_unwatched_gap,
)
from funds.calibration.benchmark import StageBenchmark, TransitionShares
from funds.calibration.confidence import log_log_interval
from funds.calibration.spells import CAUSES, Outcome, Spell
from funds.calibration.stage_order import STAGES

PRIOR_EVENTS = 20
"""The benchmark weighs as much as this many events seen by the fund itself."""

_CAUSE_CODES = {Outcome.OPEN: OPEN} | {cause: code for code, cause in enumerate(CAUSES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A probability with the standard error and the 95 % log-log interval of its estimate.

    At 0 and 1 there is no interval, and the standard error of 0 says nothing.
    """

    rate: float
    standard_error: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedRates:
    """What happens within ``horizon_years`` of entering a stage; the four rates sum to 1.

    ``followed_to_the_end`` counts the spells that lasted at least that long.
    """

    horizon_years: float
    followed_to_the_end: int
    exit: Rate
    graduate: Rate
    fail: Rate
    stay: Rate

    @property
    def shares(self) -> TransitionShares:
        return TransitionShares(
            exit=self.exit.rate,
            graduate=self.graduate.rate,
            fail=self.fail.rate,
            stay=self.stay.rate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSpell:
    """The mean time at a stage, counting at most ``restricted_to_years`` of each spell."""

    years: float
    restricted_to_years: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRates:
    """All that is known of one stage.

    ``per_round`` has the years per round of the benchmark as its horizon, so its ``stay`` is what
    remains for another round. ``eventual`` has the longest spell, so its ``stay`` is undecided.
    Either is None where the data cannot tell, and ``unknown_because`` says why. ``shrunk`` is
    what a simulation should use: ``per_round`` pulled to ``benchmark``, which stands alone where
    the fund knows nothing; None only for a stage that the benchmark lacks.
    """

    stage: str
    spells: int
    events: Mapping[Outcome, int]
    per_round: EstimatedRates | None
    eventual: EstimatedRates | None
    mean_spell: MeanSpell | None
    unknown_because: str | None
    benchmark: StageBenchmark | None
    shrunk: TransitionShares | None

    @property
    def event_count(self) -> int:
        return sum(self.events.values())


def transition_rates(
    spells: Iterable[Spell], *, benchmark: Mapping[str, StageBenchmark]
) -> tuple[StageRates, ...]:
    """The rates of every stage that the benchmark or a spell has, in the order of stages."""
    by_stage: dict[str, list[Spell]] = {stage: [] for stage in STAGES}
    for spell in spells:
        by_stage[spell.stage].append(spell)
    return tuple(
        _stage_rates(stage, found, benchmark=benchmark.get(stage))
        for stage, found in by_stage.items()
        if found or stage in benchmark
    )


def shrunk_shares(
    *, estimated: TransitionShares, benchmark: TransitionShares, events: int
) -> TransitionShares:
    """The mean of both, the estimate weighted by its events, the benchmark by ``PRIOR_EVENTS``."""
    weight = events / (events + PRIOR_EVENTS)
    return TransitionShares(
        exit=weight * estimated.exit + (1.0 - weight) * benchmark.exit,
        graduate=weight * estimated.graduate + (1.0 - weight) * benchmark.graduate,
        fail=weight * estimated.fail + (1.0 - weight) * benchmark.fail,
        stay=weight * estimated.stay + (1.0 - weight) * benchmark.stay,
    )


def _stage_rates(
    stage: str, spells: Sequence[Spell], *, benchmark: StageBenchmark | None
) -> StageRates:
    events = {cause: sum(spell.outcome == cause for spell in spells) for cause in CAUSES}
    unknown_because = _why_nothing_is_known(spells)
    incidence = None if unknown_because else _incidence(spells)
    per_round = eventual = mean_spell = None
    if incidence is not None:
        followed = incidence.followed_years
        eventual = _rates_at(followed, spells, incidence=incidence)
        mean_spell = MeanSpell(
            years=incidence.restricted_mean_years(), restricted_to_years=followed
        )
        unknown_because = _why_a_round_is_unknown(incidence, benchmark)
    if incidence is not None and benchmark is not None and unknown_because is None:
        per_round = _rates_at(benchmark.years_per_round, spells, incidence=incidence)
    return StageRates(
        stage=stage,
        spells=len(spells),
        events=events,
        per_round=per_round,
        eventual=eventual,
        mean_spell=mean_spell,
        unknown_because=unknown_because,
        benchmark=benchmark,
        shrunk=_shrunk(per_round, benchmark, events=sum(events.values())),
    )


def _shrunk(
    per_round: EstimatedRates | None, benchmark: StageBenchmark | None, *, events: int
) -> TransitionShares | None:
    if benchmark is None:
        return None
    if per_round is None:
        return benchmark.per_round
    return shrunk_shares(estimated=per_round.shares, benchmark=benchmark.per_round, events=events)


def _why_nothing_is_known(spells: Sequence[Spell]) -> str | None:
    if not spells:
        return "no company was seen at this stage"
    gap = first_unwatched_gap(
        durations_years=np.array([spell.duration_years for spell in spells]),
        unwatched_years=np.array([spell.unwatched_years for spell in spells]),
    )
    if gap is None:
        return None
    return f"no company was watched from {gap[0]:.2f} to {gap[1]:.2f} years after its entry"


def _why_a_round_is_unknown(
    incidence: CumulativeIncidence, benchmark: StageBenchmark | None
) -> str | None:
    if benchmark is None:
        return "the benchmark has no such stage, so how long a round lasts is not known"
    followed, needed = incidence.followed_years, benchmark.years_per_round
    if followed < needed and incidence.survival_at(followed) > 0.0:
        return f"companies were followed for {followed:.2f} years at most, a round lasts {needed:g}"
    return None


def _incidence(spells: Sequence[Spell]) -> CumulativeIncidence:
    return cumulative_incidence(
        durations_years=np.array([spell.duration_years for spell in spells]),
        causes=np.array([_CAUSE_CODES[spell.outcome] for spell in spells]),
        cause_count=len(CAUSES),
        unwatched_years=np.array([spell.unwatched_years for spell in spells]),
    )


def _rates_at(
    years: float, spells: Sequence[Spell], *, incidence: CumulativeIncidence
) -> EstimatedRates:
    rates = {
        cause: _rate(float(share), float(error))
        for cause, share, error in zip(
            CAUSES,
            incidence.incidence_at(years),
            incidence.incidence_errors_at(years),
            strict=True,
        )
    }
    return EstimatedRates(
        horizon_years=years,
        followed_to_the_end=sum(spell.duration_years >= years for spell in spells),
        exit=rates[Outcome.EXIT],
        graduate=rates[Outcome.GRADUATE],
        fail=rates[Outcome.FAIL],
        stay=_rate(incidence.survival_at(years), incidence.survival_error_at(years)),
    )


def _rate(share: float, error: float) -> Rate:
    return Rate(
        rate=share,
        standard_error=error,
        interval=log_log_interval(estimate=share, standard_error=error),
    )
