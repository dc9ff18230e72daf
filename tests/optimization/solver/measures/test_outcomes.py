import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from optimization.solver.measures.outcomes import Gathering, Outcomes, RangesDoNotFit, outcomes

WEIGHTS = np.array([0.2, 0.5, 0.3])
MULTIPLES: NDArray[np.float32] = (
    np.random.default_rng(7).lognormal(0.3, 0.8, size=(3, 100)).astype(np.float32)
)


def of(first: int, last: int) -> Outcomes:
    return outcomes(weights=WEIGHTS, multiples=MULTIPLES[:, first:last], first_scenario=first)


def gathering(scenarios: int = 100, buckets: int = 3, first_scenario: int = 0) -> Gathering:
    return Gathering(first_scenario=first_scenario, scenarios=scenarios, buckets=buckets)


def test_outcomes_of_two_scenarios_by_hand() -> None:
    # .25 * .5 + .75 * 3 = 2.375 and .25 * 2 + .75 * .8 = 1.1; each bucket loses once alone.
    found = outcomes(
        weights=np.array([0.25, 0.75]),
        multiples=np.array([[0.5, 2.0], [3.0, 0.8]]),
        first_scenario=40,
    )
    assert found.portfolio_multiples == pytest.approx([2.375, 1.1])
    assert found.losing_alone.tolist() == [1, 1]
    assert (found.first_scenario, found.scenarios) == (40, 2)


def test_bucket_that_returns_its_cost_does_not_lose() -> None:
    found = outcomes(
        weights=np.array([1.0]), multiples=np.array([[1.0, 1 - 1e-9]]), first_scenario=0
    )
    assert found.losing_alone.tolist() == [0]


@given(st.lists(st.integers(1, 99), unique=True, max_size=8).map(sorted))
def test_ranges_put_together_are_to_the_byte_one_range(cuts: list[int]) -> None:
    together = gathering()
    for first, last in zip([0, *cuts], [*cuts, 100], strict=True):
        together.add(of(first, last))
    whole, found = of(0, 100), together.complete()
    assert found.portfolio_multiples.tobytes() == whole.portfolio_multiples.tobytes()
    assert found.losing_alone.tobytes() == whole.losing_alone.tobytes()
    assert found.first_scenario == 0


def test_ranges_may_begin_anywhere() -> None:
    together = gathering(scenarios=50, first_scenario=30)
    together.add(of(30, 60))
    together.add(of(60, 80))
    assert (
        together.complete().portfolio_multiples.tolist() == of(30, 80).portfolio_multiples.tolist()
    )


def test_what_was_gathered_does_not_change_with_its_source() -> None:
    part = outcomes(weights=WEIGHTS, multiples=MULTIPLES, first_scenario=0)
    together = gathering()
    together.add(part)
    before = together.complete().portfolio_multiples[0]
    part.portfolio_multiples[0] = -1.0
    assert together.complete().portfolio_multiples[0] == before


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (10, 20, "got scenarios from 10, expected 20"),
        (30, 40, "got scenarios from 30, expected 20"),
        (20, 100, "got 100 scenarios, expected 60"),
    ],
)
def test_range_that_does_not_follow_is_refused(first: int, last: int, words: str) -> None:
    together = gathering(scenarios=60)
    together.add(of(0, 20))
    with pytest.raises(RangesDoNotFit, match=words):
        together.add(of(first, last))


def test_range_of_other_buckets_is_refused() -> None:
    with pytest.raises(RangesDoNotFit, match="got 3 buckets, expected 2"):
        gathering(buckets=2).add(of(0, 100))


def test_missing_scenarios_are_noticed_at_the_end() -> None:
    together = gathering()
    together.add(of(0, 99))
    with pytest.raises(RangesDoNotFit, match="got 99 scenarios, expected 100"):
        together.complete()
