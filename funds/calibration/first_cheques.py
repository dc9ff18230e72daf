"""What a fund's first cheque into each company cost and returned, and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from funds.calibration.options import DAYS_PER_YEAR
from funds.calibration.rounds import INVESTED_COLUMN, Round
from funds.calibration.row_faults import InvalidRounds, RowFault
from funds.calibration.spells import CompanyRecord, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCheque:
    """The first money into a company, by the stage it had reached.

    ``multiple`` is proceeds over cost of this cheque alone; None until the company has exited and
    the cheque was sold.
    """

    stage: str
    paid_on: date
    ended_on: date
    outcome: Outcome
    multiple: float | None

    @property
    def duration_years(self) -> float:
        return (self.ended_on - self.paid_on).days / DAYS_PER_YEAR


def first_cheques(records: Iterable[CompanyRecord], *, as_of: date) -> tuple[FirstCheque, ...]:
    """One cheque for each company with an invested amount; same-day cheques are taken together.

    :raises InvalidRounds: where proceeds are not those of the single cheque
    """
    cheques: list[FirstCheque] = []
    faults: list[RowFault] = []
    for record in records:
        invested = [round_ for round_ in record.rounds if round_.invested_usd]
        if not invested:
            continue
        first = [round_ for round_ in invested if round_.raised_on == invested[0].raised_on]
        wrong = [*_copied_proceeds(record.rounds), *_without_proceeds(first, record)]
        faults.extend(wrong)
        if not wrong:
            cheques.append(_cheque(first, record, as_of=as_of))
    if faults:
        raise InvalidRounds(sorted(faults, key=lambda fault: fault.row or 0))
    return tuple(cheques)


def _cheque(first: Sequence[Round], record: CompanyRecord, *, as_of: date) -> FirstCheque:
    paid_on = first[0].raised_on
    # Ordered by day, so the last spell begun by then is the stage that the money entered.
    stage = [spell.stage for spell in record.spells if spell.started_on <= paid_on][-1]
    outcome, ended_on = record.outcome, record.ended_on
    multiple = None
    if outcome is Outcome.EXIT:
        sold_on = max(round_.disposed_on for round_ in first if round_.disposed_on is not None)
        if sold_on > as_of:
            outcome, ended_on = Outcome.OPEN, as_of
        else:
            ended_on, multiple = sold_on, _multiple(first)
    return FirstCheque(
        stage=stage, paid_on=paid_on, ended_on=ended_on, outcome=outcome, multiple=multiple
    )


def _multiple(rounds: Sequence[Round]) -> float:
    proceeds = sum(round_.proceeds_usd for round_ in rounds if round_.proceeds_usd is not None)
    invested = sum(round_.invested_usd for round_ in rounds if round_.invested_usd is not None)
    return float(proceeds / invested)


def _without_proceeds(first: Sequence[Round], record: CompanyRecord) -> list[RowFault]:
    """An exit of which the first cheque's part is unknown has no multiple to learn from."""
    if record.outcome is not Outcome.EXIT:
        return []
    return [
        RowFault(
            row=round_.row,
            column="proceeds_usd",
            code="CHEQUE_PROCEEDS_MISSING",
            message=f"is blank although {round_.company} exited on {record.ended_on}: with"
            f" {INVESTED_COLUMN} the first cheque needs its own disposal and proceeds",
        )
        for round_ in first
        if round_.disposed_on is None
    ]


def _copied_proceeds(rounds: Sequence[Round]) -> list[RowFault]:
    """Equal proceeds of different cheques are the company's, repeated; they would count twice."""
    faults: list[RowFault] = []
    first_with: dict[object, Round] = {}
    for round_ in rounds:
        if not round_.proceeds_usd:
            continue
        earlier = first_with.setdefault((round_.disposed_on, round_.proceeds_usd), round_)
        if (earlier.raised_on, earlier.invested_usd) != (round_.raised_on, round_.invested_usd):
            faults.append(
                RowFault(
                    row=round_.row,
                    column="proceeds_usd",
                    code="PROCEEDS_COPIED",
                    message=f"is {round_.proceeds_usd}, the same as in row {earlier.row}: with"
                    f" {INVESTED_COLUMN} each row needs the proceeds of its own cheque",
                )
            )
    return faults
