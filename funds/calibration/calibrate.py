"""The calibration of a fund from its own rounds: every step from the rows to the numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from funds.calibration.benchmark import Benchmark
from funds.calibration.content_version import content_version
from funds.calibration.exit_multiples import (
    ExitMultiples,
    exit_multiples,
    unknown_exit_multiples,
)
from funds.calibration.first_cheques import FirstCheque, first_cheques
from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import INVESTED_COLUMN, RoundsFile
from funds.calibration.spells import company_records, watched_spells
from funds.calibration.transition_rates import StageRates, transition_rates


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCounts:
    """What became of the rows of the file."""

    in_file: int
    after_as_of: int
    outside_cohort: int
    bridges: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundCalibration:
    """``version`` names the content; ``exit_multiples`` has an entry for each of ``stages``."""

    version: str
    options: CalibrationOptions
    benchmark: Benchmark
    companies: int
    first_round_on: date
    rounds: RoundCounts
    spells_before_watching: int
    stages: tuple[StageRates, ...]
    exit_multiples: Mapping[str, ExitMultiples]


def calibrate(
    file: RoundsFile, *, options: CalibrationOptions, benchmark: Benchmark
) -> FundCalibration:
    """:raises InvalidRounds: when rounds contradict each other, or none is left by the options"""
    records = company_records(file.rounds, options=options)
    spells = watched_spells(records)
    cheques: tuple[FirstCheque, ...] = ()
    if file.has_invested_column:
        cheques = first_cheques(records, as_of=options.as_of)
    stages = transition_rates(spells, benchmark=benchmark.stages)
    after_as_of = sum(round_.raised_on > options.as_of for round_ in file.rounds)
    used = sum(len(record.rounds) for record in records)
    return FundCalibration(
        version=content_version(
            spells=spells, cheques=cheques, options=options, benchmark_version=benchmark.version
        ),
        options=options,
        benchmark=benchmark,
        companies=len(records),
        first_round_on=min(record.rounds[0].raised_on for record in records),
        rounds=RoundCounts(
            in_file=len(file.rounds),
            after_as_of=after_as_of,
            outside_cohort=len(file.rounds) - after_as_of - used,
            bridges=sum(record.bridge_rounds for record in records),
        ),
        spells_before_watching=sum(len(record.spells) for record in records) - len(spells),
        stages=stages,
        exit_multiples={
            rates.stage: _exit_multiples(
                [cheque for cheque in cheques if cheque.stage == rates.stage],
                file=file,
                options=options,
                benchmark=benchmark,
            )
            for rates in stages
        },
    )


def _exit_multiples(
    cheques: Sequence[FirstCheque],
    *,
    file: RoundsFile,
    options: CalibrationOptions,
    benchmark: Benchmark,
) -> ExitMultiples:
    if not file.has_invested_column:
        return unknown_exit_multiples(
            exits=None, because=f"the file has no column {INVESTED_COLUMN}"
        )
    if options.observed_from is not None:
        return unknown_exit_multiples(
            exits=sum(cheque.multiple is not None for cheque in cheques),
            because="a record that begins late has no weights for its exits",
        )
    return exit_multiples(cheques, multiple_cap=benchmark.parameters["exit_law"]["multiple_cap"])
