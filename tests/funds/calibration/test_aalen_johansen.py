"""The estimator against hand-worked tables, exact fractions, raw frequencies and its own laws."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funds.calibration.aalen_johansen import (
    OPEN,
    CumulativeIncidence,
    cumulative_incidence,
    first_unwatched_gap,
)
from tests.funds.calibration.durations import (
    CAUSES,
    estimated,
    late_observations,
    moments,
    observations,
    watched_without_gap,
)
from tests.funds.calibration.oracles import Observation, hazards, incidence_of, survival_of
from tests.funds.calibration.worked_example import SEED_CAUSES, SEED_YEARS

PRINTED = 1e-4  # The published table has four decimals.
ROUNDING = 1e-12  # A few dozen operations on numbers up to 1.
FOREVER = 1e9


def worked_example() -> CumulativeIncidence:
    return cumulative_incidence(
        durations_years=np.array(SEED_YEARS), causes=np.array(SEED_CAUSES), cause_count=CAUSES
    )


@pytest.mark.parametrize(
    ("years", "at_risk", "survival", "exit_", "graduate", "fail"),
    [
        # The fractions are worked in worked_example.py.
        (1.5, 9, 7 / 9, 0, 1 / 9, 1 / 9),
        (2.0, 6, 35 / 54, 0, 13 / 54, 1 / 9),
        (2.5, 4, 35 / 108, 0, 87 / 216, 59 / 216),
        (3.0, 2, 35 / 216, 35 / 216, 87 / 216, 59 / 216),
        (3.5, 1, 0, 35 / 216, 122 / 216, 59 / 216),
    ],
)
def test_worked_example_comes_out(
    years: float, at_risk: int, survival: float, exit_: float, graduate: float, fail: float
) -> None:
    found = worked_example()

    assert found.at_risk[found.times_years.tolist().index(years)] == at_risk
    assert found.survival_at(years) == pytest.approx(survival, abs=ROUNDING)
    np.testing.assert_allclose(
        found.incidence_at(years), [exit_, graduate, fail], rtol=0, atol=ROUNDING
    )


def test_worked_example_has_the_published_figures() -> None:
    found = worked_example()

    np.testing.assert_allclose(
        found.survival, [0.7778, 0.6481, 0.3241, 0.1620, 0], rtol=0, atol=PRINTED
    )
    graduate, fail, exit_ = (found.incidence[:, cause] for cause in (1, 2, 0))
    np.testing.assert_allclose(
        graduate, [0.1111, 0.2407, 0.4028, 0.4028, 0.5648], rtol=0, atol=PRINTED
    )
    np.testing.assert_allclose(fail, [0.1111, 0.1111, 0.2731, 0.2731, 0.2731], rtol=0, atol=PRINTED)
    np.testing.assert_allclose(exit_, [0, 0, 0, 0.1620, 0.1620], rtol=0, atol=PRINTED)


def test_worked_example_has_the_published_standard_errors() -> None:
    # Published with two decimals: exit .15, graduate .19, fail .17.
    np.testing.assert_allclose(
        worked_example().incidence_errors_at(FOREVER), [0.15, 0.19, 0.17], rtol=0, atol=0.005
    )


def test_nothing_has_happened_before_the_first_event() -> None:
    found = worked_example()

    assert found.survival_at(1.49) == 1.0
    assert found.incidence_at(1.49).tolist() == [0, 0, 0]
    assert found.incidence_errors_at(1.49).tolist() == [0, 0, 0]
    assert found.survival_error_at(1.49) == 0.0


def test_mean_time_is_the_area_under_survival() -> None:
    # 1.5 + .5 x 7/9 + .5 x 35/54 + .5 x 35/108 + .5 x 35/216 = 1.5 + .5 x 413/216.
    assert worked_example().restricted_mean_years() == pytest.approx(
        1.5 + 0.5 * 413 / 216, abs=ROUNDING
    )


def test_mean_time_counts_open_spells_until_the_longest() -> None:
    # One of two ends after 1 year, the other is open after 4: 1 x 1 + 3 x 1/2.
    found = cumulative_incidence(
        durations_years=np.array([1.0, 4.0]), causes=np.array([0, OPEN]), cause_count=1
    )

    assert found.restricted_mean_years() == 2.5


def test_event_comes_before_censoring_at_the_same_time() -> None:
    # The censored one is at risk when the other has the event: 1/2, not 1/1.
    found = cumulative_incidence(
        durations_years=np.array([1.0, 1.0]), causes=np.array([0, OPEN]), cause_count=1
    )

    assert found.incidence_at(1.0).tolist() == [0.5]


def test_without_events_everything_stays() -> None:
    found = cumulative_incidence(
        durations_years=np.array([1.0, 2.0]), causes=np.array([OPEN, OPEN]), cause_count=2
    )

    assert found.survival_at(FOREVER) == 1.0
    assert found.incidence_at(FOREVER).tolist() == [0, 0]
    assert found.restricted_mean_years() == 2.0


@settings(max_examples=60, deadline=None)
@given(watched_without_gap, moments)
def test_estimates_equal_an_exact_recursion(found: list[Observation], until: Fraction) -> None:
    steps = [shares for _, shares in hazards(found, until, CAUSES)]
    exact = [float(incidence_of(steps, cause)) for cause in range(CAUSES)]

    np.testing.assert_allclose(
        estimated(found).incidence_at(float(until)), exact, rtol=0, atol=ROUNDING
    )
    assert estimated(found).survival_at(float(until)) == pytest.approx(
        float(survival_of(steps)), abs=ROUNDING
    )


@settings(max_examples=60, deadline=None)
@given(observations)
def test_without_censoring_estimates_are_raw_frequencies(found: list[Observation]) -> None:
    ended = [(end, abs(cause), start) for end, cause, start in found]

    for years in (0.0, 1.0, 2.5, FOREVER):
        frequencies = [
            sum(end <= years and cause == k for end, cause, _ in ended) / len(ended)
            for k in range(CAUSES)
        ]
        np.testing.assert_allclose(
            estimated(ended).incidence_at(years), frequencies, rtol=0, atol=ROUNDING
        )


@settings(max_examples=60, deadline=None)
@given(watched_without_gap)
def test_incidences_and_survival_sum_to_one(found: list[Observation]) -> None:
    result = estimated(found)

    np.testing.assert_allclose(
        result.incidence.sum(axis=1) + result.survival, 1.0, rtol=0, atol=ROUNDING
    )


def test_sum_stays_one_over_thousands_of_event_times() -> None:
    # More distinct days than a century of venture capital has.
    generator = np.random.default_rng(20260101)
    result = cumulative_incidence(
        durations_years=generator.exponential(3.0, 20_000),
        causes=generator.integers(OPEN, CAUSES, 20_000),
        cause_count=CAUSES,
    )

    assert len(result.times_years) > 10_000
    np.testing.assert_allclose(
        result.incidence.sum(axis=1) + result.survival, 1.0, rtol=0, atol=ROUNDING
    )


@settings(max_examples=60, deadline=None)
@given(observations)
def test_incidences_only_grow_and_survival_only_falls(found: list[Observation]) -> None:
    result = estimated(found)

    assert (np.diff(result.incidence, axis=0) >= 0).all()
    assert (np.diff(result.survival) <= 0).all()
    assert (result.survival >= 0).all()


@settings(max_examples=60, deadline=None)
@given(observations, st.randoms(use_true_random=False))
def test_order_of_spells_does_not_matter(found: list[Observation], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = estimated(found), estimated(shuffled)

    assert one.incidence.tolist() == other.incidence.tolist()
    assert one.survival.tolist() == other.survival.tolist()
    assert one.incidence_errors_at(FOREVER).tolist() == other.incidence_errors_at(FOREVER).tolist()


@settings(max_examples=60, deadline=None)
@given(observations, st.integers(min_value=1, max_value=10))
def test_spells_censored_at_entry_change_nothing(found: list[Observation], more: int) -> None:
    assume(all(end > 0 or cause == OPEN for end, cause, _ in found))
    extended = estimated([*found, *[(Fraction(0), OPEN, Fraction(0))] * more])

    assert extended.incidence.tolist() == estimated(found).incidence.tolist()
    assert extended.survival.tolist() == estimated(found).survival.tolist()


@settings(max_examples=60, deadline=None)
@given(observations, st.sampled_from([Fraction(1, 4), Fraction(2), Fraction(64)]))
def test_unit_of_time_does_not_matter(found: list[Observation], scale: Fraction) -> None:
    # Powers of two scale floats exactly.
    scaled = estimated([(end * scale, cause, start) for end, cause, start in found])

    assert scaled.times_years.tolist() == [
        years * float(scale) for years in estimated(found).times_years.tolist()
    ]
    assert scaled.incidence.tolist() == estimated(found).incidence.tolist()
    assert scaled.restricted_mean_years() == pytest.approx(
        estimated(found).restricted_mean_years() * float(scale), rel=ROUNDING
    )


@settings(max_examples=60, deadline=None)
@given(observations, st.permutations(range(CAUSES)))
def test_names_of_causes_do_not_matter(found: list[Observation], names: list[int]) -> None:
    renamed = estimated(
        [(end, cause if cause == OPEN else names[cause], start) for end, cause, start in found]
    )

    assert renamed.incidence[:, names].tolist() == estimated(found).incidence.tolist()


# What began before it was watched.


@settings(max_examples=60, deadline=None)
@given(late_observations)
def test_gap_is_where_nobody_is_watched(found: list[Observation]) -> None:
    """Brute force on a grid finer than the times: quarters and what lies between them."""
    longest = max(end for end, _, _ in found)
    grid = [Fraction(eighth, 8) for eighth in range(1, int(longest * 8))]
    unwatched = [
        moment for moment in grid if not any(start < moment <= end for end, _, start in found)
    ]
    gap = gap_of(found)

    if gap is None:
        assert unwatched == []
    elif gap[0] < gap[1]:
        assert gap[0] < unwatched[0] < gap[1]
    else:
        # A change of guard at one moment, which comes first.
        assert all(moment > gap[0] for moment in unwatched)


def gap_of(found: list[Observation]) -> tuple[float, float] | None:
    return first_unwatched_gap(
        durations_years=np.array([float(end) for end, _, _ in found]),
        unwatched_years=np.array([float(start) for _, _, start in found]),
    )


def test_watch_may_not_pass_on_at_the_moment_of_the_last_event() -> None:
    # At 1 year everybody at risk has the event, so nothing would be left for who comes after.
    changing = [(Fraction(1), 0, Fraction(0)), (Fraction(3), 0, Fraction(1))]
    overlapping = [(Fraction(1), 0, Fraction(0)), (Fraction(3), 0, Fraction(3, 4))]

    assert gap_of(changing) == (1.0, 1.0)
    assert gap_of(overlapping) is None


def test_only_the_watched_are_at_risk() -> None:
    # At 1 only the first two are watched: 1/2. At 3 the last two are at risk, the third of them
    # since 1.5: F = 1/2 + 1/2 x 1/2.
    found = cumulative_incidence(
        durations_years=np.array([1.0, 3.0, 4.0]),
        causes=np.array([0, 0, OPEN]),
        cause_count=1,
        unwatched_years=np.array([0.0, 0.0, 1.5]),
    )

    assert found.at_risk.tolist() == [2, 2]
    assert found.incidence_at(FOREVER).tolist() == [0.75]


# What is refused.


@pytest.mark.parametrize(
    ("durations", "causes", "unwatched", "message"),
    [
        ([], [], [], "at least one"),
        ([1.0], [0, 0], [0.0], "equally many"),
        ([1.0], [0], [0.0, 0.0], "equally many"),
        ([-1.0], [0], [0.0], "at least 0"),
        ([float("nan")], [0], [0.0], "finite"),
        ([float("inf")], [0], [0.0], "finite"),
        ([1.0], [2], [0.0], "from 0 to 1"),
        ([1.0], [-2], [0.0], "from 0 to 1"),
        ([1.0], [0], [1.0], "before the duration ends"),
        ([1.0], [0], [-0.5], "before the duration ends"),
        ([1.0], [0], [float("nan")], "before the duration ends"),
        ([1.0, 3.0], [0, 0], [0.0, 2.0], "nobody was watched from 1 to 2 years"),
        ([3.0], [0], [2.0], "nobody was watched from 0 to 2 years"),
    ],
)
def test_impossible_input_is_refused(
    durations: list[float], causes: list[int], unwatched: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        cumulative_incidence(
            durations_years=np.array(durations),
            causes=np.array(causes, dtype=np.int64),
            cause_count=2,
            unwatched_years=np.array(unwatched),
        )
