"""Enumerated company paths by hand, by brute force and by matrix powers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.deals.outcome_paths import (
    OutcomePaths,
    RoundRates,
    chain_from,
    company_paths,
    outcome_paths,
    round_rates,
)
from tests.scenarios.simulation.plain_law import histories
from tests.scenarios.simulation.sample_config import bucket_data, config_data, sample_config

EARLY = RoundRates(exit=0.1, graduate=0.5, fail=0.2, years=2.0)
LATE = RoundRates(exit=0.6, graduate=0.0, fail=0.3, years=1.0)


def test_two_stages_and_two_rounds_worked_by_hand() -> None:
    # Round 1, at the early stage (2 years): exit .1, fail .2, graduate .5, stay .2.
    # Round 2: of the .2 that stayed (now 4 years): exit .02, fail .04, graduate .1, stay .04;
    #          of the .5 graduates (now 3 years):   exit .30, fail .15, stay .05.
    # Alive after round 2: early .04 at 4 years, split 1:2 -> exit .01333, fail .02667;
    #                      late .10 at 4 years and .05 at 3 years, split 2:1 -> exit .1, fail .05.
    # No graduation: exit .1 + .02 + .01333 = .13333; years (.1*2 + .02*4 + .01333*4)/.13333 = 2.5
    #                fail .2 + .04 + .02667 = .26667; years (.2*2 + .04*4 + .02667*4)/.26667 = 2.5
    # One graduation: exit .3 + .1 = .4; years (.3*3 + (.1*4 + .05*3)*2/3)/.4 = 3.16667
    #                 fail .15 + .05 = .2; years (.15*3 + (.1*4 + .05*3)/3)/.2 = 3.16667
    # Rounds: without graduation (.1*1 + .03333*2)/.13333 = 1.25 for exits, and
    #         (.2*1 + .06667*2)/.26667 = 1.25 for failures; with one always 2.
    paths = outcome_paths(rounds=[EARLY, LATE], max_rounds=2)
    found = [
        (path.probability, path.graduations, path.mean_years, path.mean_rounds)
        for path in paths.exits + paths.failures
    ]
    expected = [
        (0.4 / 3, 0, 2.5, 1.25),
        (0.4, 1, 19 / 6, 2),
        (0.8 / 3, 0, 2.5, 1.25),
        (0.2, 1, 19 / 6, 2),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)


def test_one_stage_that_never_stays_ends_in_the_first_round() -> None:
    only = RoundRates(exit=0.3, graduate=0.0, fail=0.7, years=1.5)
    paths = outcome_paths(rounds=[only], max_rounds=8)
    (exit_,), (failure,) = paths.exits, paths.failures
    assert (exit_.probability, exit_.mean_years) == pytest.approx((0.3, 1.5))
    assert (failure.probability, failure.mean_years) == pytest.approx((0.7, 1.5))


@pytest.mark.parametrize("stage", ["seed", "series_a", "series_b", "series_c"])
@pytest.mark.parametrize("risk_multiplier", [0.5, 1.0, 1.4])
def test_paths_agree_with_every_single_history(stage: str, risk_multiplier: float) -> None:
    config, data = sample_config(), config_data()
    paths = company_paths(
        entry_stage=stage, stages=config.stages, risk_multiplier=risk_multiplier, max_rounds=8
    )
    all_histories = list(histories(data, bucket_data(stage, risk_multiplier=risk_multiplier)))
    for exited, merged in ((True, paths.exits), (False, paths.failures)):
        for path in merged:
            same = [
                h for h in all_histories if (h.exited, h.graduations) == (exited, path.graduations)
            ]
            probability = sum(h.probability for h in same)
            years = sum(h.probability * h.years for h in same) / probability
            rounds = sum(h.probability * h.rounds for h in same) / probability
            # Some hundred additions of numbers below 1.
            assert path.probability == pytest.approx(probability, rel=0, abs=1e-14)
            assert path.mean_years == pytest.approx(years, rel=1e-12)
            assert path.mean_rounds == pytest.approx(rounds, rel=1e-12)


def absorbed_by_matrix_power(rounds: list[RoundRates], max_rounds: int) -> tuple[float, float]:
    """Exit and failure probability from the power of the transition matrix."""
    alive = len(rounds)
    matrix = np.eye(alive + 2)
    for index, rates in enumerate(rounds):
        matrix[index] = 0.0
        matrix[index, index] = 1 - rates.exit - rates.graduate - rates.fail
        matrix[index, alive], matrix[index, alive + 1] = rates.exit, rates.fail
        if index + 1 < alive:
            matrix[index, index + 1] = rates.graduate
    state = np.linalg.matrix_power(matrix, max_rounds)[0]
    exit_ = state[alive] + sum(state[i] * r.exit / (r.exit + r.fail) for i, r in enumerate(rounds))
    return float(exit_), float(1 - exit_)


@st.composite
def chains(draw: st.DrawFn) -> list[RoundRates]:
    length = draw(st.integers(1, 5))
    rounds = []
    for index in range(length):
        parts = [draw(st.floats(0.01, 1)) for _ in range(4)]
        total = sum(parts)
        is_last = index == length - 1
        rounds.append(
            RoundRates(
                exit=parts[0] / total,
                graduate=0.0 if is_last else parts[1] / total,
                fail=parts[2] / total,
                years=draw(st.floats(0.1, 5)),
            )
        )
    return rounds


@settings(max_examples=60, deadline=None)
@given(rounds=chains(), max_rounds=st.integers(1, 12))
def test_paths_agree_with_powers_of_the_transition_matrix(
    rounds: list[RoundRates], max_rounds: int
) -> None:
    paths = outcome_paths(rounds=rounds, max_rounds=max_rounds)
    exit_, failure = absorbed_by_matrix_power(rounds, max_rounds)
    assert paths.exit_probability == pytest.approx(exit_, abs=1e-13)
    assert paths.failure_probability == pytest.approx(failure, abs=1e-13)


@settings(max_examples=60, deadline=None)
@given(rounds=chains(), max_rounds=st.integers(1, 12))
def test_every_company_ends_and_within_the_longest_possible_time(
    rounds: list[RoundRates], max_rounds: int
) -> None:
    paths = outcome_paths(rounds=rounds, max_rounds=max_rounds)
    longest = max_rounds * max(rates.years for rates in rounds)
    assert paths.exit_probability + paths.failure_probability == pytest.approx(1, abs=1e-13)
    for path in paths.exits + paths.failures:
        assert 0 <= path.graduations < len(rounds)
        assert 0 < path.mean_years <= longest * (1 + 1e-12)


def test_published_exit_probabilities_by_entry_stage() -> None:
    # The default transition rates imply these shares of companies that ever exit.
    published = {"seed": 0.342, "series_a": 0.488, "series_b": 0.583, "series_c": 0.664}
    stages = sample_config().stages
    for stage, share in published.items():
        paths = company_paths(entry_stage=stage, stages=stages, risk_multiplier=1.0, max_rounds=8)
        assert paths.exit_probability == pytest.approx(share, abs=0.0005)


def test_paths_that_cannot_happen_are_left_out() -> None:
    dead_end = RoundRates(exit=0.4, graduate=0.0, fail=0.6, years=1.0)
    paths: OutcomePaths = outcome_paths(rounds=[dead_end, LATE], max_rounds=3)
    assert [path.graduations for path in paths.exits] == [0]


def test_risk_multiplier_scales_failure_and_shrinks_the_rest_alike() -> None:
    # Fail .24 * 1.5 = .36; the other .76 becomes .64, so exit .41 * .64 / .76 = .345263.
    stage = sample_config().stages["series_c"]
    rates = round_rates(stage=stage, risk_multiplier=1.5)
    assert rates.fail == pytest.approx(0.36)
    assert rates.exit == pytest.approx(0.41 * 0.64 / 0.76)
    assert rates.graduate == pytest.approx(0.25 * 0.64 / 0.76)
    assert rates.stay == pytest.approx(0.10 * 0.64 / 0.76)


def test_chain_follows_the_order_of_stages_and_skips_absent_ones() -> None:
    stages = sample_config().stages
    without_b = {name: stages[name] for name in ("late", "series_c", "seed", "series_a")}
    assert chain_from(entry_stage="series_a", stages=without_b) == ("series_a", "series_c", "late")
