from typing import Any

import pytest

from optimization.ranges.tracks import CVAR, LOSS, WINNERS, reaches

# 310 of 1,000 lose at least in what is known, 250 in anything.
RANGES: dict[str, Any] = {
    "scenarios": 1000,
    "loss_probability": {"found": 0.31, "certified": 0.25},
    "cvar": {"confidence": 0.95, "least": 0.52814},
    "expected_winners": {"most": 1.128},
}


def test_words_say_what_is_known_and_what_is_proved() -> None:
    words = {path: reach.words for path, reach in reaches(RANGES, {}).items()}

    assert words == {
        LOSS: "Lowest known 31.0%, none below 25.0% of 1,000 simulated scenarios",
        CVAR: "Lowest reachable CVaR 95 52.9% in 1,000 simulated scenarios",
        WINNERS: "Highest reachable 1.12",
    }


def test_fewest_losses_that_are_proved_are_called_reachable() -> None:
    proved = {**RANGES, "loss_probability": {"found": 0.31, "certified": 0.31}}

    reach = reaches(proved, {})[LOSS]

    assert reach.words == "Lowest reachable 31.0% of 1,000 simulated scenarios"
    assert reach.track.open is None


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [(None, ""), (0.31, ""), (0.3099, "open"), (0.25, "open"), (0.2499, "out"), (0, "out")],
)
def test_loss_limit_is_out_of_reach_only_below_what_is_proved(
    limit: float | None, verdict: str
) -> None:
    reach = reaches(RANGES, {LOSS: limit})[LOSS]

    assert reach.verdict == verdict


def test_loss_limit_out_of_reach_says_that_no_allocation_can() -> None:
    reach = reaches(RANGES, {LOSS: 0.1})[LOSS]

    assert reach.verdict_words == (
        "No allocation can: every one loses in at least 250 of 1,000 simulated scenarios."
    )


def test_loss_limit_between_the_ends_promises_and_denies_nothing() -> None:
    reach = reaches(RANGES, {LOSS: 0.28})[LOSS]

    assert reach.verdict_words == (
        "No allocation is known that can, and none is ruled out: the best known loses in 310 of"
        " 1,000 simulated scenarios."
    )


def test_loss_limit_counts_whole_scenarios_as_the_solver_does() -> None:
    # .35 * 400 is 139.99999999999997 in binary floating point and allows 140.
    ranges = {**RANGES, "scenarios": 400, "loss_probability": {"found": 0.35, "certified": 0.35}}

    assert reaches(ranges, {LOSS: 0.35})[LOSS].verdict == ""


@pytest.mark.parametrize(("limit", "verdict"), [(0.53, ""), (0.52814, ""), (0.528, "out")])
def test_cvar_limit_is_out_of_reach_below_the_least(limit: float, verdict: str) -> None:
    assert reaches(RANGES, {CVAR: limit})[CVAR].verdict == verdict


def test_figures_shown_can_be_asked_for() -> None:
    # The least CVaR of .52814 is shown as 52.9%, the most winners of 1.128 as 1.12.
    shown = reaches(RANGES, {CVAR: 0.529, WINNERS: 1.12, LOSS: 0.31})

    assert {reach.verdict for reach in shown.values()} == {""}


def test_winners_beyond_the_most_are_out_of_reach() -> None:
    reach = reaches(RANGES, {WINNERS: 2})[WINNERS]

    assert reach.verdict == "out"
    assert reach.verdict_words == "No allocation can: none has more than 1.13 expected winners."


def test_tracks_run_from_what_is_reached_to_the_end() -> None:
    shown = reaches(RANGES, {LOSS: 0.4, CVAR: 0.6, WINNERS: 0.705})

    assert shown[LOSS].track.reached == (0.31, 1.0)
    assert shown[LOSS].track.open == (0.25, 0.31)
    assert shown[LOSS].track.mark == 0.4
    assert shown[CVAR].track.reached == (0.52814, 1.0)
    # The track ends a quarter beyond the most: 1.41. Half of that is the mark.
    assert shown[WINNERS].track.reached == pytest.approx((0.0, 0.8))
    assert shown[WINNERS].track.mark == pytest.approx(0.5)


def test_winners_asked_for_far_beyond_the_most_stay_on_the_track() -> None:
    assert reaches(RANGES, {WINNERS: 100})[WINNERS].track.mark == 1.0


@pytest.mark.parametrize("most", [0.0, 1e-9])
def test_a_fund_with_hardly_any_winners_has_a_track(most: float) -> None:
    ranges = {**RANGES, "expected_winners": {"most": most}}

    assert reaches(ranges, {WINNERS: 1.0})[WINNERS].verdict == "out"
    assert reaches(ranges, {})[WINNERS].verdict == ""


@pytest.mark.parametrize("value", ["a few", True, float("nan"), None])
def test_what_is_no_number_is_not_judged(value: object) -> None:
    shown = reaches(RANGES, {LOSS: value, CVAR: value, WINNERS: value})

    assert {(reach.verdict, reach.track.mark) for reach in shown.values()} == {("", None)}
