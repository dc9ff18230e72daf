"""A calibration as lines of text for a terminal."""

from collections.abc import Iterator

from funds.calibration.benchmark import TransitionShares
from funds.calibration.calibrate import FundCalibration
from funds.calibration.transition_rates import PRIOR_EVENTS, EstimatedRates, Rate, StageRates

_HEADINGS = ("exit", "graduate", "fail", "stay")
_LABEL_WIDTH = 32
_RATE_WIDTH = 17


def table_lines(calibration: FundCalibration) -> Iterator[str]:
    """Rates with standard errors in brackets, by stage, and what was left out or is unknown."""
    yield from _heading(calibration)
    for rates in calibration.stages:
        yield ""
        yield from _stage_lines(rates)
        yield _multiples_line(calibration, rates)
    yield ""
    yield f"Version {calibration.version}"


def _heading(calibration: FundCalibration) -> Iterator[str]:
    options, rounds = calibration.options, calibration.rounds
    yield f"Stage transitions as of {options.as_of}; companies: {calibration.companies}"
    yield (
        f"Rows: {rounds.in_file} in the file, {rounds.after_as_of} after {options.as_of},"
        f" {rounds.outside_cohort} of companies outside the cohort, {rounds.bridges} bridges"
    )
    if options.observed_from is not None:
        yield (
            f"The record begins on {options.observed_from};"
            f" {calibration.spells_before_watching} spells were over before it"
        )
    if options.zombie_years is not None:
        yield f"Companies without a round for {options.zombie_years:g} years count as failed"
    yield (
        "Aalen-Johansen estimates (standard errors); shrunk to"
        f" {calibration.benchmark.version}, which weighs as much as {PRIOR_EVENTS} events"
    )
    yield "A round's stay goes on to another round; a stay in the long run is undecided"
    yield "(-) instead of a standard error: all or none, which says nothing about the error"


def _stage_lines(rates: StageRates) -> Iterator[str]:
    counts = ", ".join(f"{rates.events[cause]} {cause}" for cause in rates.events)
    open_spells = rates.spells - rates.event_count
    yield f"{rates.stage}; spells: {rates.spells} ({counts}, {open_spells} open)"
    yield _row("", *(heading.rjust(_RATE_WIDTH) for heading in _HEADINGS))
    if rates.per_round is not None:
        label = f"per round of {rates.per_round.horizon_years:g} years"
        yield _estimated_row(label, rates.per_round)
    if rates.benchmark is not None:
        yield _shares_row("benchmark per round", rates.benchmark.per_round)
    if rates.shrunk is not None:
        yield _shares_row("shrunk per round", rates.shrunk)
    if rates.eventual is not None:
        label = f"in the long run ({rates.eventual.horizon_years:.2f} years)"
        yield _estimated_row(label, rates.eventual)
    if rates.mean_spell is not None:
        years, most = rates.mean_spell.years, rates.mean_spell.restricted_to_years
        yield f"  mean time at the stage {years:.2f} years, counting at most {most:.2f}"
    if rates.unknown_because is not None:
        yield f"  no estimate per round: {rates.unknown_because}"


def _multiples_line(calibration: FundCalibration, rates: StageRates) -> str:
    multiples = calibration.exit_multiples[rates.stage]
    if multiples.unknown_because is not None:
        source = "none" if rates.benchmark is None else "the benchmark's"
        return f"  exit multiples: {source}, for {multiples.unknown_because}"
    return (
        f"  exit multiples of {multiples.exits} first cheques:"
        f" median {multiples.median:.2f}, P90 {multiples.p90:.2f}"
    )


def _estimated_row(label: str, rates: EstimatedRates) -> str:
    return _row(
        label, *(_cell(rate) for rate in (rates.exit, rates.graduate, rates.fail, rates.stay))
    )


def _shares_row(label: str, shares: TransitionShares) -> str:
    # As wide as a rate with its standard error, so that the figures stand below each other.
    return _row(
        label,
        *(
            f"{share:.4f}".rjust(_RATE_WIDTH - 9) + " " * 9
            for share in (shares.exit, shares.graduate, shares.fail, shares.stay)
        ),
    ).rstrip()


def _cell(rate: Rate) -> str:
    error = "-".center(6) if rate.interval is None else f"{rate.standard_error:.4f}"
    return f"{rate.rate:.4f} ({error})".rjust(_RATE_WIDTH)


def _row(label: str, *cells: str) -> str:
    return f"  {label:<{_LABEL_WIDTH}}" + "".join(cells)
