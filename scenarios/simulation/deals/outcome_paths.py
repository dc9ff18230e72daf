"""How companies end: the Markov chain of financing rounds, enumerated instead of simulated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scenarios.simulation.configuration.parameters import STAGES, StageParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """All ways to end after the same number of graduations, which is all that pricing needs."""

    probability: float
    graduations: int
    mean_years: float
    mean_rounds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomePaths:
    """Exits and failures, each by rising number of graduations; probabilities sum to 1."""

    exits: tuple[Path, ...]
    failures: tuple[Path, ...]

    @property
    def failure_probability(self) -> float:
        return _total_probability(self.failures)

    @property
    def exit_probability(self) -> float:
        return _total_probability(self.exits)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRates:
    """What one financing round at a stage leads to; what is left of 1 stays."""

    exit: float
    graduate: float
    fail: float
    years: float

    @property
    def stay(self) -> float:
        # Rates on the 1e-6 grid that sum to 1 can leave a remainder of -1e-17 in binary.
        return max(0.0, 1.0 - (self.exit + self.graduate + self.fail))


def company_paths(
    *,
    entry_stage: str,
    stages: Mapping[str, StageParameters],
    risk_multiplier: float,
    max_rounds: int,
) -> OutcomePaths:
    """The endings of a company entered at ``entry_stage``."""
    rounds = tuple(
        round_rates(stage=stages[name], risk_multiplier=risk_multiplier)
        for name in chain_from(entry_stage=entry_stage, stages=stages)
    )
    return _remembered_paths(rounds, max_rounds)


@lru_cache(maxsize=1024)
def _remembered_paths(rounds: tuple[RoundRates, ...], max_rounds: int) -> OutcomePaths:
    """Buckets of one stage mostly share them."""
    return outcome_paths(rounds=rounds, max_rounds=max_rounds)


def chain_from(*, entry_stage: str, stages: Mapping[str, StageParameters]) -> tuple[str, ...]:
    """The configured stages from ``entry_stage`` on, in the order in which companies move."""
    later = STAGES[STAGES.index(entry_stage) :]
    return tuple(name for name in later if name in stages)


def round_rates(*, stage: StageParameters, risk_multiplier: float) -> RoundRates:
    """The stage's rates with failure scaled by the multiplier, the others to make up for it.

    Requires fail_probability < 1 and risk_multiplier * fail_probability <= 1.
    """
    fail = risk_multiplier * stage.fail_probability
    others = (1.0 - fail) / (1.0 - stage.fail_probability)
    return RoundRates(
        exit=stage.exit_probability * others,
        graduate=stage.graduate_probability * others,
        fail=fail,
        years=stage.years_per_round,
    )


def outcome_paths(*, rounds: Sequence[RoundRates], max_rounds: int) -> OutcomePaths:
    """Probability, mean years and rounds of every ending of a company entered at ``rounds[0]``.

    After ``max_rounds`` rounds the companies still alive end where they are, exits to failures
    in the ratio of the stage's own rates, with no further time.
    """
    exits = [_Tally() for _ in rounds]
    failures = [_Tally() for _ in rounds]
    alive = [_Tally(1.0), *(_Tally() for _ in rounds[1:])]
    for _ in range(max_rounds):
        alive = _after_one_round(alive, rounds, exits, failures)
    for here, rates, exited, failed in zip(alive, rounds, exits, failures, strict=True):
        ending = rates.exit + rates.fail
        exited.take(here, rates.exit / ending)
        failed.take(here, rates.fail / ending)
    return OutcomePaths(exits=_paths(exits), failures=_paths(failures))


class _Tally:
    """Probability mass and the sums of mass times years and times rounds."""

    __slots__ = ("mass", "mass_rounds", "mass_years")

    def __init__(self, mass: float = 0.0) -> None:
        self.mass = mass
        self.mass_years = 0.0
        self.mass_rounds = 0.0

    def pass_round(self, years: float) -> None:
        self.mass_years += self.mass * years
        self.mass_rounds += self.mass

    def take(self, source: "_Tally", fraction: float) -> None:
        self.mass += source.mass * fraction
        self.mass_years += source.mass_years * fraction
        self.mass_rounds += source.mass_rounds * fraction


def _after_one_round(
    alive: Sequence[_Tally],
    rounds: Sequence[RoundRates],
    exits: Sequence[_Tally],
    failures: Sequence[_Tally],
) -> list[_Tally]:
    following = [_Tally() for _ in rounds]
    for index, (here, rates) in enumerate(zip(alive, rounds, strict=True)):
        here.pass_round(rates.years)
        exits[index].take(here, rates.exit)
        failures[index].take(here, rates.fail)
        following[index].take(here, rates.stay)
        if index + 1 < len(rounds):
            following[index + 1].take(here, rates.graduate)
    return following


def _paths(tallies: Sequence[_Tally]) -> tuple[Path, ...]:
    return tuple(
        Path(
            probability=tally.mass,
            graduations=graduations,
            mean_years=tally.mass_years / tally.mass,
            mean_rounds=tally.mass_rounds / tally.mass,
        )
        for graduations, tally in enumerate(tallies)
        if tally.mass > 0.0
    )


def _total_probability(paths: Sequence[Path]) -> float:
    total = 0.0
    for path in paths:
        total += path.probability
    return total
