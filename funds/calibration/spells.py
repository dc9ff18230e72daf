"""Turns the rounds of each company into spells: the time at a stage and what ended it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from funds.calibration.options import DAYS_PER_YEAR, CalibrationOptions
from funds.calibration.rounds import Round
from funds.calibration.row_faults import InvalidRounds, RowFault
from funds.calibration.stage_order import STAGE_RANKS


class Outcome(StrEnum):
    EXIT = "exit"
    GRADUATE = "graduate"
    FAIL = "fail"
    OPEN = "open"


CAUSES = (Outcome.EXIT, Outcome.GRADUATE, Outcome.FAIL)
"""What can end a spell. An open spell has not ended: it is censored on the day of the cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A company at a stage; what lies before ``watched_from`` was not observed."""

    company: str
    stage: str
    started_on: date
    watched_from: date
    ended_on: date
    outcome: Outcome

    @property
    def duration_years(self) -> float:
        return (self.ended_on - self.started_on).days / DAYS_PER_YEAR

    @property
    def unwatched_years(self) -> float:
        return (self.watched_from - self.started_on).days / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRecord:
    """One company as known on the day of the cut.

    ``rounds`` are ordered by day and stage; ``spells`` follow each other without a gap, and only
    the last can end otherwise than by graduation.
    """

    company: str
    rounds: tuple[Round, ...]
    spells: tuple[Spell, ...]

    @property
    def outcome(self) -> Outcome:
        return self.spells[-1].outcome

    @property
    def ended_on(self) -> date:
        return self.spells[-1].ended_on

    @property
    def bridge_rounds(self) -> int:
        """Rounds that opened no new stage."""
        return len(self.rounds) - len(self.spells)


def company_records(
    rounds: Iterable[Round], *, options: CalibrationOptions
) -> tuple[CompanyRecord, ...]:
    """What the rounds say about each company, in the order of company names.

    A stage is entered with its first round; later rounds at the same or an earlier stage are
    bridges, and a skipped stage has no spell.

    :raises InvalidRounds: when a company raised after its last disposal, or no round is left
    """
    by_company: dict[str, list[Round]] = defaultdict(list)
    for round_ in rounds:
        if round_.raised_on <= options.as_of:
            by_company[round_.company].append(round_)
    faults: list[RowFault] = []
    records: list[CompanyRecord] = []
    for company in sorted(by_company):
        known = sorted(by_company[company], key=_chronological)
        if not _entered_in_cohort(known[0], options):
            continue
        faults.extend(_contradictions(known, as_of=options.as_of))
        records.append(
            CompanyRecord(
                company=company, rounds=tuple(known), spells=_spells(known, options=options)
            )
        )
    if not records:
        faults.append(_nothing_left(options))
    if faults:
        raise InvalidRounds(sorted(faults, key=lambda fault: fault.row or 0))
    return tuple(records)


def watched_spells(records: Iterable[CompanyRecord]) -> tuple[Spell, ...]:
    """The spells without those that were over before the record began."""
    return tuple(
        spell
        for record in records
        for spell in record.spells
        if spell.watched_from == spell.started_on or spell.ended_on > spell.watched_from
    )


def _chronological(round_: Round) -> tuple[date, int, int]:
    return round_.raised_on, STAGE_RANKS[round_.stage], round_.row


def _entered_in_cohort(first: Round, options: CalibrationOptions) -> bool:
    is_early = options.entered_from is not None and first.raised_on < options.entered_from
    is_late = options.entered_until is not None and first.raised_on > options.entered_until
    return not is_early and not is_late


def _disposals(rounds: Sequence[Round], *, as_of: date) -> list[tuple[date, Round]]:
    """The known disposals from first to last."""
    known = [
        (round_.disposed_on, round_)
        for round_ in rounds
        if round_.disposed_on is not None and round_.disposed_on <= as_of
    ]
    return sorted(known, key=lambda disposal: (disposal[0], disposal[1].row))


def _contradictions(rounds: Sequence[Round], *, as_of: date) -> list[RowFault]:
    """A company cannot raise after the end of it; a partial sale is not an end."""
    disposals = _disposals(rounds, as_of=as_of)
    if not disposals:
        return []
    disposed_on, row_of_disposal = disposals[-1]
    last = rounds[-1]
    if disposed_on >= last.raised_on:
        return []
    return [
        RowFault(
            row=row_of_disposal.row,
            column="disposal_date",
            code="ROUND_AFTER_DISPOSAL",
            message=f"is {disposed_on}, but {last.company} raised on {last.raised_on}"
            f" (row {last.row}): leave it blank if only a part was sold",
        )
    ]


def _spells(rounds: Sequence[Round], *, options: CalibrationOptions) -> tuple[Spell, ...]:
    entries = [rounds[0]]
    for round_ in rounds[1:]:
        if STAGE_RANKS[round_.stage] > STAGE_RANKS[entries[-1].stage]:
            entries.append(round_)
    spells = [
        _spell(entry, ended_on=following.raised_on, outcome=Outcome.GRADUATE, options=options)
        for entry, following in pairwise(entries)
    ]
    return (*spells, _last_spell(entries[-1], rounds, options=options))


def _last_spell(entry: Round, rounds: Sequence[Round], *, options: CalibrationOptions) -> Spell:
    disposals = _disposals(rounds, as_of=options.as_of)
    if disposals:
        has_proceeds = any(round_.proceeds_usd for _, round_ in disposals)
        outcome = Outcome.EXIT if has_proceeds else Outcome.FAIL
        return _spell(entry, ended_on=disposals[-1][0], outcome=outcome, options=options)
    spell = _spell(entry, ended_on=options.as_of, outcome=Outcome.OPEN, options=options)
    days = options.zombie_days
    if days is None:
        return spell
    # A bridge round is no event, but a sign of life.
    given_up_on = rounds[-1].raised_on + timedelta(days=days)
    if given_up_on > options.as_of:
        return spell
    return replace(spell, ended_on=given_up_on, outcome=Outcome.FAIL)


def _spell(entry: Round, *, ended_on: date, outcome: Outcome, options: CalibrationOptions) -> Spell:
    return Spell(
        company=entry.company,
        stage=entry.stage,
        started_on=entry.raised_on,
        watched_from=max(entry.raised_on, options.observed_from or entry.raised_on),
        ended_on=ended_on,
        outcome=outcome,
    )


def _nothing_left(options: CalibrationOptions) -> RowFault:
    message = f"has no round on or before {options.as_of}"
    if options.entered_from or options.entered_until:
        message += " of a company that entered in the chosen range"
    return RowFault(row=None, column=None, code="NO_ROUNDS_LEFT", message=message)
