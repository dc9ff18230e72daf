"""Reads a CSV file of financing rounds; what they mean for spells is decided in ``spells``."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from funds.calibration.csv_records import checked_columns, csv_records
from funds.calibration.row_cells import RowCells
from funds.calibration.row_faults import InvalidRounds, RowFault

REQUIRED_COLUMNS = ("company", "stage", "date", "disposal_date", "proceeds_usd")
INVESTED_COLUMN = "invested_usd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One row: a company raised at a stage on a day, and what became of the holding.

    ``disposed_on`` and ``proceeds_usd`` are both set or both None; proceeds of 0 are a write-off.
    ``invested_usd`` is None without that column and where it is blank.
    """

    row: int
    company: str
    stage: str
    raised_on: date
    disposed_on: date | None
    proceeds_usd: Decimal | None
    invested_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsFile:
    rounds: tuple[Round, ...]
    has_invested_column: bool


def read_rounds(content: bytes) -> RoundsFile:
    """The rounds of a CSV file with a header, in UTF-8 with or without byte order mark.

    :raises InvalidRounds: with every fault that was found, in the order of the file
    """
    records = csv_records(content)
    _, header = next(records, (1, []))
    columns = checked_columns(header, required=REQUIRED_COLUMNS, optional=[INVESTED_COLUMN])
    reading = _Reading(columns=columns)
    try:
        for row, cells in records:
            reading.read(row, cells)
    except InvalidRounds as end_of_reading:
        reading.faults.extend(end_of_reading.faults)
    if reading.faults:
        raise InvalidRounds(reading.faults)
    if not reading.rounds:
        fault = RowFault(row=None, column=None, code="NO_ROWS", message="has no rows of data")
        raise InvalidRounds([fault])
    return RoundsFile(rounds=tuple(reading.rounds), has_invested_column=INVESTED_COLUMN in columns)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What has been read so far of the rows below the header."""

    columns: tuple[str, ...]
    rounds: list[Round] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    _first_spellings: dict[str, tuple[str, int]] = field(default_factory=dict)

    def read(self, row: int, cells: Sequence[str]) -> None:
        if len(cells) != len(self.columns):
            message = f"has {len(cells)} cells, the header has {len(self.columns)}"
            self.faults.append(
                RowFault(row=row, column=None, code="WRONG_NUMBER_OF_CELLS", message=message)
            )
            return
        by_column = dict(zip(self.columns, cells, strict=True))
        reader = RowCells(row=row, cells=by_column, faults=self.faults)
        if not reader.refuse_unseen_characters():
            self._read_cells(reader)

    def _read_cells(self, reader: RowCells) -> None:
        before = len(self.faults)
        company, stage = reader.company("company"), reader.stage("stage")
        raised_on, disposed_on = reader.required_date("date"), reader.optional_date("disposal_date")
        proceeds = reader.optional_amount_usd("proceeds_usd")
        has_invested = INVESTED_COLUMN in self.columns
        invested = reader.optional_amount_usd(INVESTED_COLUMN) if has_invested else None
        _check_disposal(reader, raised_on=raised_on, disposed_on=disposed_on)
        if company is not None:
            self._check_spelling(reader, company)
        # A required cell reads as None only after a fault; the rest tells this to the type checker.
        if len(self.faults) > before or company is None or stage is None or raised_on is None:
            return
        self.rounds.append(
            Round(
                row=reader.row,
                company=company,
                stage=stage,
                raised_on=raised_on,
                disposed_on=disposed_on,
                proceeds_usd=proceeds,
                invested_usd=invested,
            )
        )

    def _check_spelling(self, reader: RowCells, company: str) -> None:
        """One company under two spellings would silently count as two."""
        folded = " ".join(unicodedata.normalize("NFKC", company).casefold().split())
        spelling, row = self._first_spellings.setdefault(folded, (company, reader.row))
        if spelling != company:
            reader.fault(
                "company",
                "SPELLING_VARIES",
                f"is {company!r}, row {row} spells it {spelling!r}: spell a company one way",
            )


def _check_disposal(reader: RowCells, *, raised_on: date | None, disposed_on: date | None) -> None:
    if reader.is_blank("disposal_date") and not reader.is_blank("proceeds_usd"):
        reader.fault(
            "disposal_date",
            "DISPOSAL_DATE_MISSING",
            "is blank although proceeds_usd is filled: a sale or write-off needs its date,"
            " a holding that is still there has no proceeds",
        )
    if reader.is_blank("proceeds_usd") and not reader.is_blank("disposal_date"):
        reader.fault(
            "proceeds_usd",
            "PROCEEDS_MISSING",
            "is blank although disposal_date is filled: write 0 only for a write-off",
        )
    if raised_on is not None and disposed_on is not None and disposed_on < raised_on:
        reader.fault(
            "disposal_date",
            "DISPOSAL_BEFORE_ROUND",
            f"is {disposed_on}, before the round of {raised_on}",
        )
