"""What the first cheque into each company cost and returned."""

from datetime import date

import pytest

from funds.calibration.first_cheques import FirstCheque, first_cheques
from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import read_rounds
from funds.calibration.row_faults import InvalidRounds
from funds.calibration.spells import Outcome, company_records
from tests.funds.calibration.worked_example import AS_OF, HEADER, csv_of


def cheques_of(
    *lines: str, as_of: date = AS_OF, zombie_years: float | None = None
) -> tuple[FirstCheque, ...]:
    rounds = read_rounds(csv_of(list(lines), header=HEADER + ",invested_usd")).rounds
    options = CalibrationOptions(as_of=as_of, zombie_years=zombie_years)
    return first_cheques(company_records(rounds, options=options), as_of=as_of)


def faults_of(*lines: str) -> list[str]:
    with pytest.raises(InvalidRounds) as refused:
        cheques_of(*lines)
    return [str(fault) for fault in refused.value.faults]


def test_multiple_is_of_the_first_cheque_alone() -> None:
    (cheque,) = cheques_of(
        "acme,seed,2020-01-01,2023-01-01,5000000,1000000",
        "acme,series_a,2021-01-01,2023-01-01,3000000,2000000",
    )

    assert cheque == FirstCheque(
        stage="seed",
        paid_on=date(2020, 1, 1),
        ended_on=date(2023, 1, 1),
        outcome=Outcome.EXIT,
        multiple=5.0,
    )


def test_cheques_of_one_day_are_taken_together() -> None:
    # (30 + 10) / (10 + 10).
    (cheque,) = cheques_of(
        "acme,seed,2020-01-01,2023-01-01,30,10", "acme,seed,2020-01-01,2023-02-01,10,10"
    )

    assert (cheque.multiple, cheque.ended_on) == (2.0, date(2023, 2, 1))


def test_rounds_before_the_first_cheque_are_not_the_funds_own() -> None:
    (cheque,) = cheques_of(
        "acme,seed,2020-01-01,,,",
        "acme,series_a,2021-01-01,,,0",
        "acme,series_b,2022-01-01,2023-01-01,30,10",
    )

    assert (cheque.stage, cheque.paid_on, cheque.multiple) == ("series_b", date(2022, 1, 1), 3.0)


def test_cheque_in_a_bridge_enters_the_stage_reached() -> None:
    (cheque,) = cheques_of("acme,series_a,2020-01-01,,,", "acme,seed,2021-01-01,,,5")

    assert cheque.stage == "series_a"


def test_company_without_an_invested_amount_has_no_cheque() -> None:
    assert cheques_of("acme,seed,2020-01-01,2023-01-01,5,", "bolt,seed,2020-01-01,,,0") == ()


def test_open_and_failed_companies_have_no_multiple() -> None:
    cheques = cheques_of("acme,seed,2020-01-01,,,5", "bolt,seed,2020-01-01,2023-01-01,0,5")

    assert [(cheque.outcome, cheque.multiple, cheque.ended_on) for cheque in cheques] == [
        (Outcome.OPEN, None, AS_OF),
        (Outcome.FAIL, None, date(2023, 1, 1)),
    ]


def test_write_off_on_another_row_ends_the_cheque() -> None:
    (cheque,) = cheques_of("acme,seed,2020-01-01,,,5", "acme,series_a,2021-01-01,2023-01-01,0,5")

    assert (cheque.outcome, cheque.ended_on) == (Outcome.FAIL, date(2023, 1, 1))


def test_worthless_first_cheque_of_an_exit_has_multiple_zero() -> None:
    (cheque,) = cheques_of(
        "acme,seed,2020-01-01,2023-01-01,0,5", "acme,series_a,2021-01-01,2023-01-01,9,5"
    )

    assert (cheque.outcome, cheque.multiple) == (Outcome.EXIT, 0.0)


def test_first_cheque_sold_after_the_cut_is_open() -> None:
    (cheque,) = cheques_of(
        "acme,seed,2020-01-01,2024-01-01,9,5",
        "acme,series_a,2021-01-01,2022-01-01,8,5",
        as_of=date(2023, 1, 1),
    )

    assert (cheque.outcome, cheque.multiple, cheque.ended_on) == (
        Outcome.OPEN,
        None,
        date(2023, 1, 1),
    )


def test_silent_company_fails_with_its_cheque() -> None:
    (cheque,) = cheques_of("acme,seed,2020-01-01,,,5", zombie_years=2.0)

    assert (cheque.outcome, cheque.ended_on) == (Outcome.FAIL, date(2021, 12, 31))


def test_exit_without_proceeds_of_the_first_cheque_is_refused() -> None:
    assert faults_of("acme,seed,2020-01-01,,,5", "acme,series_a,2021-01-01,2023-01-01,9,5") == [
        "row 2, column proceeds_usd: is blank although acme exited on 2023-01-01: with"
        " invested_usd the first cheque needs its own disposal and proceeds"
    ]


def test_proceeds_of_the_company_on_every_row_are_refused() -> None:
    assert faults_of(
        "acme,seed,2020-01-01,2023-01-01,900,5", "acme,series_a,2021-01-01,2023-01-01,900,20"
    ) == [
        "row 3, column proceeds_usd: is 900, the same as in row 2: with invested_usd each row"
        " needs the proceeds of its own cheque"
    ]


def test_equal_cheques_of_one_day_may_return_the_same() -> None:
    (cheque,) = cheques_of(
        "acme,seed,2020-01-01,2023-01-01,900,300", "acme,seed,2020-01-01,2023-01-01,900,300"
    )

    assert cheque.multiple == 3.0
