"""Rates of a stage: which horizon, when they are unknown, and how the benchmark pulls them."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.calibration.benchmark import StageBenchmark, TransitionShares, benchmark_from
from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import read_rounds
from funds.calibration.spells import CAUSES, Outcome, Spell, company_records, watched_spells
from funds.calibration.transition_rates import (
    PRIOR_EVENTS,
    EstimatedRates,
    StageRates,
    shrunk_shares,
    transition_rates,
)
from funds.shipped import benchmark_calibration
from tests.funds.calibration.worked_example import AS_OF, LINES, csv_of

PRINTED = 1e-4  # The published table has four decimals.
ROUNDING = 1e-12

# The benchmark of the worked example, with the horizon of its second line.
EXAMPLE_BENCHMARK = StageBenchmark(
    per_round=TransitionShares(exit=0.10, graduate=0.45, fail=0.40, stay=0.05),
    years_per_round=2.5,
    exit_multiple_median=2.1,
    exit_multiple_p90=13.5,
)


def shares(rates: EstimatedRates | None) -> tuple[float, float, float, float]:
    assert rates is not None
    return rates.graduate.rate, rates.fail.rate, rates.exit.rate, rates.stay.rate


def spell(years: float, outcome: Outcome, *, unwatched_years: float = 0.0) -> Spell:
    start = date(2000, 1, 1)
    return Spell(
        company="acme",
        stage="seed",
        started_on=start,
        watched_from=start + timedelta(days=round(unwatched_years * 365.25)),
        ended_on=start + timedelta(days=round(years * 365.25)),
        outcome=outcome,
    )


def seed_rates(*spells: Spell) -> StageRates:
    (rates,) = transition_rates(spells, benchmark={"seed": EXAMPLE_BENCHMARK})
    return rates


def worked_example() -> StageRates:
    records = company_records(
        read_rounds(csv_of(LINES)).rounds, options=CalibrationOptions(as_of=AS_OF)
    )
    (seed, *_) = transition_rates(watched_spells(records), benchmark={"seed": EXAMPLE_BENCHMARK})
    return seed


def test_worked_example_counts_spells_and_events() -> None:
    rates = worked_example()

    assert (rates.stage, rates.spells, rates.event_count) == ("seed", 10, 7)
    assert rates.events == {Outcome.EXIT: 1, Outcome.GRADUATE: 4, Outcome.FAIL: 2}


def test_worked_example_in_the_long_run() -> None:
    # Published: graduate .565 (.19), fail .273 (.17), exit .162 (.15). In four decimals 122/216,
    # 59/216 and 35/216.
    rates = worked_example().eventual

    assert shares(rates) == pytest.approx((0.5648, 0.2731, 0.1620, 0.0), abs=PRINTED)
    assert rates is not None
    errors = [rate.standard_error for rate in (rates.graduate, rates.fail, rates.exit)]
    assert errors == pytest.approx([0.19, 0.17, 0.15], abs=0.005)


def test_worked_example_within_a_round_of_two_and_a_half_years() -> None:
    # Published: .403/.273/0, stay .324. Worked: 87/216, 59/216, 0, 35/108.
    rates = worked_example().per_round

    assert shares(rates) == pytest.approx((0.4028, 0.2731, 0.0, 0.3241), abs=PRINTED)
    assert rates is not None
    # c03 and c05 lasted 913 days, a fraction below 2.5 years; c04 and c06 lasted longer.
    assert (rates.horizon_years, rates.followed_to_the_end) == (2.5, 2)


def test_worked_example_shrunk_to_its_benchmark() -> None:
    # Published, from 7 events: .480/.367/.116/.037, e.g. (7 x 122/216 + 20 x .45) / 27.
    eventual = worked_example().eventual
    assert eventual is not None

    shrunk = shrunk_shares(
        estimated=eventual.shares, benchmark=EXAMPLE_BENCHMARK.per_round, events=7
    )

    assert (shrunk.graduate, shrunk.fail, shrunk.exit, shrunk.stay) == pytest.approx(
        (0.480, 0.367, 0.116, 0.037), abs=0.0005
    )


def test_rates_of_a_round_are_the_shrunk_ones() -> None:
    # (7 x 87/216 + 20 x .45) / 27 and so on: 7 x 87/216 = 2.81944, 7 x 59/216 = 1.91204,
    # 7 x 35/108 = 2.26852.
    shrunk = worked_example().shrunk
    assert shrunk is not None

    assert (shrunk.graduate, shrunk.fail, shrunk.exit, shrunk.stay) == pytest.approx(
        (11.81944 / 27, 9.91204 / 27, 2 / 27, 3.26852 / 27), abs=1e-6
    )


def test_round_of_another_length_has_other_rates() -> None:
    # At 2 years 13/54 have graduated and 1/9 have failed.
    (rates,) = transition_rates(
        [
            spell(years, outcome)
            for years, outcome in zip(
                [1.5, 2.0, 2.5, 3.0, 2.5, 3.5, 1.5, 1.5, 1.0, 2.0],
                [
                    CAUSES[code] if code >= 0 else Outcome.OPEN
                    for code in (1, 1, 2, 0, 1, 1, 2, -1, -1, -1)
                ],
                strict=True,
            )
        ],
        benchmark={
            "seed": StageBenchmark(
                per_round=EXAMPLE_BENCHMARK.per_round,
                years_per_round=2.1,
                exit_multiple_median=None,
                exit_multiple_p90=None,
            )
        },
    )

    assert shares(rates.per_round) == pytest.approx((13 / 54, 1 / 9, 0.0, 35 / 54), abs=ROUNDING)


def test_intervals_go_with_rates_inside_0_and_1_only() -> None:
    rates = worked_example().per_round
    assert rates is not None

    assert rates.exit.interval is None
    for rate in (rates.graduate, rates.fail, rates.stay):
        assert rate.interval is not None
        assert 0 < rate.interval[0] < rate.rate < rate.interval[1] < 1


def test_mean_time_says_to_what_it_is_restricted() -> None:
    mean = seed_rates(spell(1.0, Outcome.EXIT), spell(4.0, Outcome.OPEN)).mean_spell
    assert mean is not None

    # 1 year for all and 3 more for half of them, up to a day of rounding.
    assert mean.years == pytest.approx(2.5, abs=1 / 365)
    assert mean.restricted_to_years == pytest.approx(4.0, abs=1 / 365)


# What the data cannot tell.


def test_follow_up_shorter_than_a_round_tells_nothing_of_it() -> None:
    rates = seed_rates(spell(1.0, Outcome.GRADUATE), spell(2.0, Outcome.OPEN))

    assert rates.per_round is None
    assert rates.unknown_because == (
        "companies were followed for 2.00 years at most, a round lasts 2.5"
    )
    assert rates.shrunk == EXAMPLE_BENCHMARK.per_round
    assert shares(rates.eventual) == pytest.approx((0.5, 0.0, 0.0, 0.5), abs=ROUNDING)


def test_follow_up_shorter_than_a_round_is_enough_when_nobody_is_left() -> None:
    rates = seed_rates(spell(1.0, Outcome.GRADUATE), spell(2.0, Outcome.FAIL))

    assert shares(rates.per_round) == (0.5, 0.5, 0.0, 0.0)
    assert rates.unknown_because is None


def test_stage_without_spells_is_the_benchmark() -> None:
    rates = seed_rates()

    assert (rates.spells, rates.per_round, rates.eventual, rates.mean_spell) == (
        0,
        None,
        None,
        None,
    )
    assert rates.unknown_because == "no company was seen at this stage"
    assert rates.shrunk == EXAMPLE_BENCHMARK.per_round


def test_time_in_which_nobody_was_watched_makes_rates_unknown() -> None:
    rates = seed_rates(
        spell(3.0, Outcome.FAIL, unwatched_years=1.0), spell(4.0, Outcome.OPEN, unwatched_years=2.0)
    )

    assert (rates.per_round, rates.eventual) == (None, None)
    assert rates.unknown_because == "no company was watched from 0.00 to 1.00 years after its entry"
    assert rates.shrunk == EXAMPLE_BENCHMARK.per_round


def test_stage_without_benchmark_has_long_run_rates_only() -> None:
    (rates,) = transition_rates([spell(1.0, Outcome.GRADUATE)], benchmark={})

    assert (rates.per_round, rates.shrunk, rates.benchmark) == (None, None, None)
    assert shares(rates.eventual) == (1.0, 0.0, 0.0, 0.0)
    assert rates.unknown_because is not None
    assert "the benchmark has no such stage" in rates.unknown_because


def test_stages_come_in_their_order() -> None:
    benchmark = benchmark_from(benchmark_calibration())
    rates = transition_rates([spell(1.0, Outcome.FAIL)], benchmark=benchmark.stages)

    assert [stage.stage for stage in rates] == [
        "seed", "series_a", "series_b", "series_c", "late",
    ]  # fmt: skip
    assert [stage.spells for stage in rates] == [1, 0, 0, 0, 0]


# Shrinkage.


def test_prior_weighs_twenty_events() -> None:
    assert PRIOR_EVENTS == 20


@pytest.mark.parametrize(
    ("events", "exit_"),
    # The benchmark's .1; half of each: (1 + .1) / 2; five sixths: (5 + .1) / 6.
    [(0, 0.1), (20, 0.55), (100, 5.1 / 6)],
)
def test_weight_of_the_own_rate_grows_with_its_events(events: int, exit_: float) -> None:
    own = TransitionShares(exit=1.0, graduate=0.0, fail=0.0, stay=0.0)

    shrunk = shrunk_shares(estimated=own, benchmark=EXAMPLE_BENCHMARK.per_round, events=events)

    assert shrunk.exit == pytest.approx(exit_, abs=ROUNDING)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(min_value=0.0, max_value=6.0), st.sampled_from([*CAUSES, Outcome.OPEN])
        ),
        max_size=30,
    )
)
def test_shrunk_rates_are_probabilities_between_the_two(
    drawn: list[tuple[float, Outcome]],
) -> None:
    rates = seed_rates(*(spell(years, outcome) for years, outcome in drawn))
    shrunk, benchmark = rates.shrunk, EXAMPLE_BENCHMARK.per_round
    assert shrunk is not None

    assert shrunk.exit + shrunk.graduate + shrunk.fail + shrunk.stay == pytest.approx(
        1.0, abs=ROUNDING
    )
    own = benchmark if rates.per_round is None else rates.per_round.shares
    for name in ("exit", "graduate", "fail", "stay"):
        low, high = sorted((getattr(own, name), getattr(benchmark, name)))
        assert low - ROUNDING <= getattr(shrunk, name) <= high + ROUNDING
