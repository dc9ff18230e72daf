"""From rounds to spells: bridges, skips, copies, endings, and what the options leave out."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import Round, read_rounds
from funds.calibration.row_faults import InvalidRounds
from funds.calibration.spells import CompanyRecord, Outcome, company_records, watched_spells
from tests.funds.calibration.worked_example import AS_OF, LINES, SEED_YEARS, csv_of


def rounds_of(*lines: str) -> tuple[Round, ...]:
    return read_rounds(csv_of(list(lines))).rounds


def record_of(*lines: str, **options: object) -> CompanyRecord:
    """The record of the one company in ``lines``."""
    chosen = CalibrationOptions(**{"as_of": AS_OF, **options})  # type: ignore[arg-type]
    (record,) = company_records(rounds_of(*lines), options=chosen)
    return record


def spells_of(*lines: str, **options: object) -> list[tuple[str, str, str, str]]:
    return [
        (spell.stage, str(spell.started_on), str(spell.ended_on), str(spell.outcome))
        for spell in record_of(*lines, **options).spells
    ]


def faults_of(*lines: str, **options: object) -> list[str]:
    with pytest.raises(InvalidRounds) as refused:
        record_of(*lines, **options)
    return [str(fault) for fault in refused.value.faults]


def test_worked_example_has_the_seed_spells_of_its_description() -> None:
    records = company_records(rounds_of(*LINES), options=CalibrationOptions(as_of=AS_OF))
    seed = [spell for spell in watched_spells(records) if spell.stage == "seed"]

    assert [str(spell.outcome) for spell in seed] == [
        "graduate", "graduate", "fail", "exit", "graduate", "graduate", "fail",
        "open", "open", "open",
    ]  # fmt: skip
    # Whole days, rounded down, miss the half years by less than a day.
    assert [spell.duration_years for spell in seed] == pytest.approx(SEED_YEARS, abs=1 / 365)
    assert [
        (spell.company, spell.stage, str(spell.outcome))
        for spell in watched_spells(records)
        if spell.stage != "seed"
    ] == [
        ("c01", "series_a", "open"),
        ("c02", "series_a", "exit"),
        ("c05", "series_a", "open"),
        ("c06", "series_b", "open"),
    ]


def test_next_stage_ends_a_spell_by_graduation() -> None:
    assert spells_of("acme,seed,2020-01-01,,", "acme,series_a,2021-06-30,,") == [
        ("seed", "2020-01-01", "2021-06-30", "graduate"),
        ("series_a", "2021-06-30", "2025-12-31", "open"),
    ]


def test_rows_may_come_in_any_order() -> None:
    assert spells_of("acme,series_a,2021-06-30,,", "acme,seed,2020-01-01,,") == [
        ("seed", "2020-01-01", "2021-06-30", "graduate"),
        ("series_a", "2021-06-30", "2025-12-31", "open"),
    ]


def test_skipped_stage_is_graduation_and_has_no_spell() -> None:
    assert spells_of("acme,seed,2020-01-01,,", "acme,series_b,2021-06-30,,") == [
        ("seed", "2020-01-01", "2021-06-30", "graduate"),
        ("series_b", "2021-06-30", "2025-12-31", "open"),
    ]


@pytest.mark.parametrize("label", ["series_a", "seed", "pre_seed"])
def test_later_round_at_the_same_or_an_earlier_stage_is_a_bridge(label: str) -> None:
    lines = ("acme,series_a,2020-01-01,,", f"acme,{label},2021-01-01,,", "acme,late,2022-01-01,,")

    assert spells_of(*lines) == [
        ("series_a", "2020-01-01", "2022-01-01", "graduate"),
        ("late", "2022-01-01", "2025-12-31", "open"),
    ]
    assert record_of(*lines).bridge_rounds == 1


def test_stages_on_one_day_follow_their_order() -> None:
    assert spells_of("acme,series_a,2020-01-01,,", "acme,seed,2020-01-01,,") == [
        ("seed", "2020-01-01", "2020-01-01", "graduate"),
        ("series_a", "2020-01-01", "2025-12-31", "open"),
    ]


@pytest.mark.parametrize(
    ("proceeds", "outcome"), [("0.01", "exit"), ("0", "fail"), ("0.00", "fail")]
)
def test_disposal_with_proceeds_is_an_exit_and_without_a_failure(
    proceeds: str, outcome: str
) -> None:
    assert spells_of(f"acme,seed,2020-01-01,2023-03-01,{proceeds}") == [
        ("seed", "2020-01-01", "2023-03-01", outcome)
    ]


def test_disposal_copied_to_earlier_rows_ends_only_the_last_spell() -> None:
    assert spells_of(
        "acme,seed,2020-01-01,2024-06-30,500",
        "acme,series_a,2021-06-30,2024-06-30,500",
    ) == [
        ("seed", "2020-01-01", "2021-06-30", "graduate"),
        ("series_a", "2021-06-30", "2024-06-30", "exit"),
    ]


@pytest.mark.parametrize("row_with_disposal", [0, 1])
def test_disposal_on_any_row_ends_the_company(row_with_disposal: int) -> None:
    lines = ["acme,seed,2020-01-01,,", "acme,series_a,2021-06-30,,"]
    lines[row_with_disposal] = lines[row_with_disposal][:-1] + "2024-06-30,0"

    assert spells_of(*lines)[-1] == ("series_a", "2021-06-30", "2024-06-30", "fail")


def test_last_disposal_is_the_end_and_any_proceeds_make_it_an_exit() -> None:
    assert spells_of(
        "acme,seed,2020-01-01,2022-01-01,700",
        "acme,seed,2020-02-01,2023-01-01,0",
    ) == [("seed", "2020-01-01", "2023-01-01", "exit")]


def test_partial_sale_before_the_end_does_not_end_anything() -> None:
    assert spells_of(
        "acme,seed,2020-01-01,2020-06-01,700",
        "acme,series_a,2021-01-01,2023-01-01,0",
    ) == [
        ("seed", "2020-01-01", "2021-01-01", "graduate"),
        ("series_a", "2021-01-01", "2023-01-01", "exit"),
    ]


def test_round_after_the_last_disposal_is_a_contradiction() -> None:
    lines = ("acme,seed,2020-01-01,2020-06-01,700", "acme,seed,2021-01-01,,")

    assert faults_of(*lines) == [
        "row 2, column disposal_date: is 2020-06-01, but acme raised on 2021-01-01 (row 3):"
        " leave it blank if only a part was sold"
    ]


def test_contradictions_of_all_companies_are_listed_in_the_order_of_rows() -> None:
    faults = faults_of(
        "zeta,seed,2020-01-01,2020-06-01,700",
        "acme,seed,2020-01-01,2020-06-01,0",
        "acme,late,2021-01-01,,",
        "zeta,late,2021-01-01,,",
    )

    assert [fault.split(":")[0] for fault in faults] == [
        "row 2, column disposal_date",
        "row 3, column disposal_date",
    ]


# The cut.


def test_what_happens_after_the_cut_is_not_known() -> None:
    assert spells_of(
        "acme,seed,2020-01-01,,",
        "acme,series_a,2021-06-30,2024-06-30,500",
        as_of=date(2021, 1, 1),
    ) == [("seed", "2020-01-01", "2021-01-01", "open")]


def test_disposal_after_the_cut_is_not_known() -> None:
    assert spells_of("acme,seed,2020-01-01,2024-06-30,5", as_of=date(2024, 6, 29)) == [
        ("seed", "2020-01-01", "2024-06-29", "open")
    ]


def test_what_happens_on_the_day_of_the_cut_is_known() -> None:
    assert spells_of("acme,seed,2020-01-01,2024-06-30,5", as_of=date(2024, 6, 30)) == [
        ("seed", "2020-01-01", "2024-06-30", "exit")
    ]


def test_company_that_raised_on_the_day_of_the_cut_is_open_for_no_time() -> None:
    (spell,) = record_of("acme,seed,2020-01-01,,", as_of=date(2020, 1, 1)).spells

    assert (spell.duration_years, spell.outcome) == (0.0, Outcome.OPEN)


def test_cut_before_every_round_leaves_nothing() -> None:
    assert faults_of("acme,seed,2020-01-01,,", as_of=date(2019, 12, 31)) == [
        "file: has no round on or before 2019-12-31"
    ]


# Options.


def test_cohort_is_chosen_by_the_first_round_and_keeps_later_ones() -> None:
    rounds = rounds_of(
        "early,seed,2017-12-31,,",
        "early,series_a,2019-01-01,,",
        "first,seed,2018-01-01,,",
        "last,seed,2019-12-31,,",
        "last,series_a,2021-01-01,,",
        "late,seed,2020-01-01,,",
    )
    options = CalibrationOptions(
        as_of=AS_OF, entered_from=date(2018, 1, 1), entered_until=date(2019, 12, 31)
    )
    records = company_records(rounds, options=options)

    assert [(record.company, len(record.rounds)) for record in records] == [
        ("first", 1),
        ("last", 2),
    ]


def test_empty_cohort_is_refused() -> None:
    assert faults_of("acme,seed,2020-01-01,,", entered_from=date(2021, 1, 1)) == [
        "file: has no round on or before 2025-12-31 of a company that entered in the chosen range"
    ]


def test_late_record_watches_spells_from_its_beginning() -> None:
    record = record_of(
        "acme,seed,2018-01-01,,",
        "acme,series_a,2019-01-01,,",
        "acme,series_b,2021-01-01,,",
        observed_from=date(2020, 1, 1),
    )

    # Seed was over by then; a year of A had passed; B was watched from its first day.
    assert [(spell.stage, spell.unwatched_years) for spell in watched_spells([record])] == [
        ("series_a", pytest.approx(1.0, abs=1 / 365)),
        ("series_b", 0.0),
    ]


def test_spell_that_ends_as_the_record_begins_was_not_watched() -> None:
    record = record_of(
        "acme,seed,2018-01-01,,",
        "acme,series_a,2020-01-01,,",
        observed_from=date(2020, 1, 1),
    )

    assert [spell.stage for spell in watched_spells([record])] == ["series_a"]


def test_silent_company_counts_as_failed_when_its_time_is_over() -> None:
    # 2 years are round(730.5) = 730 days.
    assert spells_of("acme,seed,2020-01-01,,", zombie_years=2.0) == [
        ("seed", "2020-01-01", "2021-12-31", "fail")
    ]


def test_bridge_is_a_sign_of_life() -> None:
    lines = ("acme,seed,2020-01-01,,", "acme,seed,2024-01-01,,")

    assert spells_of(*lines, zombie_years=3.0)[-1][3] == "open"
    assert spells_of(*lines, zombie_years=1.0) == [("seed", "2020-01-01", "2024-12-31", "fail")]


def test_silence_changes_no_company_that_ended() -> None:
    assert spells_of("acme,seed,2010-01-01,2023-03-01,5", zombie_years=2.0) == [
        ("seed", "2010-01-01", "2023-03-01", "exit")
    ]


def test_silence_counts_when_it_lasted_exactly_so_long() -> None:
    # 365 days are round(1 x 365.25).
    assert spells_of("acme,seed,2024-12-31,,", zombie_years=1.0)[0][3] == "fail"
    assert spells_of("acme,seed,2025-01-01,,", zombie_years=1.0)[0][3] == "open"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observed_from": AS_OF}, "the record begins on 2025-12-31, which must be before"),
        ({"entered_from": date(2026, 1, 1)}, "no company can have entered from 2026-01-01 until"),
        (
            {"entered_from": date(2020, 1, 2), "entered_until": date(2020, 1, 1)},
            "no company can have entered from 2020-01-02 until 2020-01-01",
        ),
        ({"zombie_years": 0.0}, "the years without an event are 0, must be from 0.1 to 100"),
        ({"zombie_years": float("nan")}, "the years without an event are nan"),
    ],
)
def test_contradictory_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CalibrationOptions(**{"as_of": AS_OF, **options})  # type: ignore[arg-type]


# Any record.

days = st.dates(min_value=date(2015, 1, 1), max_value=date(2025, 12, 31))
stages = st.sampled_from(["pre_seed", "seed", "series_a", "series_b", "series_c", "late"])


@st.composite
def histories(draw: st.DrawFn) -> list[str]:
    """Rounds of one company, whose disposal, if any, comes last."""
    raised = draw(st.lists(st.tuples(days, stages), min_size=1, max_size=6))
    lines = [f"acme,{stage},{day},," for day, stage in raised]
    if draw(st.booleans()):
        end = draw(st.dates(min_value=max(day for day, _ in raised), max_value=date(2026, 6, 30)))
        lines[0] = lines[0][:-1] + f"{end},{draw(st.integers(min_value=0, max_value=2))}"
    return lines


@settings(max_examples=60, deadline=None)
@given(histories())
def test_spells_follow_each_other_upwards_without_a_gap(lines: list[str]) -> None:
    spells = record_of(*lines).spells

    for one, following in pairwise(spells):
        assert one.outcome is Outcome.GRADUATE
        assert one.ended_on == following.started_on
        assert one.stage != following.stage
    assert spells[-1].outcome is not Outcome.GRADUATE
    assert all(spell.started_on <= spell.ended_on <= AS_OF for spell in spells)
    assert [spell.stage for spell in spells] == sorted(
        {spell.stage for spell in spells},
        key=["pre_seed", "seed", "series_a", "series_b", "series_c", "late"].index,
    )


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(lines: list[str], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert spells_of(*shuffled) == spells_of(*lines)
