"""After which searches there is another one, and with which deals."""

import json

import pytest

from optimization.rounds.rounds import MOST_REPEATS, Ending, Rounds, Search

REFERENCE = {"seed/saas": 5.0, "seed/bio": 4.0}


def search(
    *mismatched: str, reference_deals: dict[str, float] = REFERENCE, found: bool = True
) -> Search:
    return Search(
        matrix_key="0" * 64,
        was_cached=False,
        reference_deals=reference_deals,
        status="optimal" if found else "infeasible",
        expected_multiple=1.9 if found else None,
        loss_probability=0.25 if found else None,
        mismatched=mismatched if found else None,
    )


def rounds(*searches: Search) -> Rounds:
    return Rounds(searches=searches)


def test_search_without_a_mismatch_is_the_last() -> None:
    assert rounds(search()).next_deals(deals={"seed/saas": 6.0, "seed/bio": 4.0}) is Ending.SETTLED


def test_next_search_has_the_deals_bought_where_they_do_not_fit() -> None:
    following = rounds(search("seed/saas")).next_deals(deals={"seed/saas": 2.1, "seed/bio": 6.0})
    assert following == {"seed/saas": 2.1, "seed/bio": 4.0}


def test_later_search_starts_from_the_deals_of_the_one_before() -> None:
    second = search("seed/bio", reference_deals={"seed/saas": 2.1, "seed/bio": 4.0})
    following = rounds(search("seed/saas"), second).next_deals(
        deals={"seed/saas": 2.5, "seed/bio": 9.0}
    )
    assert following == {"seed/saas": 2.1, "seed/bio": 9.0}


def test_bucket_that_is_as_near_as_can_be_is_not_searched_again() -> None:
    # A third of a deal is simulated as one deal, and was.
    only = search("seed/bio", reference_deals={"seed/saas": 5.0, "seed/bio": 1.0})
    ending = rounds(only).next_deals(deals={"seed/saas": 5.0, "seed/bio": 1 / 3})
    assert ending is Ending.NEAREST


def test_numbers_that_were_tried_end_the_search() -> None:
    # 5 deals lead to 12, which lead to 5.
    second = search("seed/saas", reference_deals={"seed/saas": 12.0, "seed/bio": 4.0})
    ending = rounds(search("seed/saas"), second).next_deals(
        deals={"seed/saas": 5.0, "seed/bio": 4.0}
    )
    assert ending is Ending.TRIED_BEFORE


def test_fourth_search_is_the_last() -> None:
    # Each buys three times the deals that it was simulated with.
    numbers = [5.0 * 3**count for count in range(1 + MOST_REPEATS)]
    assert numbers == [5.0, 15.0, 45.0, 135.0]
    done = rounds()
    for number in numbers:
        done = done.after(
            search("seed/saas", reference_deals={"seed/saas": number, "seed/bio": 4.0})
        )
        following = done.next_deals(deals={"seed/saas": 3 * number, "seed/bio": 4.0})
        if number < 135.0:
            assert following == {"seed/saas": 3 * number, "seed/bio": 4.0}
    assert following is Ending.MOST_REPEATS


def test_fourth_search_that_fits_is_settled() -> None:
    done = rounds(*[search("seed/saas")] * 3, search())
    assert done.next_deals(deals=REFERENCE) is Ending.SETTLED


@pytest.mark.parametrize(
    "stored",
    [
        rounds(search("seed/saas"), search()).ended(Ending.SETTLED),
        rounds(search("seed/saas")),
        rounds(search("seed/saas"), search(found=False)).ended(
            Ending.NO_ALLOCATION, reason="None is left."
        ),
    ],
)
def test_rounds_are_read_as_they_were_stored(stored: Rounds) -> None:
    assert Rounds.from_json(json.loads(json.dumps(stored.as_json()))) == stored


def test_session_that_was_not_searched_yet_has_no_searches() -> None:
    assert Rounds.from_json(None) == Rounds()
